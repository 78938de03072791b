"""The outbox: messages that must not be lost, by lane, until the other side has them.

Every sequence number ever given out is settled, a row of the outbox, or under a tombstone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge_agent.core.delivery import Ack, GivenUp, LaneAck, Ranges, Tombstone
from edge_agent.core.event import Event, Lane, Message
from edge_agent.store import graves
from edge_agent.store.connections import Connections
from edge_agent.store.moments import us, wall

LARGEST_PAYLOAD = 96 * 1024
QUOTAS: Mapping[Lane, int] = {
    Lane.ALARM: 200_000_000,
    Lane.STATE: 200_000_000,
    Lane.BULK: 500_000_000,
    Lane.IMAGE: 2_000_000_000,
}
_ONE_GAP = 10_000  # numbers of a gap that are looked at for one acknowledgement


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row without its payload: `size` bytes of it, `time` of its fact, `losses` connections that
    ended while it was on its way.
    """

    sequence: int
    size: int
    time: datetime
    losses: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Row:
    """A message that waits; (lane, sequence) names it for ever within an epoch."""

    lane: Lane
    sequence: int
    message: Message


@dataclass(frozen=True, slots=True)
class LaneBacklog:
    """What waits in a lane: messages, payload bytes of its quota, time of the oldest fact."""

    count: int = 0
    bytes: int = 0
    oldest: datetime | None = None
    quota: int = 0

    @property
    def filled(self) -> float:
        """Share of the quota that is used, 0 to 1."""
        return self.bytes / self.quota if self.quota else 0.0


class Outbox:
    """The rows and tombstones of one events database; `quotas` are bytes of payload per lane.

    Every method raises Trouble when the database does not answer. `starved` names the lanes whose
    bytes of the day are used up: what their quota drops meanwhile was given up for the budget.
    """

    def __init__(self, rows: Connections, quotas: Mapping[Lane, int]) -> None:
        self.quotas = {**QUOTAS, **quotas}
        self.starved: frozenset[Lane] = frozenset()
        self._rows = rows

    def add(
        self, connection: sqlite3.Connection, event: Event, messages: Sequence[Message]
    ) -> None:
        """Within the event's transaction: number the messages; a lane that is full drops its
        oldest and leaves a tombstone. Raises ValueError for a payload that could never leave.
        """
        for message in messages:
            if len(message.payload) > LARGEST_PAYLOAD:
                raise ValueError(f"{event.id}: a payload of {len(message.payload)} bytes")
            _enqueue(connection, event, message)
        for lane in {message.lane for message in messages}:
            reason = GivenUp.BUDGET if lane in self.starved else GivenUp.QUOTA
            _evict(connection, lane, self.quotas[lane], reason, event.time)

    def waiting(self, lane: Lane, after: int, limit: int) -> tuple[Waiting, ...]:
        """The oldest rows with a sequence over `after`."""
        return self._waiting("lane = ? AND sequence > ?", (lane.value, after), limit)

    def fresh(self, lane: Lane, after: int, since: datetime, limit: int) -> tuple[Waiting, ...]:
        """Like `waiting`, of facts not older than `since`."""
        values = (lane.value, after, us(since))
        return self._waiting("lane = ? AND sequence > ? AND time >= ?", values, limit)

    def within(self, lane: Lane, numbers: Ranges, limit: int) -> tuple[Waiting, ...]:
        """The oldest rows among these sequence numbers."""
        found: list[Waiting] = []
        for first, last in numbers.spans:
            where = "lane = ? AND sequence BETWEEN ? AND ?"
            found += self._waiting(where, (lane.value, first, last), limit - len(found))
            if len(found) >= limit:
                break
        return tuple(found)

    def load(self, lane: Lane, sequences: Sequence[int]) -> tuple[Row, ...]:
        """The rows with these numbers that still wait, in order."""
        marks = ", ".join("?" * len(sequences))
        rows = self._rows.read(
            "SELECT sequence, topic, payload, content_type FROM outbox "  # noqa: S608 - only marks
            f"WHERE lane = ? AND sequence IN ({marks}) ORDER BY sequence",
            (lane.value, *sequences),
        )
        return tuple(Row(lane, number, Message(lane, *rest)) for number, *rest in rows)

    def settle(self, ack: Ack, now: datetime) -> int:
        """What the center has goes, rows and tombstones; what it misses and is not here gets a
        tombstone `settled`. How many rows went.
        """
        gone = 0
        with self._rows.transaction() as connection:
            for lane, one in ack.lanes.items():
                gone += _forget(connection, lane, one.had)
                _answer(connection, lane, one, now)
            _count(connection, "acknowledged", gone)
        return gone

    def taken(self, lane: Lane, numbers: Ranges) -> None:
        """The other side has these rows, or these tombstones (`ack: broker`)."""
        with self._rows.transaction() as connection:
            _count(connection, "acknowledged", _forget(connection, lane, numbers))

    def blame(self, lane: Lane, sequences: Collection[int]) -> None:
        """A connection ended while these were on their way."""
        self._losses("losses + 1", lane, sequences)

    def acquit(self, lane: Lane, sequences: Collection[int]) -> None:
        """These went well after all."""
        self._losses("0", lane, sequences)

    def quarantine(self, lane: Lane, sequence: int, reason: GivenUp, now: datetime) -> bool:
        """Set a row aside under a tombstone; False when it is not there any more."""
        with self._rows.transaction() as connection:
            return graves.set_aside(connection, lane, sequence, reason, now)

    def set_aside(self) -> tuple[graves.SetAside, ...]:
        """What was quarantined and no event says so yet."""
        return graves.untold(self._rows)

    def told(self, aside: graves.SetAside) -> None:
        """An event says so now."""
        graves.told(self._rows, aside)

    def set_aside_total(self) -> int:
        """How many messages are in quarantine."""
        return int(self._rows.read("SELECT count(*) FROM quarantine")[0][0])

    def tombstones(self, lane: Lane) -> tuple[Tombstone, ...]:
        """What the center does not know yet of messages given up, in order."""
        return graves.tombstones(self._rows, lane)

    def given_up(self) -> dict[str, int]:
        """Messages under tombstones that the center does not know of, per reason."""
        return dict(self._rows.read("SELECT reason, sum(count) FROM tombstones GROUP BY reason"))

    def backlog(self) -> dict[Lane, LaneBacklog]:
        """How much waits in each lane, and since when."""
        found = {
            Lane(lane): (count, size, oldest)
            for lane, count, size, oldest in self._rows.read(
                "SELECT lane, waiting, bytes, (SELECT min(time) FROM outbox "
                "WHERE outbox.lane = lanes.lane) FROM lanes"
            )
        }
        return {lane: self._backlog(lane, *found.get(lane, (0, 0, None))) for lane in Lane}

    def high_water(self) -> dict[Lane, int]:
        """The highest sequence number given out so far, per lane; 0 before the first."""
        known = dict(self._rows.read("SELECT lane, sequence FROM lanes"))
        return {lane: known.get(lane.value, 0) for lane in Lane}

    def acknowledged_total(self) -> int:
        """Messages ever taken over by the other side, over all runs of the program."""
        rows = self._rows.read("SELECT value FROM counters WHERE name = 'acknowledged'")
        return int(rows[0][0]) if rows else 0

    def _backlog(self, lane: Lane, count: int, size: int, oldest: int | None) -> LaneBacklog:
        since = None if oldest is None else wall(oldest)
        return LaneBacklog(count, size, since, self.quotas[lane])

    def _waiting(self, where: str, values: tuple[object, ...], limit: int) -> tuple[Waiting, ...]:
        rows = self._rows.read(
            "SELECT sequence, size, time, losses, content_type FROM outbox "  # noqa: S608 - ours
            f"WHERE {where} ORDER BY sequence LIMIT ?",
            (*values, limit),
        )
        return tuple(Waiting(n, size, wall(time), *rest) for n, size, time, *rest in rows)

    def _losses(self, value: str, lane: Lane, sequences: Collection[int]) -> None:
        with self._rows.transaction() as connection:
            connection.executemany(
                f"UPDATE outbox SET losses = {value} "  # noqa: S608 - one of two, above
                "WHERE lane = ? AND sequence = ?",
                [(lane.value, number) for number in sequences],
            )


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
            *(message.payload, len(message.payload), event.id, us(event.time)),
        ),
    )


