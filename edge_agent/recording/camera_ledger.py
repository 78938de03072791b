"""The book of one camera, kept in the database: what was recorded, what was not, and why."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from threading import RLock

from edge_agent.core.media import CameraState, CameraStatus, Gap, GapReason, Segment
from edge_agent.core.time import Instant, iso
from edge_agent.recording.gaps import GapBook
from edge_agent.recording.index import IndexWriter
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.recordings import Recordings, Run

_DISK = {GapReason.DISK_FULL, GapReason.DISK_MISSING, GapReason.DISK_SLOW}
FIRST_CONNECTION = "first connection"


class CameraLedger:
    """What becomes known of one camera, written down: runs, segments, gaps, state (a `Told`).

    The camera's thread and the one that looks at the clock may call at the same time.
    """

    def __init__(self, book: GapBook, index: IndexWriter, clock: Clock) -> None:
        self._book = book
        self._index = index
        self._clock = clock
        self._lock = RLock()
        self._state: tuple[CameraState, str] | None = None

    @property
    def in_gap(self) -> bool:
        """Whether it is known that the camera is not being recorded."""
        return self._book.open is not None

    def expect(self) -> None:
        """The camera is due from now on. Of a new one, what passes until its first picture is
        planned: nobody could have recorded it.
        """
        with self._lock:
            if self._book.until is None:
                now = self._clock.now()
                self._book, gaps = self._book.lost(now, GapReason.PLANNED, FIRST_CONNECTION)
                self._write(gaps)

    def recorder_was_down(self, since: Instant, reason: GapReason) -> None:
        """The last recorder ended for this reason: from the last recorded moment on, or from
        `since` if the camera was in a gap by then.
        """
        self._lose(since, reason, "")

    def lost(self, reason: GapReason, detail: str = "") -> None:
        """Due and not recording, from the last recorded moment on."""
        self._lose(self._clock.now(), reason, detail)

    def look_at_clock(self, now: Instant) -> None:
        """A gap in which the wall clock was set back is told by both of its times."""
        with self._lock:
            self._book, gaps = self._book.moved(now)
            self._write(gaps)

    def run_opened(self, run: str, opened: Instant, codec: str, reason: GapReason) -> None:
        """A run begins with a picture labelled `opened`; `reason` explains a hole before it."""
        row = Run(run, self._book.camera, opened.wall, codec)
        with self._lock:
            self._book, gaps = self._book.recording(opened, reason)
            self._write(gaps)  # first: a run that is known says that all before it is accounted for
            self._index.put(partial(Recordings.open_run, run=row))
            self._say(CameraState.RECORDING, "", opened.wall)
        log.info("run.opened", camera=row.camera, run=run, codec=codec)

    def run_closed(self, run: str, closed: datetime, end_reason: str) -> None:
        """The run is over."""
        self._index.put(
            partial(Recordings.close_run, run=run, closed=closed, end_reason=end_reason)
        )
        log.info("run.closed", camera=self._book.camera, run=run, reason=end_reason)

    def segment_closed(self, segment: Segment, end: Instant) -> None:
        """A file is complete on disk; `end` is the moment of its last label."""
        with self._lock:
            self._book = self._book.recorded(end)
            self._index.put(partial(Recordings.add_segment, segment=segment))
        log.info(
            "segment.closed",
            camera=segment.camera,
            path=segment.path,
            seconds=round(segment.seconds, 3),
            size=segment.size,
            run=segment.run,
        )

    def _lose(self, now: Instant, reason: GapReason, detail: str) -> None:
        state = CameraState.ONLINE if reason in _DISK else CameraState.OFFLINE
        with self._lock:
            self._book, gaps = self._book.lost(now, reason, detail)
            self._write(gaps)
            self._say(state, reason.value, now.wall)

    def _write(self, gaps: tuple[Gap, ...]) -> None:
        for gap in gaps:
            self._index.put(partial(Recordings.write_gap, gap=gap))
            log.info(
                "gap.opened" if gap.end is None else "gap.closed",
                camera=gap.camera,
                start=iso(gap.start),
                end=None if gap.end is None else iso(gap.end),
                reason=gap.reason.value,
                detail=gap.detail,
            )

    def _say(self, state: CameraState, reason: str, since: datetime) -> None:
        if self._state != (state, reason):
            self._state = (state, reason)
            status = CameraStatus(self._book.camera, state, reason, since)
            self._index.put(partial(Recordings.write_status, status=status))
