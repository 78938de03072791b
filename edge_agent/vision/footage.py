"""Footage: video files and pictures as frames with their own time, for looking at without a camera.

The time of a frame is the source's (its presentation time from the first frame on), on both clocks
of an `Instant` that begins at `START`: the same source gives the same moments, always.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
import cv2
import numpy as np

from edge_agent.core.time import EPOCH
from edge_agent.core.trouble import Trouble
from edge_agent.vision.frame import Frame, Image, Pace

START = EPOCH
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
_ROUND = 1e-6  # seconds: media times are fractions, their sums are not


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to look at. `frames` is how many the file says it has, 0 where it does not say."""

    path: Path
    picture: bool
    frames: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """A frame and its place in the source, counted from 0 over all frames, looked at or not."""

    number: int
    frame: Frame


def find_sources(paths: Iterable[Path]) -> tuple[Source, ...]:
    """The videos and pictures named, and those in the folders named (not below), by name.

    Raises Trouble `analyze.no_source` for a path that is not there or holds nothing to look at,
    `analyze.unreadable` for a file that is neither.
    """
    return tuple(source for path in paths for source in _sources_at(path))


def picture_frame(source: Source) -> Frame:
    """The picture as a frame at `START`, turned the way it is meant to be seen.

    Raises Trouble `analyze.unreadable`.
    """
    try:
        data = np.frombuffer(source.path.read_bytes(), np.uint8)
    except OSError as error:
        raise _unreadable(source.path, error.strerror or str(error)) from error
    image: Any = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise _unreadable(source.path, "no picture")
    return Frame(source.path.name, START, image)


def film_frames(source: Source, fps: float | None) -> Iterator[Numbered]:
    """The frames of a video, `fps` of them a second (None: all), damaged ones left out.

    Raises Trouble `analyze.unreadable` when it cannot be opened or breaks off.
    """
    pace = Pace(fps) if fps else None
    for number, (seconds, picture) in enumerate(_pictures(source.path)):
        if pace is None or pace.due(seconds + _ROUND):
            image: Image = picture.to_ndarray(format="bgr24")
            yield Numbered(number, Frame(source.path.name, START.plus(seconds), image))


def _sources_at(path: Path) -> list[Source]:
    if path.is_dir():
        inside = sorted(one for one in path.iterdir() if one.is_file() and _looks_right(one))
        found = [_source(one) for one in inside]
        if not found:
            raise _nothing(path, "không có phim hay ảnh", "holds neither videos nor pictures")
        return found
    if not path.is_file():
        raise _nothing(path, "không có", "does not exist")
    return [_source(path)]


def _looks_right(path: Path) -> bool:
    known = PICTURES | {".mp4", ".mkv", ".avi", ".mov", ".webm", ".ts", ".m4v", ".mpg", ".h264"}
    return path.suffix.lower() in known and not path.name.startswith(".")


def _source(path: Path) -> Source:
    if path.suffix.lower() in PICTURES:
        return Source(path, picture=True, frames=1)
    with _opened(path) as container:
        return Source(path, picture=False, frames=container.streams.video[0].frames)


def _opened(path: Path) -> Any:
    try:
        container: Any = av.open(str(path))
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error
    if not container.streams.video:
        container.close()
        raise _unreadable(path, "no video")
    return container


def _pictures(path: Path) -> Iterator[tuple[float, Any]]:
    """Seconds from the first frame, and the picture; a time that runs backwards is not followed."""
    with _opened(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        step = float(1 / (stream.average_rate or 25))
        first, last = None, -step
        for picture in _decoded(container, stream, path):
            seconds = picture.time
            first = seconds if first is None else first
            known = None if seconds is None or first is None else seconds - first
            last = last + step if known is None or known <= last else known
            yield last, picture


def _decoded(container: Any, stream: Any, path: Path) -> Iterator[Any]:
    """Whole pictures; a damaged packet costs its own pictures only."""
    whole = 0
    try:
        for packet in container.demux(stream):
            try:
                pictures = packet.decode()
            except av.error.FFmpegError:
                continue
            for picture in pictures:
                if not picture.is_corrupt:
                    whole += 1
                    yield picture
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path, f"{whole} frames, then {error}") from error
    if not whole:
        raise _unreadable(path, "no whole frame")


def _unreadable(path: Path, why: str) -> Trouble:
    return Trouble(
        "analyze.unreadable",
        f"Không đọc được {path} ({why}). Cần phim hoặc ảnh còn nguyên vẹn.",
        f"{path} cannot be read ({why}). A video or a picture that is whole is needed.",
    )


def _nothing(path: Path, vi: str, en: str) -> Trouble:
    return Trouble(
        "analyze.no_source",
        f"{path}: {vi}. Hãy nêu tệp phim, ảnh hoặc thư mục có chúng.",
        f"{path} {en}. Name videos, pictures, or a folder that has them.",
    )
