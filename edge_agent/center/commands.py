"""Commands as the center makes them: its signing key, one command sealed, the way of its answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from edge_agent.core.command import Action, Command, Role
from edge_agent.core.trouble import Trouble
from edge_agent.link.command_keys import key_name
from edge_agent.link.command_wire import LONGEST_LIFE, canonical, seal
from edge_agent.store.durable import replace_file

_PRIVATE, PUBLIC = "command-key.pem", "command-public.pem"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an officer asks for, before it has a time and a nonce."""

    site: str
    camera: str
    action: Action
    arguments: Mapping[str, Any]
    user: str
    role: Role


class CommandKey:
    """The center's signing key (Ed25519). Whoever holds it commands every site: it never leaves
    the state folder.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.name = key_name(key.public_key())

    def public_pem(self) -> bytes:
        """What sites are given (`commands.keys`)."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def seal(self, command: Command) -> bytes:
        """The payload of this command's topic."""
        return seal(command, self._key.sign(canonical(command)), self.name)


def command_key(state: Path) -> CommandKey:
    """This center's key, made when there is none (0600); its public half is laid beside it, where
    enrolment finds it. Raises Trouble `center.command_key`.
    """
    path = state / _PRIVATE
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o770)
        if not path.exists():
            _make(path)
        made = CommandKey(_read(path))
        replace_file(state / PUBLIC, made.public_pem(), 0o644)
    except (OSError, ValueError, TypeError) as error:
        raise _unusable(path, str(error)) from error
    return made


def new_command(wish: Wish, now: datetime, challenge: str = "") -> Command:
    """A command that lives for a minute from now."""
    return Command(
        id=uuid4().hex,
        site=wish.site,
        camera=wish.camera,
        action=wish.action,
        arguments=wish.arguments,
        user=wish.user,
        role=wish.role,
        issued=now,
        expires=now + LONGEST_LIFE,
        nonce=secrets.token_hex(16),
        challenge=challenge,
    )


def answering(command: Command, challenge: str, now: datetime) -> Command:
    """The same wish again, for a site that cannot tell the time and gave a challenge. It keeps its
    id, so an upload that was made ready for it stays good.
    """
    again = new_command(_wish(command), now, challenge)
    return replace(again, id=command.id)


def _wish(command: Command) -> Wish:
    return Wish(
        command.site,
        command.camera,
        command.action,
        command.arguments,
        command.user,
        command.role,
    )


def _read(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("not Ed25519")
    return key


def _make(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    replace_file(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)


def _unusable(path: Path, detail: str) -> Trouble:
    return Trouble(
        "center.command_key",
        f"Không dùng được khóa lệnh {path} ({detail}). Kiểm tra quyền đọc, hoặc khôi phục từ bản "
        "sao lưu; khóa mới thì phải phát lại cho mọi cơ sở.",
        f"The command key {path} cannot be used ({detail}). Check its permissions or restore it "
        "from a backup; a new key has to be given to every site again.",
    )
