"""The keys of commands: the center signs (Ed25519, RFC 8032), a site trusts those it was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from edge_agent.core.command import Refusal
from edge_agent.core.trouble import Trouble
from edge_agent.link.command_wire import Sealed


class CommandKeys:
    """The public keys that this site believes, by the name that commands give them."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = dict(keys)

    @classmethod
    def read(cls, paths: Iterable[Path]) -> CommandKeys:
        """The keys in these PEM files. Raises Trouble `commands.key` naming the file."""
        keys = [_read(path) for path in paths]
        return cls({key_name(key): key for key in keys})

    def __len__(self) -> int:
        return len(self._keys)

    def check(self, sealed: Sealed) -> Refusal | None:
        """Whether a key of ours signed exactly this; the refusal when none did."""
        key = self._keys.get(sealed.key)
        if key is None:
            return Refusal.UNKNOWN_KEY
        try:
            key.verify(sealed.signature, sealed.signed)
        except InvalidSignature:
            return Refusal.SIGNATURE
        return None


def key_name(key: Ed25519PublicKey) -> str:
    """First 16 hex digits of SHA-256 of the raw public key."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _read(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise _unusable(path, error.strerror or "") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unusable(path, "not PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _unusable(path, "not Ed25519")
    return key


def _unusable(path: Path, detail: str) -> Trouble:
    return Trouble(
        "commands.key",
        f"Không dùng được khóa lệnh {path} ({detail}). Lấy lại tệp từ trung tâm "
        "(edge-agent center command key).",
        f"The command key {path} cannot be used ({detail}). Get the file from the center again "
        "(edge-agent center command key).",
    )
