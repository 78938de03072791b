"""A command means what was signed, or nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.center.commands import CommandKey, Wish, answering, new_command
from edge_agent.core.command import Action, Answer, Refusal, Reply, Role
from edge_agent.link.command_keys import CommandKeys, key_name
from edge_agent.link.command_wire import (
    Unreadable,
    canonical,
    read_reply,
    reply_payload,
    unseal,
)

NOW = datetime(2026, 7, 28, 14, 32, 5, 123456, UTC)
KEY = Ed25519PrivateKey.generate()
OURS = CommandKeys({key_name(KEY.public_key()): KEY.public_key()})
WISH = Wish("site-1", "cam-1", Action.HOLD, {"reason": "Xác minh"}, "trực ban", Role.DUTY)


def sealed(wish: Wish = WISH) -> bytes:
    return CommandKey(KEY).seal(new_command(wish, NOW))


def test_what_is_sealed_is_read_again_and_believed() -> None:
    command = new_command(WISH, NOW)
    read = unseal(CommandKey(KEY).seal(command))
    assert OURS.check(read) is None
    assert read.command.arguments == WISH.arguments
    assert (read.command.id, read.command.nonce) == (command.id, command.nonce)
    assert read.command.expires - read.command.issued == timedelta(seconds=60)


def test_spelling_it_differently_changes_nothing() -> None:
    body = json.loads(sealed())
    spelled = json.dumps(body, indent=3, ensure_ascii=True).encode()
    assert OURS.check(unseal(spelled)) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("site", "site-2"),
        ("camera", "cam-2"),
        ("camera", None),
        ("action", "clip"),
        ("user", "ai đó"),
        ("role", "admin"),
        ("expires", "2030-01-01T00:00:00.000Z"),
        ("nonce", "another"),
        ("arguments", {"reason": "Xác minh", "to": None}),
        ("challenge", "abc"),
    ],
)
def test_a_changed_value_is_not_signed(name: str, value: object) -> None:
    body = json.loads(sealed())
    body["command"][name] = value
    assert OURS.check(unseal(json.dumps(body).encode())) is Refusal.SIGNATURE


def test_a_key_that_we_were_not_given_is_unknown() -> None:
    stranger = CommandKey(Ed25519PrivateKey.generate())
    assert OURS.check(unseal(stranger.seal(new_command(WISH, NOW)))) is Refusal.UNKNOWN_KEY
    body = json.loads(stranger.seal(new_command(WISH, NOW)))
    body["key"] = key_name(KEY.public_key())
    assert OURS.check(unseal(json.dumps(body).encode())) is Refusal.SIGNATURE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"action": "shell"}, Refusal.ACTION),
        ({"action": ["ping"]}, Refusal.ACTION),
        ({"role": "root"}, Refusal.ROLE),
        ({"arguments": []}, Refusal.ARGUMENTS),
        ({"issued": "now"}, Refusal.ARGUMENTS),
        ({"issued": "0001-01-01T00:00:00+23:59"}, Refusal.ARGUMENTS),
        ({"id": "../../x"}, Refusal.ARGUMENTS),
        ({"nonce": ""}, Refusal.ARGUMENTS),
        ({"user": "a\nb"}, Refusal.ARGUMENTS),
        ({"extra": 1}, Refusal.ARGUMENTS),
    ],
)
def test_what_is_no_command_says_why(change: dict[str, object], reason: Refusal) -> None:
    body = json.loads(sealed())
    body["command"] |= change
    with pytest.raises(Unreadable) as caught:
        unseal(json.dumps(body).encode())
    assert caught.value.reason is reason


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    with pytest.raises(Unreadable):
        unseal(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(json.loads(sealed())["command"])), JSON))
def test_any_values_are_read_or_refused(change: dict[str, object]) -> None:
    body = json.loads(sealed())
    body["command"] |= change
    try:
        read = unseal(json.dumps(body).encode())
    except Unreadable:
        return
    assert canonical(read.command) == read.signed


def test_too_much_is_not_read_at_all() -> None:
    with pytest.raises(Unreadable):
        unseal(b'{"command": "' + b"x" * 200_000 + b'"}')


def test_a_challenge_keeps_the_request_and_renews_the_rest() -> None:
    first = new_command(WISH, NOW)
    again = answering(first, "c0ffee", NOW)
    assert again.id == first.id
    assert again.nonce != first.nonce
    assert again.challenge == "c0ffee"


def test_a_reply_is_read_as_it_was_said() -> None:
    reply = Reply("r1", Answer.REFUSED, Refusal.QUOTA, {"detail": "6 / h"})
    assert read_reply(reply_payload(reply, NOW)) == reply
    assert reply.final
    assert not Reply("r1", Answer.ACCEPTED).final
