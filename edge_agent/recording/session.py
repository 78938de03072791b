"""One RTSP session going to disk: runs, segments, labels. Knows files, not threads or databases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from edge_agent.core.media import GapReason, Segment
from edge_agent.core.time import Instant, iso
from edge_agent.recording.loss import FormatChanged, Lost
from edge_agent.recording.parameters import parameter_sets
from edge_agent.recording.segments import SegmentWriter, Shelf, first_length, ticks_per_second
from edge_agent.recording.source import LiveStream
from edge_agent.recording.timeline import Timeline

_NO_KEY_FRAME = 20.0  # seconds until the first; the longest GOP that cameras offer is shorter
_NO_MORE = 60.0  # seconds without one in a run; codecs that save bits stretch their GOPs
_DRIFT = 3.0  # seconds that the camera's clock may run away before the labels are set anew
_STEP = 2.0  # seconds of a wall clock step that are not worth a new run


class Told(Protocol):
    """Who hears what a session does; every call returns at once."""

    def run_opened(self, run: str, opened: Instant, codec: str, reason: GapReason) -> None:
        """A run begins with a picture at `opened`; `reason` explains a hole before it."""

    def run_closed(self, run: str, closed: datetime, end_reason: str) -> None:
        """The run is over."""

    def segment_closed(self, segment: Segment, end: Instant) -> None:
        """A file is complete on disk; its last picture ended at `end`."""


@dataclass(slots=True)
class _Run:
    id: str
    opened: Instant
    timeline: Timeline
    reason: GapReason  # what explains a hole before this run
    told: bool = False
    broken: bool = False
    keyed: float = 0.0  # monotonic moment of the last key frame
    arrived: float = 0.0  # and of the last packet
    silent: float | None = None  # when packets came again after a silence that is not judged yet
    least: float = 0.0  # seconds that pictures come behind their time at best
    sound: Timeline | None = None
    sound_begun: int = 0  # ticks of the sound between the run's beginning and its first packet


class Session:
    """Feeds packets to segments. One thread, one RTSP session; `finish` exactly once."""

    def __init__(
        self, camera: str, stream: LiveStream, shelf: Shelf, length: float, told: Told
    ) -> None:
        self._camera, self._stream, self._shelf, self._told = camera, stream, shelf, told
        self._length = length
        self._ticks = ticks_per_second(stream.video)
        self._due = first_length(camera, length)
        self._run: _Run | None = None
        self._writer: SegmentWriter | None = None
        self._end = 0
        self._sets = b""
        self._began: Instant | None = None
        self._reason = GapReason.RECORDER_RESTARTED  # of a hole before the next run

    def hear(self, packet: Packet[AudioStream], now: Instant) -> None:
        """Write a packet of sound, beside the pictures of the same time."""
        run, writer, audio = self._run, self._writer, self._stream.audio
        if run is None or writer is None or audio is None or not audio.time_base:
            return
        ticks = round(1 / audio.time_base)
        if run.sound is None:
            run.sound = Timeline(ticks, round(ticks / 50))
            run.sound_begun = round(now.since(run.opened) * ticks)
        stamp = run.sound.place(packet.dts, packet.pts, now.mono)
        writer.write_sound(packet, run.sound_begun + stamp.dts, ticks)

    def take(self, packet: Packet[VideoStream], now: Instant) -> bytes | None:
        """Write a packet; its access unit if it was a key frame. Before the first one nothing is
        kept.

        Raises Lost (codec, no key frame) or OSError (disk); call `finish` then.
        """
        self._began = self._began or now
        unit = bytes(packet) if packet.is_keyframe else None
        if unit is not None:
            self._compare_parameters(unit)
        if self._run is None:
            if unit is None:
                if now.since(self._began) > _NO_KEY_FRAME:
                    raise _no_key_frame(_NO_KEY_FRAME)
                return None
            self._open_run(now, self._reason)
        elif unit is None and now.mono - self._run.keyed > _NO_MORE:
            raise _no_key_frame(_NO_MORE)
        self._place(packet, now, key=unit is not None)
        return unit

    def finish(self, end_reason: str) -> None:
        """Close what is open. Raises OSError when even that fails; the file is repaired later."""
        run, self._run = self._run, None
        try:
            self._close_segment(run, self._end)
        finally:
            if run is not None and run.told:
                closed = self._label(run, self._end)
                self._told.run_closed(run.id, closed, end_reason)

    def _place(self, packet: Packet[VideoStream], now: Instant, *, key: bool) -> None:
        assert self._run is not None
        run = self._run
        stamp = run.timeline.place(packet.dts, packet.pts, now.mono)
        run.broken = run.broken or stamp.broken
        self._listen(run, stamp.dts, now, key=key)
        if stamp.hole:
            # pictures are missing here: the file ends before the hole, the next begins behind it
            self.finish("stalled")
            self._reason, self._began = GapReason.NETWORK, now
            if not key:
                return
            run = self._open_run(now, self._reason)
            stamp = run.timeline.place(packet.dts, packet.pts, now.mono)
        if key and self._writer is not None:
            wrong = self._wrong_label(run, stamp.dts, now)
            if wrong is not None:
                self.finish(wrong[0])
                run = self._open_run(now, wrong[1])
                stamp = run.timeline.place(packet.dts, packet.pts, now.mono)
            elif self._writer.seconds(stamp.dts) >= self._due:
                self._due = self._length
                self._rotate(run, stamp.dts)
        if self._writer is None:
            self._writer = SegmentWriter(
                self._shelf,
                self._camera,
                run.id,
                self._label(run, stamp.dts),
                self._stream.video,
                stamp.dts,
                self._stream.audio,
            )
        self._end = stamp.dts + run.timeline.frame
        self._writer.write(packet, stamp)
        if not run.told:
            run.told = True
            self._told.run_opened(run.id, run.opened, self._stream.codec, run.reason)

    def _rotate(self, run: _Run, end: int) -> None:
        writer = self._writer
        self._close_segment(run, end)
        if writer is not None:
            writer.check()  # a file that was cut short is a hole: the session ends here

    def _listen(self, run: _Run, dts: int, now: Instant, *, key: bool) -> None:
        """Note how far pictures come behind their time, and silences."""
        if key:
            run.keyed = now.mono
        if now.mono - run.arrived > run.timeline.longest:
            run.silent = now.mono
        run.arrived = now.mono
        run.least = min(run.least, self._behind(run, dts, now))

    def _behind(self, run: _Run, dts: int, now: Instant) -> float:
        return now.since(run.opened) - dts / self._ticks

    def _wrong_label(self, run: _Run, dts: int, now: Instant) -> tuple[str, GapReason] | None:
        """Why the labels of this run no longer tell the time, if so, and what that makes of a hole
        before the next one.
        """
        if run.broken:
            return "timestamps", GapReason.CLOCK_STEPPED
        wall = (now.wall - run.opened.wall).total_seconds()
        if abs(wall - now.since(run.opened)) > _STEP:
            return GapReason.CLOCK_STEPPED.value, GapReason.CLOCK_STEPPED
        behind = self._behind(run, dts, now)
        if run.silent is not None and now.mono - run.silent > 1.0:
            # what the network held back has come by now; a camera that paused stays behind
            if behind - run.least > 1.0:
                return "stalled", GapReason.CAMERA_OFFLINE
            run.silent = None
        return ("drift", GapReason.CLOCK_STEPPED) if abs(behind) > _DRIFT else None

    def _open_run(self, now: Instant, reason: GapReason) -> _Run:
        ticks = self._ticks
        rate = self._stream.video.guessed_rate or self._stream.video.average_rate or 25
        run = _Run(
            f"{self._camera}_{iso(now.wall)}", now, Timeline(ticks, round(ticks / rate)), reason
        )
        run.keyed = run.arrived = now.mono
        self._run, self._end = run, 0
        return run

    def _close_segment(self, run: _Run | None, end: int) -> None:
        writer, self._writer = self._writer, None
        if writer is None or run is None:
            return
        segment = writer.finish(end)
        if segment is not None:
            self._told.segment_closed(segment, run.opened.labelled(segment.end))

    def _compare_parameters(self, unit: bytes) -> None:
        sets = parameter_sets(unit, self._stream.codec)
        if sets and self._sets and sets != self._sets:
            raise FormatChanged
        self._sets = sets or self._sets

    def _label(self, run: _Run, dts: int) -> datetime:
        return run.opened.wall + timedelta(seconds=dts / self._ticks)


def _no_key_frame(seconds: float) -> Lost:
    return Lost(GapReason.CODEC_NOT_SUPPORTED, f"no key frame in {seconds:.0f} s")
