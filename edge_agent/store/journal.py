"""The events database: facts, and in the same transaction the notes of who must be told."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from edge_agent.core.event import Event, Lane, Message
from edge_agent.core.trouble import Trouble
from edge_agent.store.connections import Connections
from edge_agent.store.database import move_aside
from edge_agent.store.moments import us, wall
from edge_agent.store.outbox import Outbox
from edge_agent.store.spent import Spent

_OPENED, _CLOSED = ".opened", ".closed"
_SELECT = "SELECT id, source, type, subject, time, severity, data, still FROM events"


class Journal:
    """The events database, for any number of threads of one process.

    Every thread works on a connection of its own. What `record` has returned from survives
    kill -9 and power loss. Every method raises Trouble (`store.unavailable`, `store.damaged`)
    when the database does not answer.
    """

    def __init__(self, path: Path, quotas: Mapping[Lane, int] | None = None) -> None:
        self.path = path
        self._rows = Connections(path, "events")
        self.outbox = Outbox(self._rows, quotas or {})
        self.spent = Spent(self._rows)
        self.epoch = self._identify()

    def close(self) -> None:
        """Close the connections of all threads; no method may be running or follow."""
        self._rows.close()

    def record(self, event: Event, messages: Sequence[Message]) -> bool:
        """Store the fact and its messages, all or nothing; False when its id is known already.

        Raises ValueError for a payload over `LARGEST_PAYLOAD` bytes: it could never leave.
        """
        data = json.dumps(dict(event.data), ensure_ascii=False, sort_keys=True)
        with self._rows.transaction() as connection:
            if not _insert_event(connection, event, data):
                return False
            self.outbox.add(connection, event, messages)
        return True

    def tell_again(self, event: Event, messages: Sequence[Message]) -> None:
        """Messages for a fact that was recorded before, under new sequence numbers."""
        with self._rows.transaction() as connection:
            self.outbox.add(connection, event, messages)

    def between(self, start: datetime, end: datetime, limit: int) -> tuple[Event, ...]:
        """The first `limit` facts that happened in [start, end), in the order of recording."""
        rows = self._rows.read(
            f"{_SELECT} WHERE time >= ? AND time < ? ORDER BY position LIMIT ?",
            (us(start), us(end), limit),
        )
        return tuple(_event(row) for row in rows)

    def open_episodes(self) -> tuple[Event, ...]:
        """The `opened` events that have no `closed` yet, oldest first."""
        rows = self._rows.read(f"{_SELECT} WHERE open = 1 ORDER BY position")
        return tuple(_event(row) for row in rows)

    def event(self, name: str) -> Event | None:
        """The event with this id."""
        rows = self._rows.read(f"{_SELECT} WHERE id = ?", (name,))
        return _event(rows[0]) if rows else None

    def recent(self, limit: int) -> tuple[Event, ...]:
        """The last events recorded, newest first."""
        rows = self._rows.read(f"{_SELECT} ORDER BY position DESC LIMIT ?", (limit,))
        return tuple(_event(row) for row in rows)

    def counts(self) -> dict[str, int]:
        """Events ever recorded, per type."""
        return dict(self._rows.read("SELECT type, events FROM tallies ORDER BY type"))

    def next_connection(self) -> int:
        """The number of the connection that is about to be tried: 1, 2, … over all runs."""
        with self._rows.transaction() as connection:
            ((number,),) = connection.execute(
                "INSERT INTO counters (name, value) VALUES ('connections', 1) "
                "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
            ).fetchall()
        return int(number)

    def begin_epoch(self) -> None:
        """Count under a new name: numbers of the old one may have been given out that this
        database does not know of (it was restored from a copy).
        """
        epoch = str(uuid.uuid4())
        self._rows.write("UPDATE identity SET epoch = ?", (epoch,))
        self.epoch = epoch

    def clock_floor(self) -> datetime:
        """The latest time that this site and its center have agreed on; 1970 before the first."""
        rows = self._rows.read("SELECT value FROM counters WHERE name = 'clock_floor'")
        return wall(int(rows[0][0])) if rows else wall(0)

    def raise_clock_floor(self, now: datetime) -> None:
        """Both clocks have reached this time."""
        self._rows.write(
            "INSERT INTO counters (name, value) VALUES ('clock_floor', ?) "
            "ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (us(now),),
        )

    def _identify(self) -> str:
        with self._rows.transaction() as connection:
            connection.execute(
                "INSERT INTO identity (one, epoch) VALUES (1, ?) ON CONFLICT (one) DO NOTHING",
                (str(uuid.uuid4()),),
            )
            return str(connection.execute("SELECT epoch FROM identity").fetchone()[0])


def open_journal(
    path: Path, quotas: Mapping[Lane, int], now: datetime
) -> tuple[Journal, Path | None]:
    """The journal; a damaged one is moved aside (the second value is where to) and a new one with
    a new epoch begins. Raises Trouble for anything else, and when it cannot be moved.
    """
    try:
        return Journal(path, quotas), None
    except Trouble as trouble:
        if trouble.code != "store.damaged":
            raise
    try:
        aside = move_aside(path, now)
    except OSError as error:
        raise Trouble(
            "store.unavailable",
            f"Cơ sở dữ liệu {path.name} bị hỏng và không đổi tên được ({error.strerror}). "
            "Kiểm tra ổ đĩa.",
            f"The database {path.name} is damaged and cannot be moved aside ({error.strerror}). "
            "Check the disk.",
        ) from error
    return Journal(path, quotas), aside


def _insert_event(connection: sqlite3.Connection, event: Event, data: str) -> bool:
    done = connection.execute(
        "INSERT INTO events (id, source, type, subject, time, severity, data, still, open) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ? AND NOT EXISTS (SELECT 1 FROM events WHERE id = ?)) "
        "ON CONFLICT (id) DO NOTHING",
        (
            *(event.id, event.source, event.type, event.subject, us(event.time)),
            *(event.severity, data, event.still),
            *(event.id.endswith(_OPENED), event.id.removesuffix(_OPENED) + _CLOSED),
        ),
    ).rowcount
    if not done:
        return False
    if event.id.endswith(_CLOSED):
        opened = event.id.removesuffix(_CLOSED) + _OPENED
        connection.execute("UPDATE events SET open = 0 WHERE id = ?", (opened,))
    connection.execute(
        "INSERT INTO tallies (type, events) VALUES (?, 1) "
        "ON CONFLICT (type) DO UPDATE SET events = events + 1",
        (event.type,),
    )
    return True


def _event(row: tuple[Any, ...]) -> Event:
    name, source, kind, subject, time, severity, data, still = row
    values: Mapping[str, Any] = json.loads(data)
    return Event(name, source, kind, subject, wall(time), severity, values, still)
