"""Days of the ledger: which seconds of a camera's day are recorded, and why the others are not.

Pure: files and gaps in, days out. Every due second is in a file or in exactly one gap, whatever
the rows say; a hole that no row explains becomes a gap of its own, marked `NOT_NOTICED`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from edge_agent.core.ledger import Day
from edge_agent.core.media import Gap, GapReason, Segment

NOT_NOTICED = "not noticed by the recorder"
TOLERANCE = timedelta(milliseconds=100)  # files follow each other within this
_MENDED = timedelta(milliseconds=300)  # a gap may begin this much before a file's last picture ends

_Span = tuple[datetime, datetime]


def day_bounds(day: date, zone: tzinfo) -> _Span:
    """A day of the site's time zone, in UTC; 23 or 25 hours where clocks are changed."""
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The day that a moment falls on at the site."""
    return moment.astimezone(zone).date()


def account(
    camera: str, day: date, due: _Span, segments: Iterable[Segment], gaps: Iterable[Gap]
) -> Day:
    """One camera's day; `due` is the part of it in which recording was due.

    `segments` and `gaps` are whole and may reach beyond the day. Footage is proof: a gap that
    overlaps it is clipped, but for a stall, which is a gap inside one file. Two gaps over one
    second: the earlier says the reason.
    """
    start, end = due
    if end <= start:
        return Day(camera, day, start, start, ())
    known = sorted(gaps, key=lambda gap: gap.start)
    recorded = _merged(_recorded(sorted(segments, key=lambda one: one.start), known), due)
    lost: list[Gap] = []
    for hole in _between(recorded, due):
        lost += _explained(camera, hole, known)
    return Day(camera, day, start, end, tuple(_joined(lost)))


def not_noticed(day: Day) -> timedelta:
    """How much of a day the recorder itself did not explain: 0 unless something is wrong."""
    found = (gap for gap in day.gaps if gap.detail == NOT_NOTICED)
    return sum(((gap.end or day.end) - gap.start for gap in found), timedelta())


def _recorded(segments: Sequence[Segment], gaps: Sequence[Gap]) -> Iterator[_Span]:
    """The spans of the files, without the stalls inside them; files that all but touch do."""
    at = 0
    for index, segment in enumerate(segments):
        start, end = segment.start, segment.start + timedelta(seconds=segment.seconds)
        if index + 1 < len(segments) and timedelta() < segments[index + 1].start - end <= TOLERANCE:
            end = segments[index + 1].start
        while at < len(gaps) and gaps[at].start < start:
            at += 1
        reached, inside = start, at
        while inside < len(gaps) and gaps[inside].start < end:
            stall = gaps[inside]
            if stall.end is not None and stall.end <= end and stall.start < end - _MENDED:
                yield reached, max(reached, stall.start)
                reached = max(reached, stall.end)
            inside += 1
        yield reached, end


def _merged(spans: Iterable[_Span], due: _Span) -> list[_Span]:
    """Spans clipped to `due`, ordered, without overlap."""
    merged: list[_Span] = []
    for span in sorted(spans):
        start, end = max(span[0], due[0]), min(span[1], due[1])
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _between(spans: Sequence[_Span], due: _Span) -> Iterator[_Span]:
    reached = due[0]
    for start, end in spans:
        if start > reached:
            yield reached, start
        reached = end
    if reached < due[1]:
        yield reached, due[1]


def _explained(camera: str, hole: _Span, gaps: Sequence[Gap]) -> Iterator[Gap]:
    """The hole as gaps: those that are known, and one for each part that nobody explained."""
    reached, until = hole
    for gap in gaps:
        if gap.start >= until:
            break
        start, end = max(gap.start, reached), min(gap.end or until, until)
        if end <= start:
            continue
        if start > reached:
            yield Gap(camera, reached, start, GapReason.UNKNOWN, NOT_NOTICED)
        yield Gap(camera, start, end, gap.reason, gap.detail)
        reached = end
    if reached < until:
        yield Gap(camera, reached, until, GapReason.UNKNOWN, NOT_NOTICED)


def _joined(gaps: Iterable[Gap]) -> Iterator[Gap]:
    """Gaps in order; a sliver that nobody noticed belongs to the gap that it touches."""
    last: Gap | None = None
    for gap in gaps:
        if last is None or last.end != gap.start:
            if last is not None:
                yield last
            last = gap
        elif _sliver(gap) or (last.reason, last.detail) == (gap.reason, gap.detail):
            last = Gap(last.camera, last.start, gap.end, last.reason, last.detail)
        elif _sliver(last):
            last = Gap(gap.camera, last.start, gap.end, gap.reason, gap.detail)
        else:
            yield last
            last = gap
    if last is not None:
        yield last


def _sliver(gap: Gap) -> bool:
    return gap.detail == NOT_NOTICED and (gap.end or gap.start) - gap.start <= _MENDED
