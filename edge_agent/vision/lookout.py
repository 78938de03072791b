"""The lookout: one decode thread a camera, and the one inference thread that owns the models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread

from edge_agent.core.event import Sighting
from edge_agent.core.media import Camera
from edge_agent.core.perception import Covered, Snapshot
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.rules.places import View
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.runtime.memory import give_back
from edge_agent.runtime.supervisor import Backoff, start_thread
from edge_agent.vision.decoder import RtspSource
from edge_agent.vision.frame import Frame, FrameSource
from edge_agent.vision.inbox import Inbox
from edge_agent.vision.keyframes import (
    KeyFrameBoard,
    KeyFrameReader,
    KeyPictures,
    MainStreamSource,
)
from edge_agent.vision.live import LiveTap
from edge_agent.vision.meter import Meter
from edge_agent.vision.pipeline import CameraPipeline, Models, Outlook
from edge_agent.vision.room import REASON, Room
from edge_agent.vision.worker import VisionJob

_STARTING = "starting"
_STATUS_EVERY = 2.0  # seconds
_COVERAGE_EVERY = 20.0  # seconds
_SPARSE = 20.0  # the least seconds without a key frame that mean something
_REFUSED = 900.0  # seconds before a refused password is tried again: cameras lock accounts
_LAST_WORDS = 1.0  # seconds for all decode threads to end; one may be deep in a read
_AGAIN = Backoff(first=1.0, ceiling=15.0)


class _Eye:
    """One camera being looked at. `reason` is why no frames come, as a code; empty when they do.
    `last` is the newest frame's moment (at first, when looking began).
    """

    def __init__(
        self,
        camera: Camera,
        source: FrameSource,
        pipeline: CameraPipeline,
        tap: LiveTap,
        opened: Instant,
    ) -> None:
        self.camera, self.source, self.pipeline, self.tap = camera, source, pipeline, tap
        self.stop = Event()
        self.reason = _STARTING
        self.last, self.lost = opened, False
        self.thread: Thread | None = None

    def decode(self, put: Callable[[Frame], None]) -> None:
        """One attempt to read the source, ended by its Trouble or by `stop`."""
        try:
            for frame in self.source.frames(self.stop):
                self.reason = ""
                put(frame)
                del frame  # it is the inbox's: nothing is held while the next one is waited for
        except Trouble as trouble:
            self.reason = trouble.code
            if trouble.code == "camera.password_refused":
                self.stop.wait(_REFUSED)
            raise


class Lookout:
    """Looks at all cameras: newest frame wins, cameras take turns, everything found goes to `say`.

    `say` may block: then frames are dropped and counted, and nothing else waits.
    """

    def __init__(
        self,
        job: VisionJob,
        models: Models,
        say: Callable[[object], None],
        clock: Clock,
        room: Room | None = None,
    ) -> None:
        self._job, self._models, self._say, self._clock = job, models, say, clock
        self._inbox, self._board, self._room = Inbox(), KeyFrameBoard(), room or Room()
        self._pictures = KeyPictures(self._board)
        self._wanted = job.cameras
        self._eyes: dict[str, _Eye] = {}
        self._meters: dict[str, Meter] = {}
        self._asked: SimpleQueue[tuple[str, str]] = SimpleQueue()

    def snapshot(self, request: str, camera: str) -> None:
        """From any thread: say a `Snapshot` of this camera soon."""
        self._asked.put((request, camera))
        self._inbox.wake()

    def live(self, request: str, camera: str, seconds: float) -> None:
        """From any thread: say `LivePiece`s of this camera's sub stream for so long; no seconds
        end the look. One look at a time.
        """
        for eye in list(self._eyes.values()):
            eye.tap.stop()
        eye_asked = self._eyes.get(camera)
        if eye_asked is not None and seconds > 0:
            eye_asked.tap.start(request, self._clock.now().plus(seconds))

    def change(self, cameras: tuple[Camera, ...]) -> None:
        """From any thread: look at these cameras; those that are the same are not touched."""
        self._wanted = cameras
        self._inbox.wake()

    def wake(self) -> None:
        """From any thread: `run` looks at its `stop` at once."""
        self._inbox.wake()

    def run(self, stop: Event) -> None:
        """Look until `stop`, then close what is open. Raises OSError when `say` does."""
        reader = KeyFrameReader(self._job.key_frames, self._board.put)
        start_thread("keyframes", reader.run_once, stop, Backoff(first=0.5, ceiling=5.0))
        log.info("vision.looking", models=self._models.mark, cameras=len(self._wanted))
        said, cameras = self._clock.now(), None
        counted = said
        while not stop.is_set():
            if cameras is not self._wanted:
                cameras = self._wanted
                self._open_and_close(cameras)
            self._look(self._inbox.take(_STATUS_EVERY / 4))
            self._answer()
            self._pictures.let_go()
            now = self._clock.now()
            self._miss(now)
            if now.since(said) >= _STATUS_EVERY:
                said = now
                self._give_way(now)
                self._tell(now)
            if now.since(counted) >= _COVERAGE_EVERY:
                counted = now
                for eye in self._eyes.values():
                    self._tell_coverage(eye, now)
                give_back()
        threads = [eye.thread for eye in self._eyes.values() if eye.thread]
        self._open_and_close((), "stopped")
        for thread in threads:
            thread.join(_LAST_WORDS / len(threads))

    def _look(self, frame: Frame | None) -> None:
        eye = self._eyes.get(frame.camera) if frame else None
        if frame is None or eye is None:
            return
        eye.last, eye.lost = frame.at, False
        if self._room.short:
            return
        before = eye.pipeline.analysed
        for sighting in eye.pipeline.take(frame):
            self._say(sighting)
        if eye.pipeline.analysed > before:
            self._meters[frame.camera].analysed(frame.at, self._clock.now())

    def _answer(self) -> None:
        """The pictures that were asked for since the last frame."""
        while True:
            try:
                request, camera = self._asked.get_nowait()
            except Empty:
                return
            eye = self._eyes.get(camera)
            at, picture = eye.pipeline.snapshot(self._clock.now()) if eye else (None, b"")
            self._say(Snapshot(request, camera, at, picture))

    def _miss(self, now: Instant) -> None:
        """Of a camera that sends nothing all that is open closes, and that it sends nothing is an
        episode of its own.
        """
        for eye in self._eyes.values():
            if now.since(eye.last) <= self._patience(eye.camera):
                continue
            ended: tuple[Sighting, ...] = ()
            if not eye.lost:
                eye.lost = True
                eye.reason = eye.reason.replace(_STARTING, "") or "camera.stream_lost"
                ended = eye.pipeline.interrupt(now, "stream_lost")
            for sighting in (*ended, *eye.pipeline.missed(now, eye.reason)):
                self._say(sighting)

    def _give_way(self, now: Instant) -> None:
        """Without room in memory nothing is looked at: what is open closes, pictures are let go."""
        if self._room.look() and self._room.short:
            for eye in self._eyes.values():
                for sighting in eye.pipeline.rest(now, REASON):
                    self._say(sighting)

    def _patience(self, camera: Camera) -> float:
        """Seconds without a frame that are too many; key frames alone come seldom."""
        lost = self._job.rules.tamper.lost
        return lost if camera.sub is not None else max(lost, _SPARSE)

    def _tell(self, now: Instant) -> None:
        """The state of every camera."""
        for eye in self._eyes.values():
            name = eye.camera.id
            reason = REASON if self._room.short else eye.reason or eye.pipeline.reason
            self._tell_looks(eye)
            dropped, persons = self._inbox.dropped(name), eye.pipeline.persons
            status = self._meters[name].status(now, dropped, persons, reason)
            self._say(replace(status, blind=eye.pipeline.blind))
            for walk in eye.pipeline.walks():
                self._say(walk)

    def _tell_coverage(self, eye: _Eye, now: Instant) -> None:
        counted = eye.pipeline.coverage()
        if counted.seconds:
            self._say(Covered(eye.camera.id, now, counted))

    def _tell_looks(self, eye: _Eye) -> None:
        if looks := eye.pipeline.looks():
            self._say(looks)

    def _open_and_close(self, cameras: tuple[Camera, ...], why: str = "camera_changed") -> None:
        wanted = {camera.id: camera for camera in cameras}
        gone = [eye for eye in self._eyes.values() if wanted.get(eye.camera.id) != eye.camera]
        for eye in gone:
            eye.stop.set()
            eye.tap.stop()
            self._inbox.close(eye.camera.id)
            del self._eyes[eye.camera.id]
            for sighting in eye.pipeline.interrupt(self._clock.now(), why):
                self._say(sighting)
            self._tell_coverage(eye, self._clock.now())
            self._tell_looks(eye)
        for camera in wanted.values():
            if camera.id not in self._eyes:
                self._open(camera)

    def _open(self, camera: Camera) -> None:
        job = self._job
        outlook = Outlook(
            site=job.site,
            zone=job.timezone,
            camera=camera,
            rules=job.rules,
            calibration=job.calibrations.get(camera.id),
            idle_fps=job.vision.idle_fps,
            view=job.views.get(camera.id, View()),
        )
        keys = partial(self._pictures.newest, camera.id) if camera.sub else None
        tap = LiveTap(camera.id, self._say)
        pipeline = CameraPipeline(outlook, self._models, keys, self._inbox.crowded)
        eye = _Eye(camera, self._source(camera, tap), pipeline, tap, self._clock.now())
        put = self._inbox.open(camera.id)
        self._eyes[camera.id] = eye
        self._meters[camera.id] = Meter(camera.id, self._clock.now())
        eye.thread = start_thread("stream", lambda _stop: eye.decode(put), eye.stop, _AGAIN)

    def _source(self, camera: Camera, tap: LiveTap) -> FrameSource:
        """The sub stream, or the main stream's key frames where a camera has no other."""
        fps = self._job.vision.fps
        if camera.sub is None:
            return MainStreamSource(camera.id, self._board, fps)
        credential = self._job.credentials.get(camera.credential)
        return RtspSource(camera.id, camera.sub.url, credential, fps, self._clock, tap.packet)
