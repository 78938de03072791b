"""What there is of a camera between two moments: files and holes, in order, nothing left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.core.media import Gap, Segment

_ROUNDING = timedelta(seconds=0.1)  # neighbours' labels differ by less; the ledger's own tolerance


@dataclass(frozen=True, slots=True)
class Recorded:
    """The part [start, end) of the span that this file shows."""

    start: datetime
    end: datetime
    segment: Segment


@dataclass(frozen=True, slots=True)
class Missing:
    """A part [start, end) of the span without pictures. `reason` is a GapReason, or empty where
    the ledger says nothing: not recorded yet, still being written, or long deleted.
    """

    start: datetime
    end: datetime
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A camera's [start, end): `files` in the order in which they are to be seen, `missing` by
    time. Together they cover the span; files overlap only where the clock was set back.
    """

    camera: str
    start: datetime
    end: datetime
    files: tuple[Recorded, ...]
    missing: tuple[Missing, ...]

    @property
    def lost(self) -> float:
        """Seconds without pictures."""
        return sum((hole.end - hole.start).total_seconds() for hole in self.missing)

    @property
    def recorded(self) -> float:
        """Seconds with pictures; overlapping files count once."""
        return (self.end - self.start).total_seconds() - self.lost


def plan(
    camera: str,
    start: datetime,
    end: datetime,
    segments: Sequence[Segment],
    gaps: Sequence[Gap],
) -> Span:
    """Lay files and gaps over [start, end); both may reach beyond it and come in any order.

    Files of one run stay together: where the wall clock was set back two runs cover the same
    hour, and each is seen whole, in the order in which they were recorded.
    """
    parts = [
        Recorded(max(start, one.start), min(end, one.end), one)
        for one in sorted(segments, key=lambda one: one.start)
        if one.start < end and one.end > start
    ]
    holes = _holes(start, end, parts)
    named = [piece for hole in holes for piece in _explained(hole, gaps)]
    return Span(camera, start, end, tuple(_by_run(parts)), tuple(named))


def _holes(start: datetime, end: datetime, parts: Sequence[Recorded]) -> list[Missing]:
    holes, reached = [], start
    for part in parts:
        if part.start - reached > _ROUNDING:
            holes.append(Missing(reached, part.start))
        reached = max(reached, part.end)
    if end - reached > _ROUNDING:
        holes.append(Missing(reached, end))
    return holes


def _explained(hole: Missing, gaps: Sequence[Gap]) -> list[Missing]:
    """The hole, cut where the ledger's reasons begin and end; an open gap reaches to the end."""
    pieces, reached = [], hole.start
    for gap in sorted(gaps, key=lambda gap: gap.start):
        begin, finish = max(reached, gap.start), min(hole.end, gap.end or hole.end)
        if finish <= begin:
            continue
        if begin > reached:
            pieces.append(Missing(reached, begin))
        pieces.append(Missing(begin, finish, gap.reason.value, gap.detail))
        reached = finish
    if reached < hole.end:
        pieces.append(Missing(reached, hole.end))
    return pieces


def _by_run(parts: Sequence[Recorded]) -> list[Recorded]:
    began: dict[str, int] = {}
    for at, part in enumerate(parts):
        began.setdefault(part.segment.run, at)
    return sorted(parts, key=lambda part: (began[part.segment.run], part.start))
