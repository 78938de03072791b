"""What the recorder does beside recording: repair at the start, retention every hour."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event

from edge_agent.config.schema import Recording
from edge_agent.core.time import iso
from edge_agent.recording.repair import Growing, close_interrupted, finish_deletions, repair
from edge_agent.recording.retention import plausible, victims
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.recordings import Recordings

_EVERY = 3600.0
_UNTIL_REPAIRED = 5.0


class Housekeeping:
    """Repairs once, as soon as the recordings folder is there; then deletes what may go."""

    def __init__(
        self,
        root: Path,
        recordings: Recordings,
        settings: Recording,
        clock: Clock,
        growing: Growing,
    ) -> None:
        self.looked = Event()  # the first look is over: cameras may start
        self._root, self._recordings, self._settings = root, recordings, settings
        self._clock, self._growing = clock, growing
        self._repaired = False

    def run_once(self, stop: Event) -> None:
        """Work until told to stop. Raises Trouble (database) and OSError (disk)."""
        try:
            self._repair()
            if not self.looked.is_set():
                close_interrupted(self._recordings)
        finally:
            self.looked.set()
        while not stop.is_set():
            if self._repaired:
                self.delete_what_may_go()
            else:
                self._repair()
            stop.wait(_EVERY if self._repaired else _UNTIL_REPAIRED)

    def delete_what_may_go(self) -> int:
        """Delete the files past the ceiling: row marked, file unlinked, row forgotten; each is
        logged. Returns how many.
        """
        now = self._clock.now().wall
        newest = {camera: total.last for camera, total in self._recordings.totals().items()}
        if not plausible(newest, now):
            log.warning("clock.suspect", now=iso(now), newest=iso(max(newest.values())))
            return 0
        ceiling, floor = self._settings.ceiling_days, self._settings.floor_days
        past = self._recordings.ended_before(now - timedelta(days=ceiling))
        old = victims(past, newest, now, ceiling, floor)
        self._recordings.mark_garbage([segment.path for segment in old])
        finish_deletions(self._root, self._recordings)
        for segment in old:
            log.info(
                "segment.deleted",
                camera=segment.camera,
                path=segment.path,
                size=segment.size,
                reason="ceiling",
                days=ceiling,
            )
        for folder in {(self._root / segment.path).parent for segment in old}:
            with suppress(OSError):  # not empty: the rest of that day stays
                folder.rmdir()
        return len(old)

    def _repair(self) -> None:
        if self._root.is_dir():
            repair(self._root, self._recordings, self._growing)
            self._repaired = True
