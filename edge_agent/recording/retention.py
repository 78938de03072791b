"""What may be deleted: the ceiling is an offer, the floor a promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from edge_agent.core.media import Segment

AT_MOST = 86_400  # seconds of one camera's footage in one pass; passes are hourly


def victims(
    segments: Sequence[Segment],
    newest: Mapping[str, datetime],
    now: datetime,
    ceiling_days: int,
    floor_days: int,
) -> tuple[Segment, ...]:
    """The files past the ceiling, oldest first; pure.

    `newest` is the last recorded moment of each camera, of all that is indexed. Never a camera's
    newest file, never anything inside the floor, nothing at all while the clock is implausible,
    and at most a day of each camera's footage at a time: a clock that leaps years ahead must not
    empty the disk before anybody has noticed.
    """
    if not plausible(newest, now):
        return ()
    border = now - timedelta(days=max(ceiling_days, floor_days))
    chosen: list[Segment] = []
    seconds: Counter[str] = Counter()
    for segment in sorted(segments, key=lambda segment: segment.start):
        old = _end(segment) < border and _end(segment) < newest.get(segment.camera, _end(segment))
        if old and seconds[segment.camera] < AT_MOST:
            # whole seconds, rounded up: a file of no length must count too
            seconds[segment.camera] += int(segment.seconds) + 1
            chosen.append(segment)
    return tuple(chosen)


def plausible(newest: Mapping[str, datetime], now: datetime) -> bool:
    """Whether `now` can be true: the clock is not before what has already been recorded."""
    return all(now >= end - timedelta(seconds=5) for end in newest.values())


def _end(segment: Segment) -> datetime:
    return segment.start + timedelta(seconds=segment.seconds)
