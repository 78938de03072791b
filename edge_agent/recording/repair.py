"""After a crash: what lies on disk and the index agree again, and the loss is written down."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.core.time import iso
from edge_agent.recording.gaps import TOLERANCE
from edge_agent.recording.names import parse_path
from edge_agent.recording.segments import closed, salvage
from edge_agent.runtime.logs import log
from edge_agent.store.recordings import Recordings, Run

Growing = Callable[[], set[Path]]

_ITS_ROW_WAS_LOST = "found later; the recorder ended before it wrote down why"
_BATCH = 10_000
_TOLD_EACH = 200  # adopted files that are logged one by one
_OPEN_FILES = 3  # of a camera: the one that grew, one just closed, one for a clock that stepped


def repair(root: Path, recordings: Recordings, growing: Growing, unsynced: float = 0.0) -> None:
    """Adopt files without a row, drop rows without a file, finish half-done deletions.

    `unsynced`: after a power cut, the seconds at the end of a file that may never have reached the
    disk; they are decoded.

    `growing` names the files that are being written now; they are left alone. Files whose names
    are not ours are never touched. Raises Trouble (database) and OSError (disk).
    """
    finish_deletions(root, recordings)
    indexed = recordings.paths()
    found = set(_files(root))
    busy = {str(path.relative_to(root)) for path in growing()}
    _adopt_all(root, sorted(found - indexed - busy), recordings, unsynced)
    # a file may have been closed and indexed since the listing
    missing = {path for path in indexed - found if not (root / path).exists()}
    if missing and not indexed & found:
        log.error("repair.refused", missing=len(missing), why="no indexed file is on this disk")
        return
    for path in sorted(missing):
        _drop(path, recordings)


def close_interrupted(recordings: Recordings) -> None:
    """Runs that were open when the recorder died end where their last file ends."""
    for run in recordings.open_runs():
        newest = recordings.newest(run.camera)
        closed = run.opened if newest is None else max(newest, run.opened)
        recordings.close_run(run.id, closed, "interrupted")


def explain_holes(recordings: Recordings, cameras: Iterable[str]) -> int:
    """Write down each hole between what is recorded and what is explained; how many there were.

    A recorder that is killed takes the rows with it that it has not written yet. The files of that
    time are adopted; why something is missing between them nobody can say any more.
    """
    found = 0
    for camera in cameras:
        for start, end in recordings.holes(camera, TOLERANCE):
            recordings.write_gap(Gap(camera, start, end, GapReason.UNKNOWN, _ITS_ROW_WAS_LOST))
            log.warning("gap.found", camera=camera, start=iso(start), end=iso(end))
            found += 1
    return found


def finish_deletions(root: Path, recordings: Recordings) -> None:
    """Unlink what was decided to be deleted, then forget it; one that resists waits."""
    gone = []
    for path in recordings.garbage():
        try:
            (root / path).unlink(missing_ok=True)
        except OSError as error:
            log.warning("segment.not_deleted", path=path, error=error.strerror)
            continue
        gone.append(path)
    recordings.forget(gone)


def _adopt_all(root: Path, paths: list[str], recordings: Recordings, unsynced: float) -> None:
    """Index files that no row knows; many (a lost index) in large transactions."""
    # a fragment lasts from half a second, with short GOPs, to a second
    suspect = 2 * ceil(unsynced)
    newest = _newest_of_each(paths)
    runs = _Runs(recordings)
    for at in range(0, len(paths), _BATCH):
        batch = paths[at : at + _BATCH]
        adopted = (adopt(root, path, runs, suspect if path in newest else 0) for path in batch)
        found = [segment for segment in adopted if segment is not None]
        recordings.add_segments(found)
        for segment in found if len(paths) <= _TOLD_EACH else ():
            log.info(
                "segment.adopted",
                camera=segment.camera,
                path=segment.path,
                seconds=round(segment.seconds, 3),
                size=segment.size,
                run=segment.run,
                reason="interrupted",
            )
        if len(paths) > _TOLD_EACH:
            log.info("segments.adopted", files=len(found), done=at + len(batch), of=len(paths))


def adopt(root: Path, path: str, runs: _Runs, suspect: int = 0) -> Segment | None:
    """A file that no row knows, trimmed to its last whole fragment; None when nothing is left."""
    parsed = parse_path(path)
    if parsed is None:
        return None
    camera, start = parsed
    try:
        segment = None if suspect else closed(root, path, camera, runs.of(camera, start), start)
        if segment is None:
            segment = salvage(root, path, camera, runs.of(camera, start), start, suspect)
    except OSError as error:
        log.warning("segment.not_adopted", path=path, error=error.strerror)
        return None
    if segment is None:
        log.warning("segment.empty", camera=camera, path=path)
    return segment


class _Runs:
    """Which run a file belongs to: the last that was open when it began."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._runs: dict[str, tuple[Run, ...]] = {}

    def of(self, camera: str, start: datetime) -> str:
        """The id of that run; empty when none is known."""
        if camera not in self._runs:
            self._runs[camera] = self._recordings.runs(camera)
        # the name cuts the microseconds off
        latest = start + timedelta(seconds=0.001)
        at = bisect_left(self._runs[camera], latest, key=lambda run: run.opened)
        return self._runs[camera][at - 1].id if at else ""


def _newest_of_each(paths: list[str]) -> set[str]:
    """The last files of each camera, by name: only they can have been open in a power cut."""
    last: dict[str, list[str]] = {}
    for path in paths:
        camera = path.partition("/")[0]
        last[camera] = [*last.get(camera, [])[1 - _OPEN_FILES :], path]
    return {path for some in last.values() for path in some}


def _drop(path: str, recordings: Recordings) -> None:
    segment = recordings.segment(path)
    if segment is None:
        return
    end = segment.start + timedelta(seconds=segment.seconds)
    detail = f"file missing: {path}"
    recordings.write_gap(Gap(segment.camera, segment.start, end, GapReason.UNKNOWN, detail))
    recordings.forget([path])
    log.warning("segment.missing", camera=segment.camera, path=path)


def _files(root: Path) -> Iterator[str]:
    """What may be a segment on disk, relative to the recordings folder; `adopt` reads the names."""
    for camera in _folders(str(root)):
        for day in _folders(camera.path):
            names = os.listdir(day.path)  # noqa: PTH208 - a Path for each of 800,000 is seconds
            yield from (
                f"{camera.name}/{day.name}/{name}" for name in names if name.endswith(".mp4")
            )


def _folders(place: str) -> list[os.DirEntry[str]]:
    with os.scandir(place) as entries:
        return [entry for entry in entries if entry.is_dir()]
