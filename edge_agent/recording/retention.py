"""What may be deleted, and whether the promise holds: the ceiling is an offer, the floor a promise.

Pure: values in, decisions out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from edge_agent.core.ledger import EVERY_CAMERA, Hold, Promise
from edge_agent.core.media import Segment

AT_MOST = 86_400  # seconds of one camera's footage in one pass; passes are hourly
_DAY = timedelta(days=1)
_EPOCH_DAY = 86_400
_NEVER = datetime.max.replace(tzinfo=UTC)


def victims(
    segments: Sequence[Segment],
    newest: Mapping[str, datetime],
    now: datetime,
    ceiling_days: int,
    floor_days: int,
    holds: Sequence[Hold] = (),
) -> tuple[Segment, ...]:
    """The files past the ceiling, oldest first.

    `newest` is the last recorded moment of each camera, of all that is indexed. Never a camera's
    newest file, never anything inside the floor or on hold, nothing at all while the clock is
    implausible, and at most a day of each camera's footage at a time: a clock that leaps years
    ahead must not empty the disk before anybody has noticed.
    """
    if not plausible(newest, now):
        return ()
    border = now - timedelta(days=max(ceiling_days, floor_days))
    held, chosen = Held(holds, now), list[Segment]()
    seconds: Counter[str] = Counter()
    for segment in sorted(segments, key=lambda segment: segment.start):
        if not _may_go(segment, newest, held) or _end(segment) >= border:
            continue
        if seconds[segment.camera] < AT_MOST:
            # whole seconds, rounded up: a file of no length must count too
            seconds[segment.camera] += int(segment.seconds) + 1
            chosen.append(segment)
    return tuple(chosen)


def room_for(
    needed: int,
    segments: Sequence[Segment],
    newest: Mapping[str, datetime],
    now: datetime,
    holds: Sequence[Hold] = (),
) -> tuple[Segment, ...]:
    """The oldest files that together make room for `needed` bytes, or all that may go.

    The caller says by `segments` how young they may be. Never a camera's newest file, never
    anything on hold, nothing while the clock is implausible.
    """
    if not plausible(newest, now):
        return ()
    held, chosen = Held(holds, now), list[Segment]()
    for segment in sorted(segments, key=lambda segment: segment.start):
        if needed <= 0:
            break
        if _may_go(segment, newest, held):
            needed -= segment.size
            chosen.append(segment)
    return tuple(chosen)


class Held:
    """The spans that active holds cover, merged, so that thousands of holds cost nothing."""

    def __init__(self, holds: Iterable[Hold], now: datetime) -> None:
        self._holds = [hold for hold in holds if hold.active(now)]
        self._spans: dict[str, list[tuple[datetime, datetime]]] = {}

    def spans(self, camera: str) -> list[tuple[datetime, datetime]]:
        """The held spans of a camera, ordered, without overlap; one may reach to `datetime.max`."""
        if camera not in self._spans:
            mine = sorted(
                (hold.start, hold.end or _NEVER)
                for hold in self._holds
                if hold.camera in {camera, EVERY_CAMERA}
            )
            self._spans[camera] = _merged(mine)
        return self._spans[camera]

    def covers(self, camera: str, start: datetime, end: datetime) -> bool:
        """Whether any moment of [start, end) is held."""
        spans = self.spans(camera)
        after = bisect_left(spans, end, key=lambda span: span[0])
        return after > 0 and spans[after - 1][1] > start


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif end > start:
            merged.append((start, end))
    return merged


def plausible(newest: Mapping[str, datetime], now: datetime) -> bool:
    """Whether `now` can be true: the clock is not before what has already been recorded."""
    return all(now >= end - timedelta(seconds=5) for end in newest.values())


@dataclass(frozen=True, slots=True)
class Stock:
    """What is kept of one camera: bytes by day of their start (days since 1970-01-01 UTC), the
    part of them that is on hold, the oldest moment kept, bytes written per day.
    """

    by_day: Mapping[int, int]
    held_by_day: Mapping[int, int]
    oldest: datetime
    per_day: float


def bytes_per_day(by_day: Mapping[int, int], oldest: datetime, now: datetime) -> float:
    """Bytes a day over the last week of complete days, or over what there is of it.

    Less than an hour of footage says nothing: 0.
    """
    today = int(now.timestamp()) // _EPOCH_DAY
    span = min(now - oldest, 7 * _DAY + timedelta(seconds=now.timestamp() % _EPOCH_DAY))
    if span < timedelta(hours=1):
        return 0.0
    return sum(size for day, size in by_day.items() if day >= today - 7) / (span / _DAY)


def risk_days(
    stocks: Iterable[Stock], capacity: int, now: datetime, floor_days: int
) -> float | None:
    """Days until the disk cannot hold what must be kept; None when it always can.

    Looks ahead day by day: every camera goes on writing at its measured rate, whatever is older
    than the floor makes room, what is on hold stays. `capacity` is what the disk has for footage.
    After `floor_days` from now the stock no longer grows.
    """
    known = list(stocks)
    rate = sum(stock.per_day for stock in known)
    held = sum(sum(stock.held_by_day.values()) for stock in known)
    free: Counter[int] = Counter()
    for stock in known:
        for day, size in stock.by_day.items():
            free[day] += max(0, size - stock.held_by_day.get(day, 0))
    today = now.timestamp() / _EPOCH_DAY
    before = 0.0
    for ahead in range(floor_days + 1):
        kept = sum(size for day, size in free.items() if day + 1 > today + ahead - floor_days)
        used = held + kept + rate * ahead
        if used > capacity:
            # between two days the stock grows evenly enough
            over = (used - capacity) / max(rate, used - capacity)
            return max(before, ahead - over)
        before = float(ahead)
    return None


def promise(days_held: float, broken: bool, risk: float | None) -> Promise:
    """The state of one camera's promise; 0 days of risk is broken, not at risk."""
    if broken or (risk is not None and risk <= 0.0 and days_held > 0):
        return Promise.BROKEN
    return Promise.AT_RISK if risk is not None else Promise.MET


@dataclass(slots=True)
class ClockWatch:
    """Whether the wall clock may be believed when it says that footage is old.

    A step of it (against the monotonic clock) of more than `step` seconds makes it suspect until
    something that keeps time, NTP, says that it is right. So does a leap of more than `leap` from
    the newest footage to the first look.
    """

    step: float = 2.0
    leap: timedelta = timedelta(days=7)
    suspect: bool = False
    _offset: float | None = None

    def look(self, wall: datetime, mono: float, synchronised: bool | None) -> bool:
        """See both clocks again; whether the wall clock may be believed now."""
        offset = wall.timestamp() - mono
        if self._offset is not None and abs(offset - self._offset) > self.step:
            self.suspect = True
        self._offset = offset
        if synchronised:
            self.suspect = False
        return not self.suspect

    def first(self, wall: datetime, newest: datetime | None, synchronised: bool | None) -> None:
        """At the start: compare with the newest footage there is."""
        if newest is not None and wall - newest > self.leap and not synchronised:
            self.suspect = True


def _may_go(segment: Segment, newest: Mapping[str, datetime], held: Held) -> bool:
    end = _end(segment)
    if end >= newest.get(segment.camera, end):
        return False
    return not held.covers(segment.camera, segment.start, end)


def _end(segment: Segment) -> datetime:
    return segment.start + timedelta(seconds=segment.seconds)
