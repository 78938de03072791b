"""Where the center keeps its keys: one folder, and in it one that the broker may read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The files of the authority below `folder`. Private keys are 0600; `broker/` is for the
    broker's group alone and its files take the folder's group (setgid).
    """

    folder: Path

    @property
    def key(self) -> Path:
        """The authority's private key: whoever has it can make sites."""
        return self.folder / "authority" / "ca-key.pem"

    @property
    def certificate(self) -> Path:
        """The authority's certificate, for everybody."""
        return self.folder / "ca.pem"

    @property
    def database(self) -> Path:
        """The register of certificates, and the tickets of enrolment."""
        return self.folder / "authority" / "authority.db"

    @property
    def https(self) -> Path:
        """Key and certificate of the HTTPS server in one file."""
        return self.folder / "https.pem"

    @property
    def center(self) -> Path:
        """Key and certificate with which the center's processes connect to the broker."""
        return self.folder / "center.pem"

    @property
    def command_key(self) -> Path:
        """The public key of the center's commands, handed to every site that is enrolled."""
        return self.folder / "command-public.pem"

    @property
    def broker(self) -> Path:
        """The folder that the broker reads."""
        return self.folder / "broker"

    @property
    def broker_authority(self) -> Path:
        """The authority's certificate, for the broker."""
        return self.broker / "ca.pem"

    @property
    def broker_identity(self) -> Path:
        """Key and certificate of the broker in one file."""
        return self.broker / "broker.pem"

    @property
    def revocations(self) -> Path:
        """The list of revoked certificates; the broker reads it at start and on SIGHUP."""
        return self.broker / "crl.pem"

    def make(self) -> None:
        """Create what is missing; the installer has made `broker/` with its group before."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        self.key.parent.mkdir(exist_ok=True, mode=0o700)
        self.broker.mkdir(exist_ok=True, mode=0o750)
