"""The tickets of enrolment and the count of wrong codes, in the authority's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Literal

from edge_agent.store.connections import Connections
from edge_agent.store.moments import us, wall

State = Literal["open", "waiting", "approved", "refused"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One wish to be enrolled. `code` is a hash (empty for `grace`), `expires` the end of the code,
    and once it was used the end of the answer; `key` SHA-256 (hex) of the public key of `request`
    (a CSR in PEM) that the first use bound to it; `source` the address that it came from.
    """

    id: int
    site: str
    kind: Literal["code", "grace"]
    code: bytes
    opened: datetime
    opened_by: str
    expires: datetime
    state: State = "open"
    key: str = ""
    request: str = ""
    source: str = ""
    decided_by: str = ""
    reason: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong codes of one site or address: how many, the last one, and until when it is locked."""

    who: str
    wrong: int
    last: datetime
    locked: datetime | None = None


_COLUMNS = tuple(one.name for one in fields(Ticket))
_TIMES = {_COLUMNS.index(name) for name in ("opened", "expires")}


class Enrolments:
    """Tickets and tries. A decision is read, judged and written inside one `deciding`, so that two
    processes cannot use one code. Every method raises Trouble `store.…`.
    """

    def __init__(self, rows: Connections) -> None:
        self._rows = rows

    @contextmanager
    def deciding(self) -> Iterator[Deciding]:
        """One transaction; what was written in it is undone when the body raises."""
        with self._rows.transaction() as connection:
            yield Deciding(connection)

    def all(self) -> tuple[Ticket, ...]:
        """Every ticket, oldest first."""
        names = ", ".join(_COLUMNS)
        rows = self._rows.read(f"SELECT {names} FROM enrolments ORDER BY id")  # noqa: S608
        return tuple(_ticket(row) for row in rows)


class Deciding:
    """What may be asked and written within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tickets(self, site: str) -> tuple[Ticket, ...]:
        """The tickets of a site, newest first."""
        return self._read("WHERE site = ? ORDER BY id DESC", site)

    def ticket(self, number: int) -> Ticket | None:
        """The ticket with this number."""
        return next(iter(self._read("WHERE id = ?", number)), None)

    def put(self, ticket: Ticket) -> Ticket:
        """Write a ticket (id 0: a new one); returns it with its number."""
        columns = ", ".join(_COLUMNS)
        values = [us(v) if at in _TIMES else v for at, v in enumerate(astuple(ticket))]
        row = self._connection.execute(
            f"INSERT OR REPLACE INTO enrolments ({columns}) "  # noqa: S608 - our own words
            f"VALUES ({', '.join('?' * len(_COLUMNS))}) RETURNING {columns}",
            [ticket.id or None, *values[1:]],
        ).fetchone()
        return _ticket(row)

    def tries(self, who: str) -> Tries | None:
        """The wrong codes that are remembered of this site or address."""
        row = self._connection.execute(
            "SELECT who, wrong, last, locked FROM tries WHERE who = ?", (who,)
        ).fetchone()
        if row is None:
            return None
        name, wrong, last, locked = row
        return Tries(name, wrong, wall(last), None if locked is None else wall(locked))

    def put_tries(self, tries: Tries) -> None:
        """Remember."""
        self._connection.execute(
            "INSERT OR REPLACE INTO tries (who, wrong, last, locked) VALUES (?, ?, ?, ?)",
            (tries.who, tries.wrong, us(tries.last), tries.locked and us(tries.locked)),
        )

    def forget_tries(self, before: datetime) -> None:
        """Drop what was last tried before this, so that strangers cannot fill the disk."""
        self._connection.execute("DELETE FROM tries WHERE last < ?", (us(before),))

    def _read(self, where: str, value: object) -> tuple[Ticket, ...]:
        query = f"SELECT {', '.join(_COLUMNS)} FROM enrolments {where}"  # noqa: S608 - our own words
        return tuple(_ticket(row) for row in self._connection.execute(query, (value,)))


def _ticket(row: tuple[Any, ...]) -> Ticket:
    values: list[Any] = [wall(v) if at in _TIMES else v for at, v in enumerate(row)]
    return Ticket(*values)
