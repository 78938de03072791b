"""Delivery: which sequence numbers the center has, and what stands for those it will never get.

A sequence number counts the messages of one lane of one events database (the epoch): 1, 2, …,
never reused. Every number given out is at the center, in the outbox, or under a tombstone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from edge_agent.core.event import Lane

HIGHEST_SEQUENCE = 2**63 - 1
MOST_GAPS = 64

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ranges:
    """A set of sequence numbers as closed spans: ascending, disjoint, never adjacent.

    Build it with `Ranges.of` or `Ranges.numbers`; the constructor takes spans that are so already.
    """

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Ranges:
        """The union of closed spans in any order. Raises ValueError for one that ends before it
        begins or begins below 1.
        """
        joined: list[Span] = []
        for first, last in sorted(spans):
            if not 1 <= first <= last:
                raise ValueError(f"not a span of sequence numbers: {first}..{last}")
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = joined[-1][0], max(last, joined[-1][1])
            else:
                joined.append((first, last))
        return cls(tuple(joined))

    @classmethod
    def numbers(cls, numbers: Iterable[int]) -> Ranges:
        """The set of these numbers."""
        return cls.of((number, number) for number in numbers)

    def __or__(self, other: Ranges) -> Ranges:
        return Ranges.of((*self.spans, *other.spans))

    def __and__(self, other: Ranges) -> Ranges:
        return self - (self - other)

    def __sub__(self, other: Ranges) -> Ranges:
        left: list[Span] = []
        for first, last in self.spans:
            left += _outside(first, last, other.spans)
        return Ranges(tuple(left))

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self.spans, (number, HIGHEST_SEQUENCE)) - 1
        return place >= 0 and number <= self.spans[place][1]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.spans:
            yield from range(first, last + 1)

    @property
    def through(self) -> int:
        """The contiguous high-water mark: everything from 1 to it is in the set; 0 without 1."""
        return self.spans[0][1] if self.spans and self.spans[0][0] == 1 else 0

    @property
    def highest(self) -> int:
        """The highest number in the set; 0 when it is empty."""
        return self.spans[-1][1] if self.spans else 0

    def gaps(self) -> Ranges:
        """What is missing below `highest`."""
        return Ranges.of([(1, self.highest)]) - self if self.spans else self


def _outside(first: int, last: int, spans: tuple[Span, ...]) -> Iterator[Span]:
    """The parts of first..last that lie in none of the spans."""
    start = max(0, bisect_right(spans, (first, HIGHEST_SEQUENCE)) - 1)
    for low, high in spans[start:]:
        if low > last:
            break
        if high < first:
            continue
        if low > first:
            yield first, low - 1
        first = high + 1
    if first <= last:
        yield first, last


@dataclass(frozen=True, slots=True)
class LaneAck:
    """What the center has of one lane, stored or explained: all numbers ≤ `through`; of
    through+1..seen all but `gaps` (ascending, disjoint). Of numbers > `seen` it says nothing.

    Raises ValueError when that does not hold together.
    """

    through: int
    seen: int
    gaps: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.through <= self.seen <= HIGHEST_SEQUENCE or len(self.gaps) > MOST_GAPS:
            raise ValueError(f"not an acknowledgement: through {self.through}, seen {self.seen}")
        before = self.through
        for first, last in self.gaps:
            if not before < first <= last <= self.seen:
                raise ValueError(f"gap {first}..{last} is out of order or out of range")
            before = last

    @property
    def had(self) -> Ranges:
        """The numbers that the center has."""
        return Ranges.of([(1, self.seen)]) - Ranges(self.gaps) if self.seen else Ranges()


def lane_ack(received: Ranges) -> LaneAck:
    """What to acknowledge of the numbers received; `seen` ends before the gap that is one too many.

    A lane whose first number is missing has through 0 and a gap that begins at 1.
    """
    gaps = received.gaps().spans
    seen = received.highest if len(gaps) <= MOST_GAPS else gaps[MOST_GAPS][0] - 1
    return LaneAck(received.through, seen, gaps[:MOST_GAPS])


@dataclass(frozen=True, slots=True)
class Ack:
    """What the center has committed, sent after its commit; lanes without news may be absent."""

    epoch: str
    time: datetime
    lanes: Mapping[Lane, LaneAck] = field(default_factory=dict)


class GivenUp(StrEnum):
    """Why a message will never come."""

    QUOTA = "quota"  # the lane was full, the oldest made room
    BUDGET = "budget"  # the day's bytes of the lane are used up
    OVERSIZE = "oversize"  # larger than the broker takes
    POISON = "poison"  # the connection died with it again and again; kept at the site
    SETTLED = "settled"  # the center had acknowledged it once and asks again: it was restored
    DAMAGED = "damaged"  # the site's database could not give it back


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Stands for messages first..last of a lane that will never come; `count` of them were given
    up by `time` (the latest), the rest had been settled before.

    Raises ValueError when that does not hold together.
    """

    lane: Lane
    first: int
    last: int
    count: int
    reason: GivenUp
    time: datetime

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last <= HIGHEST_SEQUENCE:
            raise ValueError(f"not a span of sequence numbers: {self.first}..{self.last}")
        if not 1 <= self.count <= self.last - self.first + 1:
            raise ValueError(f"{self.count} messages cannot lie in {self.first}..{self.last}")
