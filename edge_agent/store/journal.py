"""The events database: facts, and in the same transaction the notes of who must be told."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from edge_agent.core.event import Event, Lane, Message
from edge_agent.store.connections import Connections

LARGEST_PAYLOAD = 128 * 1024

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPENED, _CLOSED = ".opened", ".closed"
_SELECT = "SELECT id, source, type, subject, time, severity, data, still FROM events"


@dataclass(frozen=True, slots=True)
class Row:
    """A message that waits in the outbox; (lane, sequence) names it for ever within an epoch."""

    lane: Lane
    sequence: int
    message: Message

    @property
    def key(self) -> tuple[Lane, int]:
        """What `acknowledged` and `pending(skip=…)` take."""
        return self.lane, self.sequence


@dataclass(frozen=True, slots=True)
class Backlog:
    """What still waits: messages, payload bytes, and the time of the oldest fact among them."""

    count: int
    bytes: int
    oldest: datetime | None


class Journal:
    """The events database, for any number of threads of one process.

    Every thread works on a connection of its own. What `record` has returned from survives
    kill -9 and power loss. Every method raises Trouble (`store.unavailable`, `store.damaged`)
    when the database does not answer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = Connections(path, "events")
        self.epoch = self._identify()

    def close(self) -> None:
        """Close the connections of all threads; no method may be running or follow."""
        self._rows.close()

    def record(self, event: Event, messages: Sequence[Message]) -> bool:
        """Store the fact and its messages, all or nothing; False when its id is known already.

        Raises ValueError for a payload over `LARGEST_PAYLOAD` bytes: it could never leave.
        """
        for message in messages:
            if len(message.payload) > LARGEST_PAYLOAD:
                raise ValueError(f"{event.id}: a payload of {len(message.payload)} bytes")
        data = json.dumps(dict(event.data), ensure_ascii=False, sort_keys=True)
        with self._rows.transaction() as connection:
            if not _insert_event(connection, event, data):
                return False
            for message in messages:
                _enqueue(connection, event, message)
        return True

    def pending(
        self,
        limit: int,
        skip: Collection[tuple[Lane, int]] = (),
        lanes: Iterable[Lane] = tuple(Lane),
    ) -> tuple[Row, ...]:
        """At most `limit` messages that wait: most urgent lane first, oldest first inside it.

        Rows named in `skip` (already on their way, or refused a moment ago) are left out.
        """
        found: list[Row] = []
        for lane in sorted(lanes, key=list(Lane).index):
            skipped = sum(1 for key in skip if key[0] is lane)
            keys = self._rows.read(
                "SELECT sequence FROM outbox WHERE lane = ? ORDER BY sequence LIMIT ?",
                (lane.value, limit - len(found) + skipped),
            )
            wanted = [number for (number,) in keys if (lane, number) not in skip]
            found += self._load(lane, wanted[: limit - len(found)])
            if len(found) >= limit:
                break
        return tuple(found)

    def acknowledged(self, lane: Lane, sequence: int) -> None:
        """The message is taken over by the other side: its row goes, its event stays."""
        self.settle([(lane, sequence)])

    def settle(self, keys: Iterable[tuple[Lane, int]]) -> None:
        """`acknowledged` for many messages in one transaction; unknown ones count nothing."""
        with self._rows.transaction() as connection:
            gone = connection.executemany(
                "DELETE FROM outbox WHERE lane = ? AND sequence = ?",
                [(lane.value, sequence) for lane, sequence in keys],
            ).rowcount
            _count(connection, "acknowledged", max(0, gone))

    def backlog(self) -> Backlog:
        """How much waits, and since when."""
        ((count, size, oldest),) = self._rows.read(
            "SELECT count(*), coalesce(sum(size), 0), min(time) FROM outbox"
        )
        return Backlog(count, size, None if oldest is None else _moment(oldest))

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

    @property
    def acknowledged_total(self) -> int:
        """Messages ever acknowledged, over all runs of the program."""
        return self._counter("acknowledged")

    def high_water(self) -> dict[Lane, int]:
        """The highest sequence number given out so far, per lane; 0 before the first."""
        known = dict(self._rows.read("SELECT lane, sequence FROM lanes"))
        return {lane: known.get(lane.value, 0) for lane in Lane}

    def next_connection(self) -> int:
        """The number of the connection that is about to be tried: 1, 2, … over all runs."""
        with self._rows.transaction() as connection:
            return _count(connection, "connections", 1)

    def _counter(self, name: str) -> int:
        rows = self._rows.read("SELECT value FROM counters WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else 0

    def _load(self, lane: Lane, sequences: Sequence[int]) -> list[Row]:
        marks = ", ".join("?" * len(sequences))
        rows = self._rows.read(
            "SELECT sequence, topic, payload, content_type FROM outbox "  # noqa: S608 - only marks
            f"WHERE lane = ? AND sequence IN ({marks}) ORDER BY sequence",
            (lane.value, *sequences),
        )
        return [Row(lane, number, Message(lane, *rest)) for number, *rest in rows]

    def _identify(self) -> str:
        with self._rows.transaction() as connection:
            connection.execute(
                "INSERT INTO identity (one, epoch) VALUES (1, ?) ON CONFLICT (one) DO NOTHING",
                (str(uuid.uuid4()),),
            )
            return str(connection.execute("SELECT epoch FROM identity").fetchone()[0])


def _insert_event(connection: sqlite3.Connection, event: Event, data: str) -> bool:
    done = connection.execute(
        "INSERT INTO events (id, source, type, subject, time, severity, data, still, open) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ? AND NOT EXISTS (SELECT 1 FROM events WHERE id = ?)) "
        "ON CONFLICT (id) DO NOTHING",
        (
            *(event.id, event.source, event.type, event.subject, _us(event.time)),
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


def _enqueue(connection: sqlite3.Connection, event: Event, message: Message) -> None:
    ((sequence,),) = connection.execute(
        "INSERT INTO lanes (lane, sequence) VALUES (?, 1) "
        "ON CONFLICT (lane) DO UPDATE SET sequence = sequence + 1 RETURNING sequence",
        (message.lane.value,),
    ).fetchall()
    connection.execute(
        "INSERT INTO outbox (lane, sequence, topic, content_type, payload, size, event, time) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(message.lane.value, sequence, message.topic, message.content_type),
            *(message.payload, len(message.payload), event.id, _us(event.time)),
        ),
    )


def _count(connection: sqlite3.Connection, name: str, more: int) -> int:
    ((value,),) = connection.execute(
        "INSERT INTO counters (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value",
        (name, more),
    ).fetchall()
    return int(value)


def _event(row: tuple[Any, ...]) -> Event:
    name, source, kind, subject, time, severity, data, still = row
    values: Mapping[str, Any] = json.loads(data)
    return Event(name, source, kind, subject, _moment(time), severity, values, still)


def _us(wall: datetime) -> int:
    return (wall - _EPOCH) // timedelta(microseconds=1)


def _moment(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)
