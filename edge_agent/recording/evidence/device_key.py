"""The device's Ed25519 key (RFC 8032): made once, kept 0600; the public half travels as PEM."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from edge_agent.core.trouble import Trouble
from edge_agent.recording.evidence.paper import put_file
from edge_agent.runtime.logs import log

PUBLIC = "device-public.pem"
_PRIVATE = "device-key.pem"
_FINGERPRINT = "device-fingerprint.txt"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half that anyone may have. `fingerprint`: SHA-256 (hex) of the key in DER, which
    `openssl pkey -pubin -in device-public.pem -outform DER | sha256sum` tells too.
    """

    key: Ed25519PublicKey
    fingerprint: str

    @classmethod
    def of(cls, key: Ed25519PublicKey) -> PublicKey:
        """With its fingerprint."""
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(key, sha256(der).hexdigest())

    @classmethod
    def read(cls, path: Path) -> PublicKey:
        """The key in a PEM file. Raises Trouble when it cannot be read or is none."""
        try:
            key = load_pem_public_key(path.read_bytes())
        except OSError as error:
            raise _unreadable(path, error.strerror or "") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _unreadable(path, "not PEM") from error
        if not isinstance(key, Ed25519PublicKey):
            raise _unreadable(path, "not Ed25519")
        return cls.of(key)

    def pem(self) -> bytes:
        """As a PEM file."""
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def signed(self, data: bytes, signature: bytes) -> bool:
        """Whether this device signed exactly these bytes."""
        try:
            self.key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class DeviceKey:
    """The private half; signs and never leaves the state folder."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey.of(key.public_key())

    def sign(self, data: bytes) -> bytes:
        """64 bytes of signature over these bytes."""
        return self._key.sign(data)


def device_key(state: Path) -> DeviceKey:
    """The key of this state folder; made when there is none. The public half and the fingerprint
    are laid beside it.

    A private key that is missing beside its public half is not replaced in silence: everything
    signed so far would look foreign. Raises Trouble.
    """
    path = state / _PRIVATE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return _made(state)
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from error
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unreadable(path, "not PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _unreadable(path, "not Ed25519")
    _guard(path)
    return _published(state, DeviceKey(key))


def known_key(state: Path) -> PublicKey | None:
    """The public half of the key of this state folder; None when there is none that can be read,
    which is for those who sign to say.
    """
    try:
        return PublicKey.read(state / PUBLIC)
    except Trouble:
        return None


def _made(state: Path) -> DeviceKey:
    if (state / PUBLIC).exists():
        raise Trouble(
            "evidence.key_missing",
            f"Mất khóa riêng {_PRIVATE} trong {state} (còn {PUBLIC}). Khôi phục tệp từ bản sao "
            f"lưu; nếu không còn, đổi tên {PUBLIC} để thiết bị tạo khóa mới.",
            f"The private key {_PRIVATE} is missing from {state} ({PUBLIC} is there). Restore it "
            f"from a backup; if there is none, rename {PUBLIC} and a new key will be made.",
        )
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        put_file(state / _PRIVATE, pem, 0o600)
    except OSError as error:
        raise _unwritable(state, error) from error
    made = DeviceKey(key)
    log.info("evidence.key_made", fingerprint=made.public.fingerprint)
    return _published(state, made)


def _published(state: Path, key: DeviceKey) -> DeviceKey:
    wanted = {PUBLIC: key.public.pem(), _FINGERPRINT: f"{key.public.fingerprint}\n".encode()}
    try:
        for name, data in wanted.items():
            if not (state / name).exists() or (state / name).read_bytes() != data:
                put_file(state / name, data, 0o644)
    except OSError as error:
        raise _unwritable(state, error) from error
    return key


def _guard(path: Path) -> None:
    """Nobody else may read it; a mode that was opened is closed again, and said."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        log.warning("evidence.key_was_open", path=path.name, mode=oct(mode))
        try:
            path.chmod(0o600)
        except OSError as error:
            log.warning("evidence.key_stays_open", path=path.name, error=error.strerror)


def _unreadable(path: Path, detail: str) -> Trouble:
    return Trouble(
        "evidence.key_unreadable",
        f"Không đọc được khóa {path} ({detail}). Kiểm tra quyền đọc và tài khoản đang chạy lệnh, "
        "hoặc khôi phục tệp từ bản sao lưu.",
        f"The key {path} cannot be read ({detail}). Check its permissions and the account that "
        "runs this, or restore the file from a backup.",
    )


def _unwritable(state: Path, error: OSError) -> Trouble:
    return Trouble(
        "evidence.key_unwritable",
        f"Không ghi được khóa của thiết bị vào {state} ({error.strerror}). Kiểm tra quyền ghi và "
        "chỗ trống.",
        f"The device's key cannot be written into {state} ({error.strerror}). Check the "
        "permissions and the free space.",
    )
