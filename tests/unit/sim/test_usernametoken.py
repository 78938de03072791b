"""WS-UsernameToken: who is let in."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from edge_agent.core.secret import Credential
from edge_agent.core.time import iso
from edge_agent.sim.soap_envelope import WSSE, WSU, SoapFault
from edge_agent.sim.usernametoken import TokenGuard, digest

NOW = datetime(2021, 7, 28, 7, 0, tzinfo=UTC)
OWNER = Credential("operator", "right")
NONCE = base64.b64encode(b"0123456789abcdef").decode()


def header(
    password: str = "right",
    created: str = iso(NOW),
    nonce: str = NONCE,
    user: str = "operator",
    said: str | None = None,
) -> etree._Element:
    secret = digest(nonce, created, password) if said is None else said
    return etree.fromstring(
        f'<h xmlns:w="{WSSE}" xmlns:u="{WSU}"><w:Security><w:UsernameToken>'
        f"<w:Username>{user}</w:Username><w:Password>{secret}</w:Password>"
        f"<w:Nonce>{nonce}</w:Nonce><u:Created>{created}</u:Created>"
        "</w:UsernameToken></w:Security></h>"
    )


def guard() -> TokenGuard:
    return TokenGuard(OWNER, lambda: NOW)


@pytest.mark.parametrize("off", [-4.9, 0.0, 4.9])
def test_a_fresh_token_with_the_right_password_is_let_in(off: float) -> None:
    door = guard()
    door.check(header(created=iso(NOW + timedelta(seconds=off))))
    assert door.refused == 0


@pytest.mark.parametrize(
    "bad",
    [
        None,
        etree.fromstring("<h/>"),
        header(password="wrong"),
        header(user="admin"),
        header(created=iso(NOW - timedelta(seconds=5.1))),
        header(created=iso(NOW + timedelta(seconds=5.1))),
        header(created="2021-07-28T07:00:00"),
        header(created="yesterday"),
        header(nonce="not base64!", said="x"),
        header(said="right"),
        header(said=""),
    ],
)
def test_everything_else_is_not_authorized_and_counted(bad: etree._Element | None) -> None:
    door = guard()
    with pytest.raises(SoapFault) as caught:
        door.check(bad)
    assert caught.value.subcode == "ter:NotAuthorized"
    assert door.refused == 1


def test_a_nonce_is_good_once() -> None:
    door = guard()
    door.check(header())
    with pytest.raises(SoapFault):
        door.check(header())
    door.check(header(nonce=base64.b64encode(b"another").decode()))


def test_a_refused_token_does_not_use_up_its_nonce() -> None:
    door = guard()
    with pytest.raises(SoapFault):
        door.check(header(password="wrong"))
    door.check(header())


def test_with_the_fault_on_nobody_is_let_in() -> None:
    with pytest.raises(SoapFault):
        guard().check(header(), nobody=True)
