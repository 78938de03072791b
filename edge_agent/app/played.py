"""Tracks to replay: kept detections, or a table `frame,time_s,id,x,y,w,h,score` (CSV)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median_low

from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection
from edge_agent.core.time import EPOCH, Instant
from edge_agent.core.trouble import Trouble
from edge_agent.store.detections import SUFFIX, cameras_below, read_detections

COLUMNS = ("frame", "time_s", "id", "x", "y", "w", "h", "score")
_MISSING = (
    1.5  # typical steps from frame to frame; more, and frames in which nobody was are missing
)
_MOST = 100_000  # frames without anybody that are filled in at one place
_LONGEST = 1e7  # seconds that a table may span
_HIGHEST = 2**53  # the largest frame or id: beyond, a double skips numbers


@dataclass(frozen=True, slots=True)
class Played:
    """One frame to replay; `ids` are the detections' identities, None where none is told."""

    frame: int
    at: Instant
    size: Size
    detections: tuple[Detection, ...]
    ids: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: somebody in a frame."""

    line: int
    frame: int
    second: float
    id: int | None
    detection: Detection


def played(path: Path, camera: str, size: Size | None) -> Iterator[Played]:
    """The frames of a file or folder in the order of time. A table's pixels are those of a picture
    of `size`.

    Raises Trouble `replay.*`, naming the line of a table and what is wrong with it.
    """
    if path.is_dir() or path.suffix == SUFFIX:
        yield from _kept(path, camera)
        return
    if size is None:
        raise _sizeless(camera)
    rows = list(_table(path))
    if not rows:
        raise _unreadable(path, "no rows")
    yield from frames_of(rows, size)


def parse(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a table; the first line may name the columns, in any order.

    Raises Trouble `replay.row`.
    """
    columns: tuple[str, ...] = COLUMNS
    for number, text in enumerate(lines, start=1):
        named = tuple(cell.strip(' \t\r\n"').lower() for cell in text.split(","))
        if not any(named):
            continue
        if number == 1 and "frame" in named:
            if sorted(named) != sorted(COLUMNS):
                raise _bad_row(number, f"columns {','.join(named)}")
            columns = named
        elif len(named) != len(columns):
            raise _bad_row(number, f"{len(named)} columns instead of {len(columns)}")
        else:
            yield _row(number, dict(zip(columns, named, strict=True)))


def frames_of(rows: Iterable[Row], size: Size) -> Iterator[Played]:
    """The rows by frame; frames in between, in which nobody was, are filled in.

    Raises Trouble `replay.row` for rows that contradict each other.
    """
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.frame, []).append(row)
    by_frame = dict(sorted(found.items()))
    _check(by_frame)
    seconds = {frame: there[0].second for frame, there in by_frame.items()}
    for frame, second in _filled(seconds):
        there = by_frame.get(frame, [])
        yield Played(
            frame,
            EPOCH.plus(second),
            size,
            tuple(row.detection for row in there),
            tuple(row.id for row in there),
        )


def _row(line: int, cells: Mapping[str, str]) -> Row:
    x, y, w, h = (_number(line, name, cells[name]) for name in ("x", "y", "w", "h"))
    score = _number(line, "score", cells["score"]) if cells["score"] else 1.0
    second = _number(line, "time_s", cells["time_s"])
    if w <= 0 or h <= 0:
        raise _bad_row(line, f"w = {cells['w']}, h = {cells['h']}: above 0")
    if not 0 <= score <= 1:
        raise _bad_row(line, f"score = {cells['score']}: 0 to 1")
    if not 0 <= second <= _LONGEST:
        raise _bad_row(line, f"time_s = {cells['time_s']}: 0 to {_LONGEST:g}")
    frame = _whole(line, "frame", cells["frame"])
    person = _whole(line, "id", cells["id"]) if cells["id"] else None
    return Row(line, frame, second, person, Detection(Box(x, y, x + w, y + h), score))


def _check(by_frame: Mapping[int, list[Row]]) -> None:
    """A frame has one time, later frames have later ones, and nobody is in a frame twice."""
    before: Row | None = None
    for frame, rows in by_frame.items():
        first, known = rows[0], set[int]()
        for row in rows:
            if row.second != first.second:
                raise _bad_row(row.line, f"frame {frame} is at {first.second:g} s and here not")
            if row.id in known:
                raise _bad_row(row.line, f"id {row.id} is in frame {frame} twice")
            known |= {row.id} if row.id is not None else set()
        if before is not None and first.second <= before.second:
            what = f"frame {frame} is not later than frame {before.frame}"
            raise _bad_row(first.line, f"time_s = {first.second:g}: {what}")
        before = first


def _filled(seconds: Mapping[int, float]) -> Iterator[tuple[int, float]]:
    """Every frame with its second, also those of which no row tells."""
    frames = list(seconds)
    if not frames:
        return
    step = median_low([b - a for a, b in pairwise(frames)] or [1])
    yield frames[0], seconds[frames[0]]
    for a, b in pairwise(frames):
        pace = (seconds[b] - seconds[a]) / (b - a)
        if b - a > _MISSING * step:
            for frame in range(a + step, b, step)[:_MOST]:
                yield frame, seconds[a] + pace * (frame - a)
        yield b, seconds[b]


def _table(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from parse(file)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error


def _kept(path: Path, camera: str) -> Iterator[Played]:
    """The kept frames of one camera; a folder may hold those of several."""
    cameras = cameras_below(path)
    if path.is_dir() and (path / camera).is_dir():
        path = path / camera
    elif len(cameras) > 1:
        raise _unreadable(path, f"{camera}? {', '.join(sorted(cameras))}")
    number = 0
    try:
        for looks in read_detections(path):
            for frame in looks.frames:
                nobody = (None,) * len(frame.detections)
                yield Played(number, frame.at, looks.size, frame.detections, nobody)
                number += 1
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    if not number:
        raise _unreadable(path, "no kept detections")


def _number(line: int, name: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError as error:
        raise _bad_row(line, f"{name} = {cell!r}: no number") from error
    if not math.isfinite(value):
        raise _bad_row(line, f"{name} = {cell!r}: no number")
    return value


def _whole(line: int, name: str, cell: str) -> int:
    value = _number(line, name, cell)
    if value != math.floor(value) or not 0 <= value <= _HIGHEST:
        raise _bad_row(line, f"{name} = {cell!r}: not 0, 1, 2, …")
    return int(value)


def _bad_row(line: int, what: str) -> Trouble:
    return Trouble(
        "replay.row",
        f"Dòng {line} không dùng được: {what}. Các cột: {','.join(COLUMNS)}.",
        f"Line {line} cannot be used: {what}. The columns are {','.join(COLUMNS)}.",
    )


def _unreadable(path: Path, why: str) -> Trouble:
    return Trouble(
        "replay.unreadable",
        f"Không đọc được {path} ({why}). Cần tệp hoặc thư mục kết quả phát hiện đã lưu, hoặc CSV.",
        f"{path} cannot be read ({why}). Name kept detections (file or folder) or a CSV.",
    )


def _sizeless(camera: str) -> Trouble:
    return Trouble(
        "replay.no_size",
        f"Camera {camera} chưa hiệu chỉnh mặt sàn, nên cần --size WxH: kích thước ảnh của bảng.",
        f"Camera {camera} has no calibration, so --size WxH is needed: the table's picture.",
    )
