"""The identity of this box on disk: key and certificate in one file: both change at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from edge_agent.link.enrol import keys, troubles
from edge_agent.link.enrol.keys import Shown
from edge_agent.store.durable import replace_file


@dataclass(frozen=True, slots=True)
class Identity:
    """The folder (mode 0700) where the identity of a site lies: `identity.pem` (key and
    certificate), `ca.pem`, `command-key.pem`, and `next-key.pem` while a certificate for a new key
    is asked for. The keys never leave it. Methods raise Trouble `enrol.files`.
    """

    folder: Path

    @property
    def pem(self) -> Path:
        """Key and certificate; `mqtt.certificate` and `mqtt.key` both name this file."""
        return self.folder / "identity.pem"

    @property
    def authority(self) -> Path:
        """The authority of the center, `mqtt.ca`."""
        return self.folder / "ca.pem"

    @property
    def command_key(self) -> Path:
        """The public key with which the center signs commands."""
        return self.folder / "command-key.pem"

    @property
    def next_key(self) -> Path:
        """The key for which a certificate is being asked."""
        return self.folder / "next-key.pem"

    def coming_key(self) -> EllipticCurvePrivateKey:
        """The key to ask for: the one that was made before, so that asking again after a power cut
        asks for the same; else a new one, on disk before anybody hears of it.
        """
        try:
            return keys.read_key(self.next_key.read_bytes())
        except (FileNotFoundError, ValueError):  # none, or half of one
            key = keys.new_key()
        except OSError as error:
            raise troubles.files(self.next_key, error.strerror or "") from error
        self._put(self.next_key, keys.key_pem(key), 0o600)
        return key

    def current(self) -> tuple[EllipticCurvePrivateKey, str]:
        """Key and certificate (PEM) of now."""
        try:
            data = self.pem.read_bytes()
            text = data.decode("ascii")
            keys.read_certificate(text)
            return keys.read_key(data), text
        except OSError as error:
            raise troubles.files(self.pem, error.strerror or "") from error
        except ValueError as error:
            raise troubles.files(self.pem, str(error)) from error

    def settle(self, certificate: str, site: str, authority: str, command_key: str) -> Shown:
        """Take the certificate that came for the coming key, and whom to believe from now on; an
        empty command key leaves the present one. Raises Trouble `enrol.not_ours` when it is for
        another key or site, or of another authority; nothing is changed then.
        """
        key = self.coming_key()
        try:
            shown = keys.read_certificate(certificate)
            ours = keys.issued_by(certificate, authority)
        except ValueError as error:
            raise troubles.not_ours(str(error)) from error
        if not ours:
            raise troubles.not_ours("CA")
        if shown.key != keys.fingerprint(key.public_key()) or shown.name != site:
            raise troubles.not_ours(f"CN {shown.name[:80]!r}, {keys.short(shown.key)}")
        self._put(self.authority, keys.only(authority), 0o644)
        if command_key:
            self._put(self.command_key, command_key.encode(), 0o644)
        self._put(self.pem, keys.key_pem(key) + keys.only(certificate), 0o600)
        try:
            self.next_key.unlink(missing_ok=True)
        except OSError as error:
            raise troubles.files(self.next_key, error.strerror or "") from error
        return shown

    def _put(self, path: Path, data: bytes, mode: int) -> None:
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            replace_file(path, data, mode)
        except OSError as error:
            raise troubles.files(path, error.strerror or "") from error
