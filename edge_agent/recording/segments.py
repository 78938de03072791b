"""One segment: a fragmented MP4 of one run that plays alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

import av
import av.error
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from edge_agent.core.media import GapReason, Segment
from edge_agent.recording.boxes import Whole, closed_part, whole_part
from edge_agent.recording.damage import first_damage
from edge_agent.recording.disk import Disk
from edge_agent.recording.evidence.hashing import Digest
from edge_agent.recording.files import SegmentFile, Syncer, sync_folder
from edge_agent.recording.loss import Lost, words
from edge_agent.recording.names import segment_path
from edge_agent.recording.timeline import Stamp

# A fragment at each key frame and at least each second bounds both loss and memory; flush_packets
# hands every fragment to the file at once instead of filling a buffer first.
_FORMAT = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "1000000",
    "flush_packets": "1",
}

# a fragment of a second at 2 Mbit/s, so that it comes in one call
_BUFFER = 2**18

Sealed = Callable[[str, Digest], None]


def _nobody(_path: str, _digest: Digest) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a camera's files go: the recordings folder, who syncs them, and who hears the path and
    the hashes of each that is complete (returns at once).
    """

    root: Path
    syncer: Syncer
    sealed: Sealed = _nobody
    disk: Disk = field(default_factory=Disk)


class SegmentWriter:
    """Writes one segment; `origin` is the DTS of its first packet, in ticks of its run."""

    def __init__(
        self,
        shelf: Shelf,
        camera: str,
        run: str,
        start: datetime,
        video: VideoStream,
        origin: int,
        audio: AudioStream | None = None,
    ) -> None:
        self._shelf = shelf
        self._camera, self._run, self.start, self.origin = camera, run, start, origin
        self.path, self._file = _create(shelf, camera, start)
        self._ticks = ticks_per_second(video)
        self._last = origin
        try:
            options = _options(audio)
            self._container = av.open(
                self._file, "w", format="mp4", options=options, buffer_size=_BUFFER
            )
            self._video = self._container.add_stream_from_template(video, opaque=True)
            self._audio = audio and self._container.add_stream_from_template(audio, opaque=True)
        except av.error.FFmpegError as error:
            self._file.close()
            self._file.path.unlink()
            raise Lost(GapReason.CODEC_NOT_SUPPORTED, words(error)) from error
        shelf.syncer.add(self._file)

    def seconds(self, dts: int) -> float:
        """Media seconds from the first packet to this DTS."""
        return (dts - self.origin) / self._ticks

    def write(self, packet: Packet[VideoStream], stamp: Stamp) -> None:
        """Copy a packet. Raises OSError when the disk does not take it, Lost when MP4 does not."""
        packet.dts, packet.pts = stamp.dts - self.origin, stamp.pts - self.origin
        packet.stream = self._video
        self._last = stamp.dts
        try:
            self._container.mux(packet)
        except av.error.FFmpegError as error:
            raise Lost(GapReason.CODEC_NOT_SUPPORTED, words(error)) from error
        self._file.check()

    def write_sound(self, packet: Packet[AudioStream], dts: int, ticks: int) -> None:
        """Copy a packet of sound; `dts` is its place in the run, in `ticks` per second. What began
        before the first picture is left out. Raises as `write` does.
        """
        packet.dts = packet.pts = dts - self.origin * ticks // self._ticks
        if self._audio is None or packet.dts < 0:
            return
        packet.stream = self._audio
        try:
            self._container.mux(packet)
        except av.error.FFmpegError as error:
            raise Lost(GapReason.CODEC_NOT_SUPPORTED, words(error)) from error
        self._file.check()

    def check(self) -> None:
        """Raise the OSError that this file met."""
        self._file.check()

    def finish(self, end: int) -> Segment | None:
        """Close the file; `end` is the DTS at which the next picture would be due.

        After an error of the disk what lies there is trimmed to its last whole fragment; None
        when nothing is left of it.
        """
        try:
            self._container.close()
        except av.error.FFmpegError as error:
            self._file.error = self._file.error or OSError(error.errno, error.strerror)
        self._file.close()
        self._shelf.syncer.drop(self._file)
        if self._file.error is not None:
            return salvage(self._shelf.root, self.path, self._camera, self._run, self.start)
        seconds = round(self.seconds(end), 6)
        digest = self._file.hash.digest()
        self._shelf.sealed(self.path, digest)
        return Segment(
            self._camera, self._run, self.path, self.start, seconds, digest.size, digest.sha256
        )


def salvage(
    root: Path, path: str, camera: str, run: str, start: datetime, suspect: int = 0
) -> Segment | None:
    """Trim a torn file to its last whole fragment; one without any is removed.

    After a power cut the last `suspect` fragments must decode as well. Returns what is left of the
    file. Raises OSError when the disk refuses.
    """
    place = root / path
    whole = _trim(place, place.stat().st_size)
    if suspect and whole.fragments:
        sure = whole.ends[-suspect - 1] if whole.fragments > suspect else 0
        damage = first_damage(place, sure)
        if damage is not None:
            whole = _trim(place, max([end for end in whole.ends if end <= damage], default=0))
    if not whole.fragments:
        place.unlink()
        sync_folder(place.parent)
        return None
    return Segment(camera, run, path, start, whole.seconds, whole.length)


def closed(root: Path, path: str, camera: str, run: str, start: datetime) -> Segment | None:
    """A file that was closed properly, by its index; None when only reading it all can tell.

    Raises OSError.
    """
    handle = os.open(f"{root}/{path}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(handle).st_size
        whole = closed_part(lambda at, length: os.pread(handle, length, at), size)
    finally:
        os.close(handle)
    return None if whole is None else Segment(camera, run, path, start, whole.seconds, size)


def _trim(place: Path, size: int) -> Whole:
    """Cut a file behind its last whole fragment within its first `size` bytes, if it has any."""
    with place.open("r+b") as file:
        whole = whole_part(file, size)
        if whole.fragments and whole.length < os.fstat(file.fileno()).st_size:
            file.truncate(whole.length)
            os.fsync(file.fileno())  # its row tells this length from now on
    return whole


def _options(audio: AudioStream | None) -> dict[str, str]:
    # a camera that promises sound and sends none must not hold the pictures back
    return dict(_FORMAT) if audio is None else {**_FORMAT, "max_interleave_delta": "500000"}


def ticks_per_second(video: VideoStream) -> int:
    """The unit of a stream's timestamps: 90000 over RTSP."""
    return round(1 / video.time_base) if video.time_base else 90000


def first_length(camera: str, length: float) -> float:
    """Seconds after which a camera's first segment may end: half to all of `length`, by the
    camera's name, so that the rotations of many cameras do not fall on one moment.
    """
    return length * (0.5 + 0.5 * crc32(camera.encode()) / 2**32)


def _create(shelf: Shelf, camera: str, start: datetime) -> tuple[str, SegmentFile]:
    """A new file; the recordings folder itself is never made: its disk may be missing."""
    while True:
        path = segment_path(camera, start)
        place = shelf.root / path
        shelf.disk.make_folder(place.parent.parent)
        shelf.disk.make_folder(place.parent)
        try:
            return path, SegmentFile(place, shelf.disk)
        except FileExistsError:
            # the wall clock was set back onto a moment that is already recorded
            start += timedelta(milliseconds=1)
