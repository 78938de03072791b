"""The recorder process: starts, watches and ends everything that turns packets into files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

from edge_agent.config.schema import Config
from edge_agent.core.media import Camera
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.recording.beats import Pulse
from edge_agent.recording.boot import boot_id
from edge_agent.recording.camera_thread import Desk
from edge_agent.recording.evidence.device_key import known_key
from edge_agent.recording.evidence.keeper import Place
from edge_agent.recording.evidence.proof import Proof
from edge_agent.recording.files import Syncer
from edge_agent.recording.housekeeping import Housekeeping
from edge_agent.recording.index import IndexWriter
from edge_agent.recording.keyframes import KeyFrameServer
from edge_agent.recording.notices import evidence_finding
from edge_agent.recording.recorder import CredentialOf, Recorder
from edge_agent.recording.segments import Shelf
from edge_agent.recording.volume import Volume
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.runtime.memory import give_back
from edge_agent.runtime.supervisor import Backoff, start_thread
from edge_agent.store.database import move_aside
from edge_agent.store.evidence import Finding
from edge_agent.store.inventory import read_inventory
from edge_agent.store.ledger import Ledger
from edge_agent.store.recordings import Recordings
from edge_agent.store.salvage import salvage_facts

_POLL = 1.0
_LOOK = 0.2  # seconds between two looks at the inventory: what is due begins with a camera's place
_BEAT = 3.0
_TIDY = 30.0  # seconds between two times that unused memory goes back
_STOP = 8.0  # seconds for the cameras; a read of a frozen stream takes 5
_QUICK = Backoff(first=1.0, ceiling=5.0)


def run_recorder(
    config: Config,
    credential_of: CredentialOf,
    stop: Event,
    clock: Clock,
    beat: Callable[[], None] | None = None,
) -> None:
    """Record the cameras of `<state>/inventory.json` until `stop` is set.

    The caller holds the recorder's lock and has made the state folder; the recordings folder is
    never made here, for its disk may be missing. `credential_of` gives the credential of a name,
    asked each second; `beat` is called about every second while the recorder is well.
    """
    tell = beat or _nothing
    recordings = _open_index(config.storage.state / "recordings.db", stop, clock, tell)
    if recordings is None:
        return
    try:
        _Service(config, recordings, credential_of, clock, tell).run(stop)
    finally:
        recordings.close()


class _Service:
    """The parts of the process and their order."""

    def __init__(
        self,
        config: Config,
        recordings: Recordings,
        credential_of: CredentialOf,
        clock: Clock,
        beat: Callable[[], None],
    ) -> None:
        state, root = config.storage.state, config.storage.recordings
        self._syncer = Syncer(config.recording.sync)
        self._index = IndexWriter(recordings)
        self._key_frames = KeyFrameServer(state / "run" / "keyframes.sock")
        place = Place(root, state, config.site.id)
        ledger = Ledger(recordings.rows)
        self._proof = Proof(
            *(place, recordings, config.recording.scrub_rate, clock),
            event=lambda finding: _leave(ledger, finding),
        )
        shelf = Shelf(root, self._syncer, self._proof.sealed)
        volume = Volume(root, state, clock)
        desk = Desk(config.recording, shelf, self._index, self._key_frames, clock, volume)
        self._recorder = Recorder(desk, recordings, credential_of, boot_id())
        self._housekeeping = Housekeeping(
            *(root, recordings, config.recording, clock, self._syncer.growing),
            volume=volume,
            zone=ZoneInfo(config.site.timezone),
            key=partial(known_key, state),
        )
        self._inventory = _Inventory(state / "inventory.json")
        self._clock, self._beat = clock, beat
        self._beaten: Instant | None = None
        self._tidied = clock.now()
        self._pulse = Pulse(boot_id())

    def run(self, stop: Event) -> None:
        """Parts first, cameras last; ends the other way round, each step with a deadline."""
        self._key_frames.path.parent.mkdir(parents=True, exist_ok=True)
        parts_stop = Event()
        with ExitStack() as parts:
            threads = self._start_parts(parts_stop)
            parts.callback(self._stop_parts, parts_stop, threads)
            while not self._housekeeping.looked.wait(_POLL) and not stop.is_set():
                self._beat()
            parts.callback(self._recorder.stop, _STOP)
            log.info("recorder.ready")
            while not stop.is_set():
                self._tick()
                self._wait(stop)
        log.info("recorder.stopped", unwritten_rows=self._index.waiting)

    def _start_parts(self, stop: Event) -> list[Thread]:
        return [
            start_thread("index", self._index.run_once, stop, _QUICK),
            start_thread("sync", self._syncer.run_once, stop, _QUICK),
            start_thread("keyframes", self._key_frames.run_once, stop, _QUICK),
            start_thread("housekeeping", self._housekeeping.run_once, stop),
            *self._proof.start(stop),
        ]

    def _stop_parts(self, stop: Event, threads: list[Thread]) -> None:
        stop.set()
        for thread in threads:
            thread.join(6.0)
        try:
            self._index.drain()
        except Trouble as trouble:
            log.error("index.trouble", code=trouble.code, vi=trouble.vi, en=trouble.en)
        self._proof.finish()

    def _wait(self, stop: Event) -> None:
        """Until the next tick is due: in a second, or at once when the inventory has changed."""
        until = self._clock.now().plus(_POLL)
        while not self._inventory.changed and self._clock.now().since(until) < 0.0:
            if stop.wait(_LOOK):
                return

    def _tick(self) -> None:
        now = self._clock.now()
        try:
            self._recorder.follow(self._inventory.cameras())
        except Trouble as trouble:
            log.warning("recorder.trouble", code=trouble.code, vi=trouble.vi, en=trouble.en)
        self._recorder.look_at_clock(now)  # before the beat, which says that this is written
        beat = self._pulse.beat(now)
        late = self._beaten is None or now.since(self._beaten) >= _BEAT
        # beats do not pile up behind a database that does not answer
        if late and not self._index.waiting:
            self._beaten = now
            self._index.put(partial(Recordings.beat, beat=beat))
        if now.since(self._tidied) >= _TIDY:
            self._tidied = now
            give_back()
        self._beat()


def _leave(ledger: Ledger, finding: Finding) -> None:
    """Leave what the scrub found for the agent to tell."""
    ledger.notify(evidence_finding(finding))


class _Inventory:
    """The inventory file, read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._cameras: tuple[Camera, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the file is another than the one that was read."""
        return self._stamp() != self._seen

    def cameras(self) -> tuple[Camera, ...]:
        """The cameras of now. A damaged file changes nothing and raises Trouble, once."""
        seen = self._stamp()
        if seen != self._seen:
            self._seen = seen
            # a file that is gone is not a list without cameras: recording goes on
            if seen is not None:
                self._cameras = read_inventory(self._path)
        return self._cameras

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _open_index(
    path: Path, stop: Event, clock: Clock, beat: Callable[[], None]
) -> Recordings | None:
    """The index, new and to be rebuilt from the files when it is damaged; None when stopped."""
    aside: Path | None = None
    while not stop.is_set():
        try:
            recordings = Recordings(path)
            if aside is not None:
                kept = salvage_facts(aside, recordings.rows)
                log.info("index.salvaged", **kept)
        except Trouble as trouble:
            log.error("index.trouble", code=trouble.code, vi=trouble.vi, en=trouble.en)
            if trouble.code == "store.newer":
                raise
            if trouble.code == "store.damaged":
                aside = move_aside(path, clock.now().wall)
                log.error("index.moved_aside", name=aside.name)
        else:
            return recordings
        beat()
        stop.wait(_POLL)
    return None


def _nothing() -> None:
    return None
