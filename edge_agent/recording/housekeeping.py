"""What the recorder does beside recording: recognise the disk, repair, make room, keep promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from pathlib import Path
from threading import Event

from edge_agent.config.schema import Recording
from edge_agent.core.time import Instant
from edge_agent.recording import notices
from edge_agent.recording.boot import boot_id
from edge_agent.recording.evidence.device_key import PublicKey
from edge_agent.recording.keeper import Keeper
from edge_agent.recording.loss import Lost, disk_lost
from edge_agent.recording.repair import Growing, close_interrupted, explain_holes, repair
from edge_agent.recording.retention import ClockWatch
from edge_agent.recording.smart import smart_health
from edge_agent.recording.volume import Volume
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.health import clock_synchronised
from edge_agent.runtime.logs import log
from edge_agent.store.ledger import DiskState
from edge_agent.store.recordings import Recordings

_EVERY = 3600.0
_LOOK = 2.0  # seconds between two looks at disk and clock


class Housekeeping:
    """Repairs when the recordings disk is there (again); then deletes what may go."""

    def __init__(
        self,
        root: Path,
        recordings: Recordings,
        settings: Recording,
        clock: Clock,
        growing: Growing,
        volume: Volume | None = None,
        zone: tzinfo = UTC,
        key: Callable[[], PublicKey | None] = lambda: None,
        synchronised: Callable[[], bool | None] = clock_synchronised,
    ) -> None:
        self.looked = Event()  # the first look is over: cameras may start
        self._root, self._recordings, self._volume = root, recordings, volume
        self._clock, self._growing, self._synchronised = clock, growing, synchronised
        self._key = key
        self._keeper = Keeper(root, recordings, settings, zone)
        self._watch = ClockWatch()
        self._repaired = False
        # files of an earlier boot met a power cut: what lay between two syncs may be anything
        rebooted = recordings.last_boot() not in {"", boot_id()}
        self._unsynced = 2 * settings.sync + 2 if rebooted else 0.0
        self._disk: str | None = None  # what was last said of it
        self._hourly: Instant | None = None

    def run_once(self, stop: Event) -> None:
        """Work until told to stop. Raises Trouble (database) and OSError (disk)."""
        try:
            self._look_at_disk()
            if not self.looked.is_set():
                close_interrupted(self._recordings)
                self._compare_clock()
        finally:
            self.looked.set()
        while not stop.is_set():
            self.tick()
            stop.wait(_LOOK)

    def tick(self) -> None:
        """One look at the disk and the clock, and what follows from it."""
        now = self._clock.now()
        believed = self._believes(now)
        if not self._look_at_disk():
            return
        if self._hourly is None or now.since(self._hourly) >= _EVERY:
            self._hourly = now
            explain_holes(self._recordings, self._keeper.ledger.cameras())
            if believed:
                self.delete_what_may_go()
            self._keeper.look_ahead(now.wall)
            self._ask_smart(now)
        if believed:
            self._keeper.make_room(now.wall)

    def delete_what_may_go(self) -> int:
        """Delete the files past the ceiling, and from the ledger what is older than it is kept;
        nothing while the clock is implausible. Returns how many files.
        """
        now = self._clock.now().wall
        if not self._keeper.plausible(now):
            return 0
        self._keeper.forget(now)
        return self._keeper.delete_past_ceiling(now)

    def _look_at_disk(self) -> bool:
        """Whether the disk is ours and repaired; what has changed is told."""
        try:
            if self._volume is not None:
                self._volume.check()
            elif not self._root.is_dir():
                return False
        except (Lost, OSError) as error:
            lost = error if isinstance(error, Lost) else disk_lost(error)
            self._repaired = False  # what comes back may have been torn away in mid-write
            self._say_disk("missing", lost.detail)
            return False
        self._say_disk("ok", "")
        if not self._repaired:
            repair(self._root, self._recordings, self._growing, self._unsynced, self._key())
            self._repaired = True
        return True

    def _say_disk(self, state: str, detail: str) -> None:
        if state == self._disk:
            return
        now, ledger = self._clock.now().wall, self._keeper.ledger
        known = ledger.disk()
        name = self._volume.id if self._volume is not None else ""
        if known is None or known.state != state:
            told = log.info if state == "ok" else log.error
            told(f"disk.{state}", id=name, detail=detail)
            if state != "ok" or known is not None:
                ledger.notify(notices.disk_state(state, now, detail))
            ledger.write_disk(DiskState(state, name, now, known.smart if known else None))
        self._disk = state

    def _ask_smart(self, now: Instant) -> None:
        ledger = self._keeper.ledger
        known, smart = ledger.disk(), smart_health(self._root)
        if known is not None and known.smart != smart:
            ledger.write_disk(DiskState(known.state, known.id, known.since, smart))
        if smart is not None and not smart["passed"]:
            log.error("disk.failing", **smart)
            ledger.notify(notices.disk_failing(now.wall, smart))

    def _compare_clock(self) -> None:
        now, newest = self._clock.now(), self._keeper.newest()
        self._watch.first(now.wall, max(newest.values(), default=None), self._synchronised())

    def _believes(self, now: Instant) -> bool:
        """Whether nothing speaks against the wall clock; a change of that is told."""
        before = self._watch.suspect
        believed = self._watch.look(now.wall, now.mono, self._synchronised())
        if self._watch.suspect and not before:
            log.warning("clock.suspect", deletion="paused")
            self._keeper.ledger.notify(notices.clock_suspect(now.wall))
        return believed
