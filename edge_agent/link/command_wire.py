"""Commands and replies as bytes (pure): canonical form, bounded and strict reading.

    {"command": {…}, "signature": base64, "key": first 16 hex digits of SHA-256 of the public key}

The signature (Ed25519, RFC 8032) is over the canonical bytes of `command`: keys sorted, no spaces,
UTF-8. Both ends use this file, and a site checks the bytes that it made itself from what it read:
two spellings of one command cannot differ in meaning.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from edge_agent.core.command import Action, Answer, Command, Refusal, Reply, Role
from edge_agent.core.time import from_iso, iso
from edge_agent.link.wire import encode, plain

LONGEST_LIFE = timedelta(seconds=60)
LARGEST = 128 * 1024
_KEYS = {"id", "site", "camera", "action", "arguments", "user", "role"}
_KEYS |= {"issued", "expires", "nonce"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A command as it came: what it says, the bytes that should have been signed, by which key."""

    command: Command
    signed: bytes
    signature: bytes
    key: str


class Unreadable(Exception):
    """A payload that is no command: why, in one word of the closed list and in detail."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def canonical(command: Command) -> bytes:
    """The bytes that are signed."""
    body = {
        "id": command.id,
        "site": command.site,
        "camera": command.camera or None,
        "action": command.action.value,
        "arguments": plain(command.arguments),
        "user": command.user,
        "role": command.role.value,
        "issued": iso(command.issued),
        "expires": iso(command.expires),
        "nonce": command.nonce,
    }
    return encode(body | ({"challenge": command.challenge} if command.challenge else {}))


def seal(command: Command, signature: bytes, key: str) -> bytes:
    """The payload of a command topic."""
    body = json.loads(canonical(command))
    return encode({"command": body, "signature": base64.b64encode(signature).decode(), "key": key})


def unseal(payload: bytes) -> Sealed:
    """Read a payload from the network. Raises Unreadable; nothing in it is believed yet."""
    outer = _object(payload)
    body, signature, key = outer.get("command"), outer.get("signature"), outer.get("key")
    if not (isinstance(body, dict) and isinstance(signature, str) and isinstance(key, str)):
        raise Unreadable(Refusal.SIGNATURE, "command, signature, key")
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable(Refusal.SIGNATURE, "base64") from error
    command = _command(body)
    return Sealed(command, canonical(command), raw, key[:64])


def reply_payload(reply: Reply, now: datetime) -> bytes:
    """The payload of `…/reply/<request>`."""
    return encode(
        {
            "request": reply.request,
            "state": reply.state.value,
            "reason": reply.reason,
            "result": plain(reply.result),
            "time": iso(now),
        }
    )


def read_reply(payload: bytes) -> Reply:
    """What a site answered. Raises Unreadable."""
    said = _object(payload)
    try:
        result = said.get("result", {})
        return Reply(
            request=str(said["request"])[:64],
            state=Answer(said["state"]),
            reason=str(said.get("reason", ""))[:200],
            result=result if isinstance(result, dict) else {},
        )
    except (KeyError, ValueError, TypeError) as error:
        raise Unreadable(Refusal.ARGUMENTS, f"reply: {error}") from error


def _object(payload: bytes) -> dict[str, Any]:
    if len(payload) > LARGEST:
        raise Unreadable(Refusal.ARGUMENTS, f"{len(payload)} bytes")
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise Unreadable(Refusal.SIGNATURE, "no JSON") from error
    if not isinstance(value, dict):
        raise Unreadable(Refusal.SIGNATURE, "no JSON object")
    return value


def _command(body: Mapping[str, Any]) -> Command:
    unknown = set(body) - _KEYS - {"challenge"}
    if unknown or not set(body) >= _KEYS:
        raise Unreadable(Refusal.ARGUMENTS, "keys")
    if body["action"] not in list(Action):
        raise Unreadable(Refusal.ACTION, str(body["action"])[:40])
    if body["role"] not in list(Role):
        raise Unreadable(Refusal.ROLE, str(body["role"])[:40])
    if not isinstance(body["arguments"], dict):
        raise Unreadable(Refusal.ARGUMENTS, "arguments")
    issued, expires = _moment(body["issued"]), _moment(body["expires"])
    return Command(
        id=_name(body["id"], "id"),
        site=_name(body["site"], "site"),
        camera="" if body["camera"] is None else _name(body["camera"], "camera"),
        action=Action(body["action"]),
        arguments=body["arguments"],
        user=_text(body["user"], "user"),
        role=Role(body["role"]),
        issued=issued,
        expires=expires,
        nonce=_name(body["nonce"], "nonce"),
        challenge="" if "challenge" not in body else _name(body["challenge"], "challenge"),
    )


def _name(value: Any, what: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Unreadable(Refusal.ARGUMENTS, what)
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
        raise Unreadable(Refusal.ARGUMENTS, what)
    return value


def _moment(value: Any) -> datetime:
    try:
        return from_iso(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise Unreadable(Refusal.ARGUMENTS, "time") from error
