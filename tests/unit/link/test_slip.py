"""The slip: what is printed is what is read, and one wrong character is found before it is sent."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.trouble import Trouble
from edge_agent.link.enrol.slip import (
    ALPHABET,
    Slip,
    center_of,
    checked_slip,
    host_and_port,
    read_slip,
)

DIGEST = "0123456789abcdef" * 4
SLIP = checked_slip("center.example:8443", "khu-a", "7K3M9QXA7K3M9QXA", DIGEST)

slips = st.builds(
    Slip,
    st.sampled_from(["10.0.0.1:8443", "center.example:443", "[2001:db8::1]:8443"]),
    st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True),
    st.text(ALPHABET, min_size=16, max_size=16),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)


@given(slips)
def test_what_is_printed_is_what_is_read(slip: Slip) -> None:
    assert read_slip(slip.text()) == slip
    assert read_slip(f" {slip.text().lower()}\n") == slip


def test_line_breaks_of_a_terminal_and_the_usual_misreadings_are_forgiven() -> None:
    text = checked_slip("c:1", "khu-a", "0000111100001111", DIGEST).text()
    typed = text.replace("/0000111100001111/", "/OoOo-lIlI-0000-1111/").replace("KHU", "K\nHU")
    assert read_slip(typed).code == "0000111100001111"


@given(st.integers(0, 200), st.sampled_from("ABCXYZ0159-"))
def test_a_wrong_character_is_found(at: int, other: str) -> None:
    text = SLIP.text()
    at %= len(text)
    wrong = text[:at] + other + text[at + 1 :]
    with suppress(Trouble):
        assert read_slip(wrong) == SLIP, "a misreading that means the same"


@pytest.mark.parametrize(
    "text", ["", "QCAM1", "http://x/y", "QCAM2/a/b/c/d/e", "/" * 5, "QCAM1/////"]
)
def test_what_is_no_slip_is_told_so(text: str) -> None:
    with pytest.raises(Trouble) as caught:
        read_slip(text)
    assert caught.value.code == "enrol.slip"


@pytest.mark.parametrize(
    "parts",
    [
        ("center.example", "khu-a", "7K3M9QXA7K3M9QXA", DIGEST),
        ("center.example:0", "khu-a", "7K3M9QXA7K3M9QXA", DIGEST),
        ("center.example:99999", "khu-a", "7K3M9QXA7K3M9QXA", DIGEST),
        ("user@center:8443", "khu-a", "7K3M9QXA7K3M9QXA", DIGEST),
        ("c:1", "khu_a", "7K3M9QXA7K3M9QXA", DIGEST),
        ("c:1", "khu-a", "7K3M9QXA", DIGEST),
        ("c:1", "khu-a", "7K3M9QXA7K3M9QXU", DIGEST),
        ("c:1", "khu-a", "7K3M9QXA7K3M9QXA", DIGEST[:-1]),
    ],
)
def test_each_part_has_its_form(parts: tuple[str, str, str, str]) -> None:
    with pytest.raises(Trouble) as caught:
        checked_slip(*parts)
    assert caught.value.code == "enrol.slip"


def test_a_fingerprint_may_be_typed_as_openssl_prints_it() -> None:
    colons = ":".join(DIGEST[at : at + 2] for at in range(0, 64, 2)).upper()
    assert checked_slip("c:1", "khu-a", "7K3M9QXA7K3M9QXA", colons).authority == DIGEST


def test_hosts_and_ports() -> None:
    assert host_and_port("[2001:db8::1]:8443") == ("2001:db8::1", 8443)
    assert center_of("https://c.example") == "c.example:8443"
    assert center_of("https://[::1]:9") == "[::1]:9"
