"""RTSP words: requests, transports, digest authentication."""

import hashlib

import pytest

from edge_agent.core.secret import Credential
from edge_agent.sim.rtsp_messages import (
    REALM,
    Request,
    authorized,
    interleaved_channels,
    parse_request,
    reply,
    sdp,
)

OWNER = Credential("operator", "p@ss:w/ord #1")


def signed(password: str, nonce: str, user: str = "operator", method: str = "DESCRIBE") -> Request:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    url = "rtsp://127.0.0.1/main"
    answer = md5(f"{md5(f'{user}:{REALM}:{password}')}:{nonce}:{md5(f'{method}:{url}')}")
    header = (
        f'Digest username="{user}", realm="{REALM}", nonce="{nonce}", uri="{url}", '
        f'response="{answer}"'
    )
    return Request(method, url, {"authorization": header})


def test_a_request_is_read_with_its_headers() -> None:
    request = parse_request(b"DESCRIBE rtsp://h:1/main/ RTSP/1.0\r\nCSeq: 2\r\nX-a: b: c\r\n\r\n")
    assert (request.method, request.path) == ("DESCRIBE", "/main")
    assert request.headers == {"cseq": "2", "x-a": "b: c"}


@pytest.mark.parametrize("junk", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff\x00\r\n\r\n", b"A B\r\n"])
def test_what_is_not_rtsp_is_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match="RTSP"):
        parse_request(junk)


@pytest.mark.parametrize(
    ("transport", "channels"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=2-3", (2, 3)),
        ("RTP/AVP/TCP;unicast", (0, 1)),
        ("RTP/AVP;unicast;client_port=5000-5001", None),
        ("RTP/AVP/UDP;unicast,RTP/AVP/TCP;interleaved=4-5", (4, 5)),
        ("RTP/AVP/TCP;interleaved=999-999", None),
        ("", None),
    ],
)
def test_only_tcp_interleaved_is_a_transport(
    transport: str, channels: tuple[int, int] | None
) -> None:
    assert interleaved_channels(transport) == channels


@pytest.mark.parametrize(
    ("request_", "nonce", "right"),
    [
        (signed(OWNER.password, "n1"), "n1", True),
        (signed("wrong", "n1"), "n1", False),
        (signed(OWNER.password, "n0"), "n1", False),
        (signed(OWNER.password, "n1", user="other"), "n1", False),
        (Request("DESCRIBE", "rtsp://h/main", {}), "n1", False),
        (Request("DESCRIBE", "rtsp://h/main", {"authorization": "Basic b3A6cA=="}), "n1", False),
        (Request("DESCRIBE", "rtsp://h/main", {"authorization": "Digest junk"}), "n1", False),
    ],
)
def test_a_digest_is_right_for_one_user_password_and_nonce(
    request_: Request, nonce: str, right: bool
) -> None:
    assert authorized(request_, OWNER, nonce) is right


def test_a_digest_made_for_another_method_is_wrong() -> None:
    taken = signed(OWNER.password, "n1", method="DESCRIBE")
    assert not authorized(Request("PLAY", taken.url, taken.headers), OWNER, "n1")


def test_the_description_names_codec_and_parameter_sets() -> None:
    text = sdp("127.0.0.1", "cam-1", 15, 2000, (b"\x67\x4d\x40\x28", b"\x68\xee"))
    assert "profile-level-id=4D4028" in text
    assert "sprop-parameter-sets=Z01AKA==,aO4=" in text


def test_a_reply_states_the_length_of_its_body() -> None:
    assert reply(200, "7", {"A": "b"}, "ăn").endswith(b"Content-Length: 3\r\n\r\n\xc4\x83n")
