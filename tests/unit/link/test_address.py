"""Where the broker is, and where nothing is sent without encryption."""

import pytest

from edge_agent.core.trouble import Trouble
from edge_agent.link.address import Address, broker_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://127.0.0.1", Address("127.0.0.1", 1883, tls=False)),
        ("mqtt://localhost:1999", Address("localhost", 1999, tls=False)),
        ("mqtt://[::1]:1999", Address("::1", 1999, tls=False)),
        ("mqtts://center.example.vn", Address("center.example.vn", 8883, tls=True)),
        ("mqtts://10.0.0.5:443", Address("10.0.0.5", 443, tls=True)),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert broker_address(url) == address


@pytest.mark.parametrize("host", ["10.0.0.5", "center.example.vn", "127.0.0.1.example.vn"])
def test_without_tls_nothing_leaves_this_box(host: str) -> None:
    with pytest.raises(Trouble) as caught:
        broker_address(f"mqtt://{host}:1883")
    assert caught.value.code == "link.plain_refused"


@pytest.mark.parametrize(
    "url", ["http://a", "mqtts://", "mqtts://a:99999", "mqtts://a/b", "mqtts://u:s3cret@a", "x"]
)
def test_what_cannot_be_read_is_said_and_no_password_repeated(url: str) -> None:
    with pytest.raises(Trouble) as caught:
        broker_address(url)
    assert caught.value.code == "link.url"
    assert "s3cret" not in str(caught.value)


def test_an_address_is_printed_as_people_write_it() -> None:
    assert str(Address("::1", 1, tls=False)) == "[::1]:1"
    assert str(Address("a", 2, tls=True)) == "a:2"