def _evict(
    connection: sqlite3.Connection, lane: Lane, quota: int, reason: GivenUp, now: datetime
) -> None:
    """The oldest rows go until the lane keeps to its quota."""
    ((held,),) = connection.execute("SELECT bytes FROM lanes WHERE lane = ?", (lane.value,))
    dropped: list[int] = []
    rows = connection.execute(
        "SELECT sequence, size FROM outbox WHERE lane = ? ORDER BY sequence", (lane.value,)
    )
    for sequence, size in rows if held > quota else ():
        dropped.append(sequence)
        held -= size
        if held <= quota:
            break
    rows.close()
    for first, last in Ranges.numbers(dropped).spans:
        connection.execute(
            "DELETE FROM outbox WHERE lane = ? AND sequence BETWEEN ? AND ?",
            (lane.value, first, last),
        )
        graves.bury(connection, Tombstone(lane, first, last, last - first + 1, reason, now))


def _forget(connection: sqlite3.Connection, lane: Lane, had: Ranges) -> int:
    """Rows with these numbers go, and tombstones that lie wholly among them."""
    gone = 0
    for first, last in had.spans:
        span = (lane.value, first, last)
        gone += connection.execute(
            "DELETE FROM outbox WHERE lane = ? AND sequence BETWEEN ? AND ?", span
        ).rowcount
        connection.execute(
            "DELETE FROM tombstones WHERE lane = ? AND first >= ? AND last <= ?", span
        )
    return gone


def _answer(connection: sqlite3.Connection, lane: Lane, ack: LaneAck, now: datetime) -> None:
    """Numbers that the center misses and that are neither rows nor tombstones were settled once."""
    for first, end in ack.gaps:
        last = min(end, first + _ONE_GAP - 1)
        rows = connection.execute(
            "SELECT sequence, sequence FROM outbox WHERE lane = ? AND sequence BETWEEN ? AND ? "
            "UNION ALL "
            "SELECT first, last FROM tombstones WHERE lane = ? AND last >= ? AND first <= ?",
            (lane.value, first, last, lane.value, first, last),
        )
        for low, high in (Ranges.of([(first, last)]) - Ranges.of(rows)).spans:
            stone = Tombstone(lane, low, high, high - low + 1, GivenUp.SETTLED, now)
            graves.bury(connection, stone)


def _count(connection: sqlite3.Connection, name: str, more: int) -> None:
    if more:
        connection.execute(
            "INSERT INTO counters (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (name, more),
        )


def lanes_total(lanes: Iterable[LaneBacklog]) -> LaneBacklog:
    """All lanes as one."""
    lanes = tuple(lanes)
    times = [one.oldest for one in lanes if one.oldest is not None]
    return LaneBacklog(
        sum(one.count for one in lanes),
        sum(one.bytes for one in lanes),
        min(times, default=None),
        sum(one.quota for one in lanes),
    )
