"""The authority itself: its key, its register, and the files that follow from both."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from edge_agent.center.authority import troubles
from edge_agent.center.authority.home import Home
from edge_agent.center.authority.key_file import (
    read_authority_key,
    read_passphrase,
    write_authority_key,
)
from edge_agent.center.authority.names import CENTER, checked_hosts, checked_site
from edge_agent.center.authority.signing import (
    authority_certificate,
    certificate,
    hosts_of,
    revocation_list,
)
from edge_agent.config.center import CenterConfig
from edge_agent.core.time import iso
from edge_agent.link.enrol import keys
from edge_agent.runtime.logs import log
from edge_agent.store.connections import Connections
from edge_agent.store.durable import replace_file
from edge_agent.store.register import Certificate, Purpose, Register

_LOOPBACK = ("127.0.0.1", "localhost")
_RECENT = timedelta(days=1)
_PUBLIC, _SECRET, _FOR_BROKER = 0o644, 0o600, 0o640


class Authority:
    """Signs, revokes, and keeps the broker's, the HTTPS server's and the center's own identity.

    Methods raise Trouble: `authority.…` for files and names, `store.…` for the register.
    """

    def __init__(self, home: Home, key: EllipticCurvePrivateKey, pem: str) -> None:
        self.home, self.pem = home, pem
        self._signer = key, pem
        self.rows = Connections(home.database, "authority")
        self.register = Register(self.rows)

    @classmethod
    def create(
        cls, home: Home, name: str, hosts: Sequence[str], now: datetime, passphrase: bytes = b""
    ) -> Authority:
        """A new authority with everything that a center needs to open; never over an old one."""
        hosts = checked_hosts(hosts)
        if home.key.exists() or home.certificate.exists():
            raise troubles.exists(home.folder)
        key = keys.new_key()
        pem = authority_certificate(key, name, now)
        try:
            home.make()
        except OSError as error:
            raise troubles.unwritable(home.folder, error) from error
        write_authority_key(home.key, key, passphrase)
        _write(home.certificate, pem.encode(), _PUBLIC)
        made = cls(home, key, pem)
        made.renew_own(now, hosts)
        made.publish(now)
        return made

    @classmethod
    def open(cls, home: Home, passphrase: bytes = b"") -> Authority:
        """The authority in this folder."""
        if not home.key.exists() or not home.certificate.exists():
            raise troubles.missing(home.folder)
        if (owner := home.key.stat().st_uid) != os.geteuid():
            raise troubles.account(home.folder, owner)  # root would leave files nobody may change
        key = read_authority_key(home.key, passphrase)
        try:
            pem = home.certificate.read_text(encoding="ascii")
            fits = keys.read_certificate(pem).key == keys.fingerprint(key.public_key())
        except (OSError, ValueError) as error:
            raise troubles.unreadable(home.certificate, str(error)) from error
        if not fits:
            raise troubles.unreadable(home.certificate, "không khớp khóa / not of this key")
        return cls(home, key, pem)

    @classmethod
    def of(cls, config: CenterConfig) -> Authority:
        """The authority of the center that is configured so."""
        return cls.open(Home(config.storage.state), read_passphrase(config.https.unlock))

    def close(self) -> None:
        """Close the register."""
        self.rows.close()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the authority's certificate: what a box pins."""
        return keys.digest(self.pem)

    def sign(self, request: str, site: str, now: datetime) -> Certificate:
        """A site's certificate for the key of its request (PEM), registered before it goes out."""
        checked_site(site)
        try:
            name, key = keys.read_request(request)
        except ValueError as error:
            raise troubles.request(str(error)) from error
        if name != site:
            raise troubles.request(f"CN {name[:80]!r} ≠ {site!r}")
        signed = certificate(self._signer, key, site, "site", (), now)
        self.register.add(signed)
        log.info("authority.signed", site=site, serial=signed.serial, key=keys.short(signed.key))
        return signed

    def revoke(self, what: str, now: datetime, who: str, reason: str) -> tuple[Certificate, ...]:
        """Withdraw the certificate with this serial number, or every valid one of this site, and
        publish the list. Raises Trouble `authority.nothing` when there is none.
        """
        found = [one for one in self.register.all() if what in (one.serial, one.name)]
        taken = [
            one
            for one in found
            if one.revoked is None and self.register.revoke(one.serial, now, who, reason)
        ]
        if not taken:
            raise troubles.nothing_to_revoke(what)
        self.publish(now)
        for one in taken:
            log.warning("authority.revoked", name=one.name, serial=one.serial, who=who)
        return tuple(taken)

    def revoked_since(self, now: datetime) -> tuple[str, ...]:
        """The sites that had a certificate revoked within the last day."""
        recent = {
            one.name
            for one in self.register.all()
            if one.purpose == "site" and one.revoked and now - one.revoked < _RECENT
        }
        return tuple(sorted(recent))

    def out(self, now: datetime) -> frozenset[str]:
        """The sites that had a certificate revoked and have none that is valid."""
        ours = [one for one in self.register.all() if one.purpose == "site"]
        return frozenset({one.name for one in ours if one.revoked}) - frozenset(
            {one.name for one in ours if one.valid(now)}
        )

    def publish(self, now: datetime) -> None:
        """Write the revocation list where the broker reads it; what has expired is left out."""
        revoked = [one for one in self.register.all() if one.revoked and one.ends > now]
        _write(self.home.revocations, revocation_list(self._signer, revoked, now), _FOR_BROKER)

    def renew_own(self, now: datetime, hosts: Sequence[str] = ()) -> tuple[Path, ...]:
        """New keys and certificates for broker, HTTPS server and center, in one file each: those
        past two thirds of their life, and the servers when they get other `hosts`. Returns the
        files that were written.
        """
        _write(self.home.broker_authority, self.pem.encode(), _FOR_BROKER)
        written = []
        for path, purpose, mode in self._own_files():
            named, due = _present(path, now)
            wanted = checked_hosts(hosts) or named if purpose == "server" else ()
            if path == self.home.broker_identity and wanted:
                wanted = checked_hosts((*wanted, *_LOOPBACK))  # the center's own listener
            if due or wanted != named:
                self._make_own(path, purpose, mode, wanted, now)
                written.append(path)
        return tuple(written)

    def _own_files(self) -> tuple[tuple[Path, Purpose, int], ...]:
        home = self.home
        return (
            (home.broker_identity, "server", _FOR_BROKER),
            (home.https, "server", _SECRET),
            (home.center, "center", _SECRET),
        )

    def _make_own(
        self, path: Path, purpose: Purpose, mode: int, hosts: Sequence[str], now: datetime
    ) -> None:
        if purpose == "server" and not hosts:
            raise troubles.host("")
        key, name = keys.new_key(), hosts[0] if hosts else CENTER
        made = certificate(self._signer, key.public_key(), name, purpose, hosts, now)
        self.register.add(made)
        _write(path, keys.key_pem(key) + made.pem.encode(), mode)
        log.info("authority.renewed_own", file=path.name, until=iso(made.ends))


def _present(path: Path, now: datetime) -> tuple[tuple[str, ...], bool]:
    """The hosts in the certificate of this file, and whether it is to be made anew."""
    try:
        pem = path.read_text(encoding="ascii")
        return hosts_of(pem), keys.read_certificate(pem).due(now)
    except FileNotFoundError:
        return (), True
    except (OSError, ValueError) as error:
        raise troubles.unreadable(path, str(error)) from error


def _write(path: Path, data: bytes, mode: int) -> None:
    try:
        if not path.exists() or path.read_bytes() != data:  # the broker is told of every change
            replace_file(path, data, mode)
    except OSError as error:
        raise troubles.unwritable(path, error) from error
