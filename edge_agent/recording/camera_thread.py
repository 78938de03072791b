"""One camera: its attempts to record."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from threading import Event

from edge_agent.config.schema import Recording
from edge_agent.core.media import Camera, GapReason, KeyFrame
from edge_agent.core.secret import Credential
from edge_agent.core.time import Instant
from edge_agent.recording.camera_ledger import CameraLedger
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
from edge_agent.store.recordings import Recordings

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
            if not stop.is_set() and not self._ledger.in_gap:
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
        video = stream.video.index
        with Inflow(stream, self._desk.clock) as inflow:
            for packet, now in inflow.packets(stop):
                if packet.stream_index != video:
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
