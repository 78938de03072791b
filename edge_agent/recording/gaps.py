"""The gap book of one camera: every due second is recorded or explained, by construction.

Pure: moments in, gaps to be written out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge_agent.core.media import Gap, GapReason

# files follow each other within this; less is arithmetic, not a loss
TOLERANCE = timedelta(milliseconds=100)
# runs may overlap by less when a camera's clock runs fast; more is a wall clock that was set back
_SET_BACK = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class GapBook:
    """Where a camera stands: recorded (or explained) up to `until`, and the gap it is in, if any.

    `until` None: the camera is new and nothing has been due yet.
    """

    camera: str
    until: datetime | None = None
    open: Gap | None = None

    def lost(
        self, now: datetime, reason: GapReason, detail: str = ""
    ) -> tuple[GapBook, tuple[Gap, ...]]:
        """Due and not recording, seen at `now`: opens a gap from the last recorded moment.

        Another reason ends the open gap and begins the next, so that each second has one reason.
        """
        if self.open is None:
            gap = Gap(self.camera, self._start(now), None, reason, detail)
            return replace(self, open=gap), (gap,)
        if self.open.reason is reason:
            return self, ()
        closed = replace(self.open, end=max(now, self.open.start))
        gap = Gap(self.camera, max(now, self.open.start), None, reason, detail)
        book = replace(self, until=closed.end, open=gap)
        # a gap of no length is the same row: only the new reason is written
        return book, ((gap,) if closed.end == closed.start else (closed, gap))

    def recording(
        self, start: datetime, reason: GapReason, detail: str = ""
    ) -> tuple[GapBook, tuple[Gap, ...]]:
        """Packets are written again, the first labelled `start`.

        Closes the open gap; a hole that nobody noticed before is a gap for `reason`.
        """
        if self.open is not None:
            end = max(start, self.open.start)
            # a clock that was set back: what follows is told from there on
            return GapBook(self.camera, start), (replace(self.open, end=end),)
        if self.until is not None and start - self.until > TOLERANCE:
            gap = Gap(self.camera, self.until, start, reason, detail)
            return GapBook(self.camera, start), (gap,)
        if self.until is None or self.until - start > _SET_BACK:
            return GapBook(self.camera, start), ()
        return GapBook(self.camera, max(start, self.until)), ()

    def recorded(self, until: datetime) -> GapBook:
        """Everything up to `until` is on disk."""
        return replace(self, until=max(until, self.until or until))

    def _start(self, now: datetime) -> datetime:
        return now if self.until is None else min(self.until, now)
