"""The cameras that are being recorded: a thread each, restarted only when touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread

from edge_agent.core.media import Camera, Gap, GapReason
from edge_agent.core.secret import Credential
from edge_agent.core.time import Instant
from edge_agent.recording.beats import before_set_back, begun_at, by_this_boot, newest_label
from edge_agent.recording.camera_ledger import FIRST_CONNECTION, CameraLedger
from edge_agent.recording.camera_thread import CameraAttempt, Desk
from edge_agent.recording.gaps import GapBook
from edge_agent.runtime.logs import log
from edge_agent.runtime.supervisor import Backoff, start_thread
from edge_agent.store.presence import Beat
from edge_agent.store.recordings import Recordings

_STOPPED = "recorder stopped"

CredentialOf = Callable[[str], Credential | None]

# the jitter keeps cameras that were lost together from coming back together
_BACKOFF = Backoff(first=1.0, ceiling=8.0, jitter=0.4)


@dataclass(slots=True)
class _Worker:
    """One camera's thread and what it was started with."""

    settings: tuple[str, str, Credential | None]
    stop: Event
    thread: Thread


class Recorder:
    """Keeps the threads in step with the inventory. Used by one thread."""

    def __init__(
        self, desk: Desk, recordings: Recordings, credential_of: CredentialOf, boot: str = ""
    ) -> None:
        self._desk = desk
        self._recordings = recordings
        self._credential_of = credential_of
        beat = recordings.last_beat()
        self._last_beat = beat and by_this_boot(beat, boot, desk.clock.now())
        rebooted = beat is not None and beat.boot not in {"", boot}
        self._down = GapReason.POWER_LOSS if rebooted else GapReason.RECORDER_RESTARTED
        self._ledgers: dict[str, CameraLedger] = {}
        self._workers: dict[str, _Worker] = {}

    def follow(self, cameras: Iterable[Camera]) -> None:
        """Start, restart and stop what differs from this list; returns at once.

        A thread that is still ending is waited for by the next call. Raises Trouble when the
        database cannot say where a camera stands; the others go on.
        """
        wanted = {camera.id: camera for camera in cameras}
        for name, worker in list(self._workers.items()):
            camera = wanted.get(name)
            changed = camera is None or self._settings(camera) != worker.settings
            if changed or worker.stop.is_set():
                self._let_go(name, worker, removed=camera is None)
        for name, camera in wanted.items():
            if name not in self._workers:
                self._start(camera)

    def look_at_clock(self, now: Instant) -> None:
        """Gaps in which the wall clock was set back are told by both of its times."""
        for ledger in self._ledgers.values():
            ledger.look_at_clock(now)

    def stop(self, deadline: float) -> None:
        """End all threads, closing their files; gives up on those that need longer (seconds)."""
        for worker in self._workers.values():
            worker.stop.set()
        until = self._desk.clock.now().plus(deadline)
        for name, worker in self._workers.items():
            worker.thread.join(max(0.0, until.since(self._desk.clock.now())))
            if worker.thread.is_alive():
                log.error("recorder.camera_left_behind", camera=name)
            else:
                self._ledgers[name].lost(GapReason.RECORDER_RESTARTED, _STOPPED)

    def _settings(self, camera: Camera) -> tuple[str, str, Credential | None]:
        """What a change of must restart the thread; a new display name must not."""
        return camera.id, camera.main.url, self._credential_of(camera.credential)

    def _start(self, camera: Camera) -> None:
        ledger = self._ledgers.get(camera.id)
        if ledger is None:
            ledger = self.opened_ledger(camera.id)
            ledger.expect()
            self._ledgers[camera.id] = ledger
        settings = self._settings(camera)
        transport = self._recordings.transport(camera.id)
        attempt = CameraAttempt(camera, settings[2], ledger, self._desk, transport)
        stop = Event()
        thread = start_thread(f"recorder.{camera.id}", attempt.run_once, stop, _BACKOFF)
        self._workers[camera.id] = _Worker(settings, stop, thread)

    def _let_go(self, name: str, worker: _Worker, *, removed: bool) -> None:
        worker.stop.set()
        if worker.thread.is_alive():
            return
        del self._workers[name]
        if removed:
            self._ledgers[name].lost(GapReason.PLANNED, "not in the inventory")
            self._desk.index.put(partial(Recordings.forget_status, camera=name))
        else:
            self._ledgers[name].lost(GapReason.PLANNED, "camera settings changed")

    def opened_ledger(self, name: str) -> CameraLedger:
        """Where the camera stood when the last recorder ended; from there on it was down: by power
        loss when the machine has been booted since, unless that recorder had ended in order.
        """
        book = self._book(name)
        ledger = CameraLedger(book, self._desk.index, self._desk.clock)
        gap, beat = book.open, self._last_beat
        if book.until is None or (gap and _lasts(gap)):
            return ledger
        # a gap lasts as it was until the recorder's last word; a later one has only a new reason
        last_word = book.until if beat is None or beat.at.wall < book.until.wall else beat.at
        ledger.recorder_was_down(last_word if gap else self._desk.clock.now(), self._down)
        return ledger

    def _book(self, name: str) -> GapBook:
        now, gap = self._desk.clock.now(), self._recordings.open_gap(name)
        beat = self._last_beat or Beat(now)
        if gap is not None:
            return GapBook(name, begun_at(gap.start, beat), gap)
        limit = None if self._last_beat is None else newest_label(beat)
        until = self._recordings.accounted_until(name, limit)
        before = before_set_back(beat)
        if before is not None and (until is None or until < before[0]):
            # nothing of this camera since the clock was set back: the old time says where it stood
            beat = before[1]
            until = self._recordings.accounted_until(name, newest_label(beat))
        return GapBook(name, None if until is None else begun_at(until, beat))


def _lasts(gap: Gap) -> bool:
    """Whether a gap goes on as it was, although another recorder has begun."""
    planned = gap.reason is GapReason.PLANNED and gap.detail != FIRST_CONNECTION
    return planned or gap.detail == _STOPPED
