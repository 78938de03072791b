"""The register of the center's authority: every certificate it signed, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from edge_agent.store.connections import Connections
from edge_agent.store.moments import us, wall

Purpose = Literal["site", "server", "center"]
_COLUMNS = "serial, name, purpose, key, begins, ends, issued, pem, revoked, revoked_by, reason"


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. `name` is its common name, `key` SHA-256 (hex) of its public key in DER;
    valid in [begins, ends) unless `revoked` (when, by whom, why).
    """

    serial: str
    name: str
    purpose: Purpose
    key: str
    begins: datetime
    ends: datetime
    issued: datetime
    pem: str
    revoked: datetime | None = None
    revoked_by: str = ""
    reason: str = ""

    def valid(self, now: datetime) -> bool:
        """Whether somebody who shows it is let in now."""
        return self.revoked is None and self.begins <= now < self.ends


class Register:
    """The table `certificates` of the authority's database. Every method raises Trouble `store.…`
    when the database does not answer.
    """

    def __init__(self, rows: Connections) -> None:
        self._rows = rows

    def add(self, certificate: Certificate) -> None:
        """Note what was signed; before it is handed out."""
        one = certificate
        self._rows.write(
            f"INSERT INTO certificates ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                *(one.serial, one.name, one.purpose, one.key, us(one.begins), us(one.ends)),
                *(us(one.issued), one.pem, one.revoked and us(one.revoked)),
                *(one.revoked_by, one.reason),
            ),
        )

    def find(self, serial: str) -> Certificate | None:
        """The certificate with this serial number (hex), if we signed it."""
        found = self._read("WHERE serial = ?", (serial.lower(),))
        return found[0] if found else None

    def of(self, name: str) -> tuple[Certificate, ...]:
        """All certificates under this common name, oldest first."""
        return self._read("WHERE name = ? ORDER BY issued, rowid", (name,))

    def all(self) -> tuple[Certificate, ...]:
        """Every certificate, by name and age."""
        return self._read("ORDER BY name, issued, rowid", ())

    def revoke(self, serial: str, now: datetime, who: str, reason: str) -> bool:
        """Withdraw a certificate for ever; False when there is none or it is withdrawn already."""
        with self._rows.transaction() as connection:
            done = connection.execute(
                "UPDATE certificates SET revoked = ?, revoked_by = ?, reason = ? "
                "WHERE serial = ? AND revoked IS NULL",
                (us(now), who, reason, serial.lower()),
            )
            return done.rowcount > 0

    def _read(self, where: str, values: tuple[object, ...]) -> tuple[Certificate, ...]:
        query = f"SELECT {_COLUMNS} FROM certificates {where}"  # noqa: S608 - our own words
        return tuple(_certificate(row) for row in self._rows.read(query, values))


def _certificate(row: tuple[Any, ...]) -> Certificate:
    serial, name, purpose, key, begins, ends, issued, pem, revoked, revoked_by, reason = row
    return Certificate(
        *(serial, name, purpose, key, wall(begins), wall(ends), wall(issued), pem),
        revoked=None if revoked is None else wall(revoked),
        revoked_by=revoked_by,
        reason=reason,
    )
