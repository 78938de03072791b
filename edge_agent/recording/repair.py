"""After a crash: what lies on disk and the index agree again, and the loss is written down."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from edge_agent.core.media import Gap, GapReason
from edge_agent.core.time import iso
from edge_agent.recording.adoption import Adoption
from edge_agent.recording.evidence.device_key import PublicKey
from edge_agent.recording.gaps import TOLERANCE
from edge_agent.runtime.logs import log
from edge_agent.store.recordings import Recordings

Growing = Callable[[], set[Path]]

_ITS_ROW_WAS_LOST = "found later; the recorder ended before it wrote down why"


def repair(
    root: Path,
    recordings: Recordings,
    growing: Growing,
    unsynced: float = 0.0,
    public: PublicKey | None = None,
) -> None:
    """Adopt files without a row, drop rows without a file, finish half-done deletions.

    `unsynced`: after a power cut, the seconds at the end of a file that may never have reached the
    disk; they are decoded. `public`: the key whose manifests are believed, if there is one.

    `growing` names the files that are being written now; they are left alone. Files whose names
    are not ours are never touched. Raises Trouble (database) and OSError (disk).
    """
    finish_deletions(root, recordings)
    indexed = recordings.paths()
    found = set(_files(root))
    busy = {str(path.relative_to(root)) for path in growing()}
    Adoption(root, recordings, public, unsynced).adopt(sorted(found - indexed - busy))
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
