"""Many segments, one film: a joined fragmented MP4 by stream copy, nothing decoded or changed.

Two promises, both about time. Inside one part the media time *is* the wall time: second 90 of the
film was recorded 90 s after `Part.start`, whatever gap lies between (a gap is a jump of the
timestamps: players hold the last picture, nothing is closed up). And nothing is hidden: a film
begins with the key frame at or before the moment that was asked for, without an edit list, so the
first pictures may be earlier than asked; `Part.start` says by how much.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from edge_agent.recording.boxes import whole_part

# global_sidx: the index of the fragments stands in front, so that a browser knows the length and
# finds any second by Range requests.
_FORMAT = {"movflags": "frag_keyframe+empty_moov+default_base_moof+global_sidx"}
_TOLERANCE = 1.0  # seconds that a segment may begin before the last one ended: labels are rounded
_VIDEO_AUDIO = frozenset({"video", "audio"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A recorded file and the wall time (UTC) of its first picture."""

    path: Path
    start: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One playable file: the wall time of its first picture, its length in seconds from there
    (gaps included), its bytes.
    """

    path: Path
    start: datetime
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of a span: its parts, seconds of pictures in them (gaps not counted), and the
    files that could not be read, each with the reason.
    """

    parts: tuple[Part, ...]
    seconds: float
    unreadable: tuple[tuple[Path, str], ...]


def join(pieces: Sequence[Piece], start: datetime, end: datetime, out: Path) -> Joined:
    """Copy the pictures of [start, end) into `out`; further parts go to `<stem>-2.mp4`, ….

    `pieces` come in the order in which they are to be seen. A new part begins where the codec
    parameters change and where the wall clock was set back (the next file is labelled more than
    1 s before the end of the last). A file that is gone or damaged is left out and named in
    `unreadable`; with no picture at all there are no parts. Memory does not grow with the span.
    Raises OSError when the disk does not take the film; an unfinished part is then removed.
    """
    film = _Film(out)
    unreadable = []
    with film:
        for piece in pieces:
            try:
                film.add(piece, start, end)
            except _Unreadable as error:
                unreadable.append((piece.path, str(error)))
    return Joined(tuple(film.parts), round(film.seconds, 6), tuple(unreadable))


class _Unreadable(Exception):
    """This file gives no (more) pictures."""


class _Film:
    """The parts as they grow; a context that removes what an error left unfinished."""

    def __init__(self, out: Path) -> None:
        self.parts: list[Part] = []
        self.seconds = 0.0
        self._out = out
        self._open: _OpenPart | None = None

    def __enter__(self) -> _Film:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish()
        elif self._open is not None:
            self._open.abandon()

    def add(self, piece: Piece, start: datetime, end: datetime) -> None:
        """Append a file's pictures of the span. Raises _Unreadable, OSError."""
        skip = _last_key(piece, (start - piece.start).total_seconds())
        if skip is None:
            return
        until = (end - piece.start).total_seconds()
        with closing(_opened(piece.path)) as source:
            part = self._part(source, piece)
            part.begin(piece.start + timedelta(seconds=skip), skip)
            for packet, seconds in _packets(source):
                if seconds >= until and packet.stream.type == "video":
                    break
                if skip <= seconds < until:
                    self.seconds += part.write(packet)

    def _part(self, source: InputContainer, piece: Piece) -> _OpenPart:
        form = _form(source)
        if self._open is not None and not self._open.takes(form, piece.start):
            self._finish()
        if self._open is None:
            number = len(self.parts) + 1
            name = self._out.name if number == 1 else f"{self._out.stem}-{number}.mp4"
            self._open = _OpenPart(self._out.with_name(name), source, form)
        return self._open

    def _finish(self) -> None:
        part, self._open = self._open, None
        finished = None if part is None else part.finish()
        if finished is not None:
            self.parts.append(finished)


