"""Tombstones and the quarantine: what stands for messages that will never be sent."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.core.delivery import GivenUp, Tombstone
from edge_agent.core.event import Lane
from edge_agent.store.connections import Connections
from edge_agent.store.moments import us, wall


@dataclass(frozen=True, slots=True)
class SetAside:
    """A message in quarantine: the fact it was about, and why."""

    lane: Lane
    sequence: int
    event: str
    size: int
    reason: GivenUp
    time: datetime


def bury(connection: sqlite3.Connection, stone: Tombstone) -> None:
    """Put up a tombstone, joined with those beside it that have the same reason."""
    first, last, count = stone.first, stone.last, stone.count
    beside = connection.execute(
        "SELECT first, last, count FROM tombstones "
        "WHERE lane = ? AND reason = ? AND (last = ? OR first = ?)",
        (stone.lane.value, stone.reason.value, stone.first - 1, stone.last + 1),
    ).fetchall()
    for low, high, more in beside:
        first, last, count = min(first, low), max(last, high), count + more
        connection.execute(
            "DELETE FROM tombstones WHERE lane = ? AND first = ?", (stone.lane.value, low)
        )
    connection.execute(
        "INSERT INTO tombstones (lane, first, last, count, reason, time) VALUES (?, ?, ?, ?, ?, ?)",
        (stone.lane.value, first, last, count, stone.reason.value, us(stone.time)),
    )


def forget(connection: sqlite3.Connection, lane: Lane, first: int, last: int) -> None:
    """The center knows of first..last: tombstones that lie wholly among them go."""
    connection.execute(
        "DELETE FROM tombstones WHERE lane = ? AND first >= ? AND last <= ?",
        (lane.value, first, last),
    )


def tombstones(rows: Connections, lane: Lane) -> tuple[Tombstone, ...]:
    """The tombstones of a lane, in order."""
    found = rows.read(
        "SELECT first, last, count, reason, time FROM tombstones WHERE lane = ? ORDER BY first",
        (lane.value,),
    )
    return tuple(
        Tombstone(lane, first, last, count, GivenUp(reason), wall(time))
        for first, last, count, reason, time in found
    )


def set_aside(
    connection: sqlite3.Connection, lane: Lane, sequence: int, reason: GivenUp, now: datetime
) -> bool:
    """Move a row into the quarantine and put up its tombstone; False when there is no such row."""
    moved = connection.execute(
        "INSERT INTO quarantine (lane, sequence, topic, content_type, payload, event, reason, time)"
        " SELECT lane, sequence, topic, content_type, payload, event, ?, ? FROM outbox "
        "WHERE lane = ? AND sequence = ?",
        (reason.value, us(now), lane.value, sequence),
    ).rowcount
    if not moved:
        return False
    connection.execute("DELETE FROM outbox WHERE lane = ? AND sequence = ?", (lane.value, sequence))
    bury(connection, Tombstone(lane, sequence, sequence, 1, reason, now))
    return True


def untold(rows: Connections) -> tuple[SetAside, ...]:
    """Messages in quarantine that no event tells of."""
    found = rows.read(
        "SELECT lane, sequence, event, length(payload), reason, time FROM quarantine "
        "WHERE told = 0 ORDER BY lane, sequence LIMIT 100"
    )
    return tuple(
        SetAside(Lane(lane), sequence, event, size, GivenUp(reason), wall(time))
        for lane, sequence, event, size, reason, time in found
    )


def told(rows: Connections, aside: SetAside) -> None:
    """An event tells of it now."""
    rows.write(
        "UPDATE quarantine SET told = 1 WHERE lane = ? AND sequence = ?",
        (aside.lane.value, aside.sequence),
    )
