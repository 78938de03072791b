"""The authority's private key on disk: 0600, behind a passphrase where the officer chose one."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from edge_agent.center.authority import troubles
from edge_agent.store.durable import replace_file

_LONGEST_PASSPHRASE = 1000


def write_authority_key(path: Path, key: EllipticCurvePrivateKey, passphrase: bytes) -> None:
    """Put the key there; encrypted unless the passphrase is empty. Raises Trouble."""
    closed: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, closed)
    try:
        replace_file(path, pem, 0o600)
    except OSError as error:
        raise troubles.unwritable(path, error) from error


def read_authority_key(path: Path, passphrase: bytes) -> EllipticCurvePrivateKey:
    """The key in this file. Raises Trouble: open to others, no key, wrong passphrase."""
    data = _private(path)
    try:
        key = load_pem_private_key(data, passphrase or None)
    except (ValueError, TypeError) as error:
        # no passphrase for an encrypted key, one for a key in the clear, a wrong one, or no PEM
        if b"PRIVATE KEY" in data:
            raise troubles.passphrase(path) from error
        raise troubles.unreadable(path, "không phải PEM / not PEM") from error
    except UnsupportedAlgorithm as error:
        raise troubles.unreadable(path, str(error)) from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise troubles.unreadable(path, "không phải P-256 / not P-256")
    return key


def read_passphrase(path: Path | None) -> bytes:
    """The first line of a file of mode 0600; nothing without a file. Raises Trouble."""
    if path is None:
        return b""
    return _private(path)[:_LONGEST_PASSPHRASE].split(b"\n")[0].strip()


def _private(path: Path) -> bytes:
    """The bytes of a file that nobody else may read."""
    try:
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise troubles.open_to_others(path, mode)
        return path.read_bytes()
    except OSError as error:
        raise troubles.unreadable(path, error.strerror or "") from error
