"""The gap book of one camera: every due second is recorded or explained, by construction.

Pure: moments in, gaps to be written out. Moments are read from both clocks: the wall clock labels
the rows, the monotonic clock tells how much time they must explain when the labels were set back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from edge_agent.core.media import Gap, GapReason
from edge_agent.core.time import Instant

# files follow each other within this; less is arithmetic, not a loss
TOLERANCE = timedelta(milliseconds=100)
# runs may overlap by less when a camera's clock runs fast; more is a wall clock that was set back
_SET_BACK = timedelta(seconds=5)

Gaps = tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class GapBook:
    """Where a camera stands: recorded or explained up to `until`; in a gap from there if `open`.

    `until` None: the camera is new and nothing has been due yet.
    """

    camera: str
    until: Instant | None = None
    open: Gap | None = None

    def lost(self, now: Instant, reason: GapReason, detail: str = "") -> tuple[GapBook, Gaps]:
        """Due and not recording, seen at `now`: opens a gap from the last recorded moment.

        Another reason ends the open gap and begins the next, so that each second has one reason.
        """
        if self.open is None:
            begin = self._last(now)
            gap = Gap(self.camera, begin.wall, None, reason, detail)
            book, gaps = replace(self, until=begin, open=gap).moved(now)
            return book, gaps or (gap,)
        if self.open.reason is reason:
            return self, ()
        closed, gaps = self._closed(self.open, now)
        end = closed.end or now.wall
        gap = Gap(self.camera, end, None, reason, detail)
        book = replace(self, until=Instant(end, now.mono), open=gap)
        # a gap of no length is the same row: only the new reason is written
        return book, (*gaps, gap) if end == closed.start else (*gaps, closed, gap)

    def recording(
        self, start: Instant, reason: GapReason, detail: str = ""
    ) -> tuple[GapBook, Gaps]:
        """Packets are written again, the first at `start`.

        Closes the open gap; a hole that nobody noticed before is a gap for `reason`.
        """
        if self.open is not None:
            closed, gaps = self._closed(self.open, start)
            return GapBook(self.camera, start), (*gaps, closed)
        if self.until is None:
            return GapBook(self.camera, start), ()
        if self._missing(self.until, start) > TOLERANCE:
            book, gaps = self.lost(start, reason, detail)
            book, closing = book.recording(start, reason)
            return book, (*gaps[:-1], *closing)
        if set_back(self.until, start) or start.wall >= self.until.wall:
            return GapBook(self.camera, start), ()
        return GapBook(self.camera, start.labelled(self.until.wall)), ()

    def recorded(self, until: Instant) -> GapBook:
        """Everything up to `until` is on disk."""
        known = self.until
        return self if known and known.wall >= until.wall else replace(self, until=until)

    def moved(self, now: Instant) -> tuple[GapBook, Gaps]:
        """Time has passed. A gap in which the wall clock was set back is told by the labels of
        either clock: when in it that was is not known, so rather twice than not at all.
        """
        if self.open is None or self.until is None or not set_back(self.until, now):
            return self, ()
        passed = _passed(self.until, now)
        told = replace(self.open, end=self.open.start + passed)
        again = replace(self.open, start=now.wall - passed)
        book = replace(self, until=Instant(again.start, self.until.mono), open=again)
        return book, (told, again)

    def _closed(self, gap: Gap, now: Instant) -> tuple[Gap, Gaps]:
        """The open gap as it ends now, and what goes before it."""
        book, gaps = self.moved(now)
        gap = book.open or gap
        return replace(gap, end=max(now.wall, gap.start)), gaps[:-1]

    def _last(self, now: Instant) -> Instant:
        """The last accounted moment; never behind `now` unless the clock was set back."""
        if self.until is None:
            return now
        if set_back(self.until, now) or self.until.wall <= now.wall:
            return self.until
        return Instant(now.wall, self.until.mono)

    def _missing(self, until: Instant, start: Instant) -> timedelta:
        return _passed(until, start) if set_back(until, start) else start.wall - until.wall


def _passed(earlier: Instant, later: Instant) -> timedelta:
    return timedelta(seconds=max(0.0, later.since(earlier)))


def set_back(earlier: Instant, later: Instant) -> bool:
    """Whether the wall clock was set back between two moments."""
    return earlier.wall + _passed(earlier, later) - later.wall > _SET_BACK
