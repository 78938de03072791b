"""One camera: its attempts to record, and the book of what was recorded and what was not."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event

from edge_agent.config.schema import Recording
from edge_agent.core.media import (
    Camera,
    CameraState,
    CameraStatus,
    Gap,
    GapReason,
    KeyFrame,
    Segment,
)
from edge_agent.core.secret import Credential
from edge_agent.core.time import Instant, iso
from edge_agent.recording.gaps import GapBook
from edge_agent.recording.index import IndexWriter
from edge_agent.recording.inflow import Inflow
from edge_agent.recording.keyframes import KeyFrameServer
from edge_agent.recording.loss import FormatChanged, Lost, disk_lost
from edge_agent.recording.segments import Shelf
from edge_agent.recording.session import Session
from edge_agent.recording.source import LiveStream, Rtsp
from edge_agent.recording.volume import Volume
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.recordings import Recordings, Run

_DISK = {GapReason.DISK_FULL, GapReason.DISK_MISSING, GapReason.DISK_SLOW}
_LEAST_FREE = 4 * 2**20  # bytes without which no new file is begun, whatever is configured
_SETTLED = 5.0  # seconds of recording after which a change of format is an ordinary one
_REFUSALS = 2  # wrong passwords in a row before the long wait; cameras lock out after 5 to 30
_REFUSED_WAIT = (60.0, 900.0)  # seconds: the first long wait, and the longest


@dataclass(frozen=True, slots=True)
class Desk:
    """What every camera of the recorder shares."""

    settings: Recording
    shelf: Shelf
    index: IndexWriter
    key_frames: KeyFrameServer
    clock: Clock
    volume: Volume


class CameraLedger:
    """What becomes known of one camera, written down: runs, segments, gaps, state (a `Told`)."""

    def __init__(self, book: GapBook, index: IndexWriter, clock: Clock) -> None:
        self.book = book
        self._index = index
        self._clock = clock
        self._state: tuple[CameraState, str] | None = None
        self._since: Instant | None = None  # when the camera was lost

    def recorder_was_down(self, since: datetime, reason: GapReason) -> None:
        """The last recorder ended for this reason: from the last recorded moment on, or from
        `since` if the camera was in a gap by then.
        """
        self._lose(since, reason, "")

    def lost(self, reason: GapReason, detail: str = "") -> None:
        """Due and not recording, from the last recorded moment on."""
        self._lose(self._clock.now().wall, reason, detail)

    def _lose(self, now: datetime, reason: GapReason, detail: str) -> None:
        self.book, gaps = self.book.lost(now, reason, detail)
        self._since = self._since or self._clock.now()
        self._write(gaps)
        state = CameraState.ONLINE if reason in _DISK else CameraState.OFFLINE
        self._say(state, reason.value, now)

    def run_opened(self, run: str, opened: datetime, codec: str, reason: GapReason) -> None:
        """A run begins with a picture labelled `opened`; `reason` explains a hole before it."""
        before, since = self.book.open, self._since
        self._since = None
        self.book, gaps = self.book.recording(opened, reason)
        if before is not None and since is not None and opened < before.start:
            gaps = _set_back(before, opened, self._clock.now().since(since))
        self._index.put(partial(Recordings.open_run, run=Run(run, self.book.camera, opened, codec)))
        self._write(gaps)
        self._say(CameraState.RECORDING, "", opened)
        log.info("run.opened", camera=self.book.camera, run=run, codec=codec)

    def run_closed(self, run: str, closed: datetime, end_reason: str) -> None:
        """The run is over."""
        self._index.put(
            partial(Recordings.close_run, run=run, closed=closed, end_reason=end_reason)
        )
        log.info("run.closed", camera=self.book.camera, run=run, reason=end_reason)

    def segment_closed(self, segment: Segment) -> None:
        """A file is complete on disk."""
        self.book = self.book.recorded(segment.start + timedelta(seconds=segment.seconds))
        self._index.put(partial(Recordings.add_segment, segment=segment))
        log.info(
            "segment.closed",
            camera=segment.camera,
            path=segment.path,
            seconds=round(segment.seconds, 3),
            size=segment.size,
            run=segment.run,
        )

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
            status = CameraStatus(self.book.camera, state, reason, since)
            self._index.put(partial(Recordings.write_status, status=status))


def _set_back(gap: Gap, opened: datetime, seconds: float) -> tuple[Gap, ...]:
    """A gap in which the wall clock was set back to before its start. When that was is not known:
    the seconds that passed are told by the labels of either clock, rather twice than not at all.
    """
    passed = timedelta(seconds=seconds)
    told = replace(gap, end=gap.start + passed)
    again = replace(gap, start=opened - passed, end=opened, detail="the clock was set back")
    return told, again


class CameraAttempt:
    """The mortal attempt to record one camera: one call is one RTSP session."""

    def __init__(
        self,
        camera: Camera,
        credential: Credential | None,
        ledger: CameraLedger,
        desk: Desk,
        transport: str | None = None,
    ) -> None:
        self.camera = camera
        self._transport = transport
        audio = desk.settings.audio
        self._rtsp = Rtsp(camera.main.url, credential, transport or "tcp", audio=audio)
        self._ledger = ledger
        self._desk = desk
        self._refusals = 0

    def run_once(self, stop: Event) -> None:
        """Record until the camera, the network or the disk fails (raises Trouble), or stop."""
        self._wait_out_refusals(stop)
        if stop.is_set():
            return
        try:
            while self._record_until_changed(stop):
                pass
        except Lost as lost:
            raise self._gone(lost) from None
        except OSError as error:
            raise self._gone(disk_lost(error)) from error
        finally:
            # a fault of our own is for the supervisor to log, but must not look like recording
            if not stop.is_set() and self._ledger.book.open is None:
                self._ledger.lost(GapReason.UNKNOWN, "the attempt failed")

    def _record_until_changed(self, stop: Event) -> bool:
        """One session; True when only the format changed and the next may begin at once."""
        began = self._desk.clock.now()
        try:
            self._look_at_disk(0.05)
            with self._rtsp.open() as stream:
                self._refusals = 0
                self._remember_transport()
                self._record(stream, stop)
        except FormatChanged as changed:
            # a camera that changes all the time gets the pauses of any other trouble
            if self._desk.clock.now().since(began) < _SETTLED:
                raise
            self._ledger.lost(changed.reason, changed.detail)
            return not stop.is_set()
        return False

    def _remember_transport(self) -> None:
        if self._rtsp.transport != self._transport:
            self._transport = self._rtsp.transport
            row = partial(
                Recordings.remember_transport, camera=self.camera.id, transport=self._transport
            )
            self._desk.index.put(row)

    def _gone(self, lost: Lost) -> Exception:
        if lost.reason is GapReason.PASSWORD_REFUSED:
            self._refusals += 1
        self._ledger.lost(lost.reason, lost.detail)
        return lost.trouble(self.camera.id)

    def _wait_out_refusals(self, stop: Event) -> None:
        if self._refusals >= _REFUSALS:
            first, longest = _REFUSED_WAIT
            wait = min(longest, first * 2.0 ** min(self._refusals - _REFUSALS, 8))
            log.warning("camera.password_wait", camera=self.camera.id, after_s=wait)
            stop.wait(wait)

    def _record(self, stream: LiveStream, stop: Event) -> None:
        length = self._desk.settings.segment
        session = Session(self.camera.id, stream, self._desk.shelf, length, self._ledger)
        end_reason = "stopped"
        try:
            self._feed(session, stream, stop)
        except Lost as lost:
            end_reason = lost.reason.value
            raise
        except OSError as error:
            end_reason = disk_lost(error).reason.value
            raise
        finally:
            session.finish(end_reason)

    def _feed(self, session: Session, stream: LiveStream, stop: Event) -> None:
        with Inflow(stream, self._desk.clock) as inflow:
            for packet, now in inflow.packets(stop):
                if packet.stream_index != stream.video.index:
                    session.hear(packet, now)
                    continue
                unit = session.take(packet, now)
                if unit is not None:
                    self._offer(stream, unit, now)
                    self._look_at_disk(0.0)

    def _offer(self, stream: LiveStream, unit: bytes, now: Instant) -> None:
        if self._desk.key_frames.wanted:
            frame = KeyFrame(self.camera.id, stream.codec, now, stream.extradata, unit)
            self._desk.key_frames.offer(frame)

    def _look_at_disk(self, margin: float) -> None:
        """Raise Lost when this is not our disk, or less than the configured space is free. To
        begin, a share of it more must be free: recording shall not flutter at the limit.
        """
        self._desk.volume.check()
        try:
            disk = os.statvfs(self._desk.shelf.root)
        except OSError as error:
            raise disk_lost(error) from error
        least = self._desk.settings.min_free
        needed = least if margin == 0.0 else max(_LEAST_FREE, round(least * (1 + margin)))
        if disk.f_bavail * disk.f_frsize < needed:
            raise Lost(GapReason.DISK_FULL, f"{disk.f_bavail * disk.f_frsize} bytes free")
