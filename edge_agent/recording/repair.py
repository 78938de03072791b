"""After a crash: what lies on disk and the index agree again, and the loss is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from math import ceil
from pathlib import Path

from edge_agent.core.media import Gap, GapReason
from edge_agent.recording.names import parse_path
from edge_agent.recording.segments import salvage
from edge_agent.runtime.logs import log
from edge_agent.store.recordings import Recordings

Growing = Callable[[], set[Path]]


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
    for path in sorted(found - indexed - busy):
        adopt(root, path, recordings, unsynced)
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


def adopt(root: Path, path: str, recordings: Recordings, unsynced: float = 0.0) -> None:
    """Trim a file that no row knows to its last whole fragment and index what is left."""
    # a fragment lasts from half a second, with short GOPs, to a second
    suspect = 2 * ceil(unsynced)
    parsed = parse_path(path)
    if parsed is None:
        return
    camera, start = parsed
    # the name cuts the microseconds off
    runs = [run for run in recordings.runs(camera) if run.opened < start + timedelta(seconds=0.001)]
    try:
        segment = salvage(root, path, camera, runs[-1].id if runs else "", start, suspect)
    except OSError as error:
        log.warning("segment.not_adopted", path=path, error=error.strerror)
        return
    if segment is None:
        log.warning("segment.empty", camera=camera, path=path)
        return
    recordings.add_segment(segment)
    log.info(
        "segment.adopted",
        camera=camera,
        path=path,
        seconds=round(segment.seconds, 3),
        size=segment.size,
        run=segment.run,
        reason="interrupted",
    )


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
    """The segments on disk, relative to the recordings folder."""
    for place in root.glob("*/*/*.mp4"):
        path = place.relative_to(root).as_posix()
        if parse_path(path) is not None:
            yield path
