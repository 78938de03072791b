"""Detections kept: what the detector said, compactly, so that rules can be tried on yesterday.

A folder a camera, a file an hour (UTC), in it pieces of some seconds, each whole by itself: a
header with its length and CRC-32, then zlib. A piece is appended and fsynced at once; what a power
cut tears off is one piece, and the reader goes on at the next.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection, Looked, Looks
from edge_agent.core.time import Instant

SUFFIX = ".det"
PIECE_SECONDS = 10.0  # of frames in a piece: what a power cut may cost
PIECE_FRAMES = 600
_MAGIC = b"EAD1"
_HEADER = struct.Struct("<4sHHIII")  # magic, width, height, frames, bytes that follow, their CRC
_FRAME = struct.Struct("<qqH")  # wall and monotonic milliseconds, detections
_BOX = struct.Struct("<4HB")  # corners in eighths of a pixel, score in 255ths
_FINE = 8
_LARGEST = 1 << 24  # bytes of a piece; a longer one is damage
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DetectionBook:
    """Appends what vision says, sweeps what is too old or too much. Of one process; any thread."""

    def __init__(self, root: Path, keep: timedelta, budget: int) -> None:
        self._root, self._keep, self._budget = root, keep, budget
        self._lock = Lock()
        self._waiting: dict[tuple[str, Size], list[Looked]] = {}

    def take(self, looks: Looks) -> None:
        """Keep these frames, soon. Raises OSError when the disk does not take a piece; the frames
        of that piece are lost then, and nothing else.
        """
        with self._lock:
            waiting = self._waiting.setdefault((looks.camera, looks.size), [])
            waiting.extend(looks.frames)
            full = len(waiting) >= PIECE_FRAMES or (
                len(waiting) > 1 and waiting[-1].at.since(waiting[0].at) >= PIECE_SECONDS
            )
            if full:
                self._write(looks.camera, looks.size)

    def flush(self) -> None:
        """Write what waits. Raises OSError like `take`."""
        with self._lock:
            for camera, size in list(self._waiting):
                self._write(camera, size)

    def sweep(self, now: datetime | None) -> int:
        """Delete the files past their time (none when the time is not known), then the oldest
        until the rest fits the budget; how many went. The newest hour stays.
        """
        files = sorted(self._root.glob(f"*/*{SUFFIX}"), key=lambda file: file.name)
        sizes = {file: file.stat().st_size for file in files}
        total, gone = sum(sizes.values()), 0
        newest = files[-1].name if files else ""
        for file in files:
            old = now is not None and _hour(file) + timedelta(hours=1) < now - self._keep
            if file.name == newest or not (old or total > self._budget):
                continue
            file.unlink(missing_ok=True)
            total -= sizes[file]
            gone += 1
        return gone

    def _write(self, camera: str, size: Size) -> None:
        frames = self._waiting.pop((camera, size), [])
        if not frames:
            return
        folder = self._root / camera
        folder.mkdir(mode=0o770, parents=True, exist_ok=True)
        path = folder / f"{frames[0].at.wall.astimezone(UTC):%Y%m%dT%H}{SUFFIX}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        with os.fdopen(handle, "ab") as file:
            file.write(packed(Looks(camera, size, tuple(frames))))
            file.flush()
            os.fsync(handle)


def read_detections(path: Path) -> Iterator[Looks]:
    """The pieces of a file, or of all files below a folder in the order of time, whole ones only.

    Raises OSError; a file without any piece gives nothing.
    """
    files = [path] if path.is_file() else sorted(path.rglob(f"*{SUFFIX}"), key=lambda p: p.name)
    for file in files:
        yield from unpacked(file.read_bytes(), file.parent.name)


def cameras_below(path: Path) -> frozenset[str]:
    """Whose detections a file or folder holds."""
    files = [path] if path.is_file() else path.rglob(f"*{SUFFIX}")
    return frozenset(file.parent.name for file in files)


def packed(looks: Looks) -> bytes:
    """One piece."""
    parts = []
    for frame in looks.frames:
        wall = round((frame.at.wall - _EPOCH) / timedelta(milliseconds=1))
        parts.append(_FRAME.pack(wall, round(frame.at.mono * 1000), len(frame.detections)))
        parts += [_box(one) for one in frame.detections]
    data = zlib.compress(b"".join(parts), 9)
    crc = zlib.crc32(data)
    size = looks.size
    head = _HEADER.pack(_MAGIC, size.width, size.height, len(looks.frames), len(data), crc)
    return head + data


def unpacked(content: bytes, camera: str) -> Iterator[Looks]:
    """The whole pieces of a file's bytes; damage is stepped over."""
    at = content.find(_MAGIC)
    while 0 <= at <= len(content) - _HEADER.size:
        _, width, height, count, length, crc = _HEADER.unpack_from(content, at)
        begin = at + _HEADER.size
        data = content[begin : begin + length]
        if length > _LARGEST or len(data) < length or zlib.crc32(data) != crc:
            at = content.find(_MAGIC, at + 1)
            continue
        yield Looks(camera, Size(width, height), _frames(zlib.decompress(data), count))
        at = content.find(_MAGIC, begin + length)


def _frames(data: bytes, count: int) -> tuple[Looked, ...]:
    frames, at = [], 0
    for _ in range(count):
        wall, mono, number = _FRAME.unpack_from(data, at)
        at += _FRAME.size
        boxes = _BOX.iter_unpack(data[at : at + number * _BOX.size])
        at += number * _BOX.size
        moment = Instant(_EPOCH + timedelta(milliseconds=wall), mono / 1000)
        found = tuple(
            Detection(Box(*(value / _FINE for value in corners)), score / 255)
            for *corners, score in boxes
        )
        frames.append(Looked(moment, found))
    return tuple(frames)


def _box(one: Detection) -> bytes:
    box = one.box
    corners = (round(min(max(v * _FINE, 0), 65535)) for v in (box.x1, box.y1, box.x2, box.y2))
    return _BOX.pack(*corners, round(min(max(one.score, 0.0), 1.0) * 255))


def _hour(file: Path) -> datetime:
    """When a file's hour began; a name that says none is of no time at all and may go."""
    try:
        return datetime.strptime(file.stem, "%Y%m%dT%H").replace(tzinfo=UTC)
    except ValueError:
        return _EPOCH


def bytes_kept(root: Path) -> Mapping[str, int]:
    """Bytes by camera."""
    sizes: dict[str, int] = {}
    for file in root.glob(f"*/*{SUFFIX}"):
        sizes[file.parent.name] = sizes.get(file.parent.name, 0) + file.stat().st_size
    return sizes
