"""The vision process as the agent's child: spawned, listened to, started again when it dies."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from threading import Event, Lock
from typing import Any

from edge_agent.core.event import Sighting
from edge_agent.core.media import Camera
from edge_agent.core.perception import Covered, LivePiece, Looks, Snapshot, VisionStatus, Walk
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.logs import log
from edge_agent.vision.worker import VisionJob, run_vision

_STOP_SECONDS = 8.0
_POLL_SECONDS = 0.5


class VisionChild:
    """Runs one vision process at a time and passes on what it says.

    `sighted` is called for every opened or closed episode, `covered` now and then with what the
    rules could know, `died` when a process ended without closing its episodes (the journal then
    closes them as interrupted), `shown` with what `snapshot` and `live` asked for and `walked` for
    everybody who walked by (neither must block), `looked` with the frames analysed.
    """

    def __init__(
        self,
        job: VisionJob,
        sighted: Callable[[Sighting], None],
        covered: Callable[[Covered], None],
        died: Callable[[str], None],
        shown: Callable[[Snapshot | LivePiece], None] = lambda _shown: None,
        looked: Callable[[Looks], None] = lambda _looks: None,
        walked: Callable[[Walk], None] = lambda _walk: None,
    ) -> None:
        self._job, self._sighted, self._covered = job, sighted, covered
        self._died, self._shown, self._looked, self._walked = died, shown, looked, walked
        self._lock = Lock()
        self._pipe: Connection | None = None
        self._statuses: dict[str, VisionStatus] = {}
        self._troubles: tuple[Trouble, ...] = ()

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """Why vision cannot work, if it said so (a damaged model); empty once it looks again."""
        with self._lock:
            return self._troubles

    @property
    def statuses(self) -> tuple[VisionStatus, ...]:
        """How well each camera is looked at, as last said; empty while vision is down."""
        with self._lock:
            return tuple(self._statuses[camera] for camera in sorted(self._statuses))

    def cameras(self, cameras: Sequence[Camera]) -> None:
        """The inventory changed: vision touches only the cameras that did."""
        with self._lock:
            self._job = replace(self._job, cameras=tuple(cameras))
            self._say(("cameras", tuple(cameras)))

    def snapshot(self, request: str, camera: str) -> None:
        """Ask for a picture of this camera; `shown` gets it, unless vision dies over it."""
        with self._lock:
            self._say(("snapshot", request, camera))

    def live(self, request: str, camera: str, seconds: float) -> None:
        """Ask for a camera's sub stream for so many seconds; none end the look."""
        with self._lock:
            self._say(("live", request, camera, seconds))

    def run_once(self, stop: Event) -> None:
        """One life of the vision process, until it dies or `stop` is set."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        with self._lock:
            process = context.Process(target=run_vision, args=(self._job, theirs), name="vision")
            process.start()
            self._pipe = ours
        theirs.close()
        log.info("vision.started", pid=process.pid)
        try:
            self._listen(ours, stop)
            if stop.is_set():
                self._ask_to_stop(ours)
        finally:
            self._bury(process, ours)
        if not stop.is_set():
            raise RuntimeError(f"vision exited with status {process.exitcode}")

    def _listen(self, pipe: Connection, stop: Event) -> None:
        while not stop.is_set():
            try:
                if pipe.poll(_POLL_SECONDS):
                    self._take(pipe.recv())
            except (EOFError, ConnectionError):
                return

    def _ask_to_stop(self, pipe: Connection) -> None:
        """Let vision close its episodes; what it says meanwhile still counts."""
        with self._lock:
            self._say(("stop",))
        try:
            while pipe.poll(_STOP_SECONDS):
                self._take(pipe.recv())
        except (EOFError, ConnectionError):
            return

    def _say(self, word: tuple[Any, ...]) -> None:
        """Tell the process something; one that is dying hears it in its next life, from the job."""
        if self._pipe is None:
            return
        try:
            self._pipe.send(word)
        except OSError as error:
            log.info("vision.deaf", error=str(error))

    def _bury(self, process: SpawnProcess, pipe: Connection) -> None:
        with self._lock:
            self._pipe = None
            self._statuses = {}
        pipe.close()
        process.join(_STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        log.info("vision.ended", pid=process.pid, status=process.exitcode)
        self._died("interrupted")

    def _take(self, said: Any) -> None:
        match said:
            case Sighting():
                self._sighted(said)
            case Covered():
                self._covered(said)
            case Looks():
                self._looked(said)
            case Walk():
                self._walked(said)
            case VisionStatus():
                with self._lock:
                    self._statuses[said.camera] = said
                    self._troubles = ()
            case Snapshot() | LivePiece():
                self._shown(said)
            case Trouble():
                with self._lock:
                    self._troubles = (said,)
                log.error("vision.trouble", code=said.code, vi=said.vi, en=said.en)
            case _:
                log.error("vision.unknown_word", kind=type(said).__name__)
