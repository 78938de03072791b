"""Rows of the outbox made ready for the line: one alone, many in a batch, or tombstones. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge_agent.core.delivery import Ranges, Tombstone
from edge_agent.core.event import Lane
from edge_agent.link import batch, labels, tombstones
from edge_agent.link.wire import CLOUDEVENT, Topics
from edge_agent.store.outbox import Row, Waiting

LATE_SECONDS = 60.0
SUSPICIOUS_LOSSES = 2
_HEADER = 40  # fixed header, packet id, property ids and lengths, about


@dataclass(frozen=True, slots=True)
class Parcel:
    """One publication: what it says and which numbers of its lane it stands for."""

    lane: Lane
    numbers: Ranges
    topic: str
    payload: bytes
    content_type: str
    labels: Mapping[str, str]
    stones: bool = False

    @property
    def size(self) -> int:
        """Bytes on the line, headers of MQTT included."""
        words = sum(len(key) + len(value) + 5 for key, value in self.labels.items())
        return len(self.payload) + len(self.topic) + len(self.content_type) + words + _HEADER


@dataclass(frozen=True, slots=True)
class Plan:
    """Which rows go together; `suspect` when one goes alone because connections died with it."""

    rows: tuple[Waiting, ...]
    suspect: bool = False


def plan(rows: Sequence[Waiting], largest: int, shrink: float) -> Plan:
    """The first rows that make one packet of about `largest` bytes; `shrink` is what compression
    makes of a byte. A row that connections died with goes alone; so does what is no event.
    """
    if not rows:
        return Plan(())
    if rows[0].losses >= SUSPICIOUS_LOSSES:
        return Plan((rows[0],), suspect=True)
    if rows[0].content_type != CLOUDEVENT:
        return Plan((rows[0],))
    alike: list[Waiting] = []
    for row in rows:
        if row.losses >= SUSPICIOUS_LOSSES or row.content_type != CLOUDEVENT:
            break
        alike.append(row)
    sizes = [max(1, round(row.size * shrink)) for row in alike]
    safe = batch.fitting([row.size for row in alike])
    return Plan(tuple(alike[: min(safe, batch.fitting(sizes, largest))]))


def is_late(time: datetime, now: datetime) -> bool:
    """Whether a fact of that time is told late."""
    return (now - time).total_seconds() > LATE_SECONDS


def of_rows(epoch: str, rows: Sequence[tuple[Row, bool]], topics: Topics) -> Parcel:
    """The publication of rows of one lane, each with whether it is late."""
    first, late = rows[0]
    numbers = Ranges.numbers(row.sequence for row, _late in rows)
    if len(rows) == 1:
        named = labels.single(epoch, first.lane, first.sequence, late=late)
        message = first.message
        return Parcel(
            first.lane, numbers, message.topic, message.payload, message.content_type, named
        )
    items = [batch.Packable(row.sequence, late, row.message.payload) for row, late in rows]
    return Parcel(
        first.lane,
        numbers,
        topics.event(first.lane),
        batch.encode_batch(epoch, first.lane, items),
        batch.CONTENT_TYPE,
        labels.several(epoch, first.lane, first.sequence, numbers.highest, len(rows)),
    )


def of_tombstones(epoch: str, stones: Sequence[Tombstone], topics: Topics) -> Parcel:
    """The publication of tombstones of one lane, at most `tombstones.MOST`."""
    lane = stones[0].lane
    numbers = Ranges.of((stone.first, stone.last) for stone in stones)
    count = sum(stone.count for stone in stones)
    return Parcel(
        lane,
        numbers,
        topics.event(lane),
        tombstones.encode_tombstones(epoch, lane, stones),
        tombstones.CONTENT_TYPE,
        labels.several(epoch, lane, numbers.spans[0][0], numbers.highest, count),
        stones=True,
    )