class _OpenPart:
    """A part that is being written."""

    def __init__(self, path: Path, source: InputContainer, form: tuple[object, ...]) -> None:
        self._path, self._form = path, form
        self._start: datetime | None = None
        self._shift = 0.0  # seconds from a stamp in the file at hand to its place in this part
        self._last: dict[str, int] = {}
        self._end = 0.0  # seconds after the start at which the next picture is due
        try:
            self._container: OutputContainer = av.open(
                str(path), "w", format="mp4", options=dict(_FORMAT)
            )
        except av.error.FFmpegError as error:
            raise _not_written(path, error) from error
        self._tracks: dict[str, Any] = {
            stream.type: self._container.add_stream_from_template(stream, opaque=True)
            for stream in _tracks(source)
        }

    def takes(self, form: tuple[object, ...], start: datetime) -> bool:
        """Whether a file of this form, beginning then, can go on in this part."""
        if form != self._form:
            return False
        return self._start is None or (start - self._start).total_seconds() > self._end - _TOLERANCE

    def begin(self, start: datetime, skip: float) -> None:
        """A file begins, with the picture labelled `start`, `skip` seconds into it."""
        self._start = self._start or start
        # rounded labels may overlap a little: the whole file moves, its pictures keep their pace
        self._shift = max((start - self._start).total_seconds(), self._end) - skip

    def write(self, packet: Packet[Any]) -> float:
        """Copy a packet to its moment; the seconds of pictures that this adds."""
        kind = packet.stream.type
        base = packet.time_base
        length = float((packet.duration or 0) * base)
        shown = (packet.pts or 0) - (packet.dts or 0)
        # time in a file only ever grows, whatever the rounding did
        placed = (packet.dts or 0) + round(self._shift / base)
        packet.dts = max(placed, self._last.get(kind, -1) + 1)
        packet.pts = packet.dts + max(0, shown)
        self._last[kind] = packet.dts
        if kind == "video":
            self._end = float(packet.dts * base) + length
        packet.stream = self._tracks[kind]
        try:
            self._container.mux(packet)
        except av.error.FFmpegError as error:
            raise _not_written(self._path, error) from error
        return length if kind == "video" else 0.0

    def finish(self) -> Part | None:
        """Close the file; None (and no file) when no picture went in."""
        if self._start is None or "video" not in self._last:
            self.abandon()
            return None
        try:
            self._container.close()
        except av.error.FFmpegError as error:
            self._path.unlink(missing_ok=True)
            raise _not_written(self._path, error) from error
        return Part(self._path, self._start, round(self._end, 6), self._checked_size())

    def _checked_size(self) -> int:
        """Bytes of the finished file. The muxer does not tell every write that failed, so its
        fragments are counted again: OSError when they do not reach to the end.
        """
        with self._path.open("rb") as file:
            size = self._path.stat().st_size
            whole = whole_part(file, size)
        if whole.length != size or abs(whole.seconds - self._end) > _TOLERANCE:
            self._path.unlink()
            raise OSError(errno.ENOSPC, "the disk did not take the whole film", str(self._path))
        return size

    def abandon(self) -> None:
        """Remove what was written so far."""
        try:
            self._container.close()
        except av.error.FFmpegError:
            pass  # the trouble that led here is being told already
        finally:
            self._path.unlink(missing_ok=True)


def _last_key(piece: Piece, wanted: float) -> float | None:
    """Seconds into the file of the last key frame not after `wanted`, 0 for its beginning; None
    when the whole file lies before `wanted`.
    """
    found, end = 0.0, 0.0
    if wanted <= 0:
        return found
    with closing(_opened(piece.path)) as source:
        for packet, seconds in _packets(source):
            if packet.stream.type != "video":
                continue
            if seconds > wanted:
                return found
            found = seconds if packet.is_keyframe else found
            end = seconds + float((packet.duration or 0) * packet.time_base)
    return found if end > wanted else None


def _opened(path: Path) -> InputContainer:
    try:
        container = av.open(str(path))
    except av.error.FFmpegError as error:
        raise _Unreadable(error.strerror or type(error).__name__) from error
    if not container.streams.video:
        container.close()
        raise _Unreadable("no video inside")
    return container


def _packets(source: InputContainer) -> Iterator[tuple[Packet[Any], float]]:
    """The packets of a file in its order, with their decoding time in seconds from its start."""
    packets = source.demux(*_tracks(source))
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError as error:
            raise _Unreadable(error.strerror or type(error).__name__) from error
        if packet is None:
            return
        if packet.size and packet.dts is not None:
            yield packet, float(packet.dts * packet.time_base)


def _tracks(source: InputContainer) -> list[Any]:
    """The first video track and the first audio track, if any."""
    kinds: dict[str, Any] = {}
    for stream in source.streams:
        if stream.type in _VIDEO_AUDIO:
            kinds.setdefault(stream.type, stream)
    return list(kinds.values())


def _form(source: InputContainer) -> tuple[object, ...]:
    """What must be equal for two files to be one part: codecs, parameter sets, units of time."""
    return tuple(
        (
            stream.type,
            stream.codec_context.name,
            bytes(stream.codec_context.extradata or b""),
            stream.time_base,
        )
        for stream in _tracks(source)
    )


def _not_written(path: Path, error: av.error.FFmpegError) -> OSError:
    return OSError(error.errno, error.strerror or type(error).__name__, str(path))
