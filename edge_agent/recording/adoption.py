"""Files that no row knows become rows again: as their day's signed manifest tells, or by reading
them. The manifest tells the gaps of that day too.

What is trusted: a manifest that this device signed, for the files that it names and whose length on
disk is the one that it tells. Everything else is read: header, last fragment and index of a file
that was closed, all of one that was not. Whether the bytes between are still those that were
signed is the scrub's question.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import chain, groupby
from math import ceil
from pathlib import Path

from edge_agent.core.media import Segment
from edge_agent.recording.evidence.device_key import PublicKey
from edge_agent.recording.evidence.manifest import Entry, Manifest
from edge_agent.recording.evidence.signing import read_signed
from edge_agent.recording.names import parse_path
from edge_agent.recording.segments import closed, salvage
from edge_agent.runtime.logs import log
from edge_agent.store.recordings import Recordings, Run

_BATCH = 10_000  # rows in a transaction
_TOLD_EACH = 200  # adopted files that are logged one by one
_OPEN_FILES = 3  # of a camera: the one that grew, one just closed, one for a clock that stepped
_WORTH = 20  # files of a day for which its manifest is read
_READERS = 8  # threads: a disk answers eight questions sooner than one after the other
_PART = 30  # files that one of them reads in a turn


class Adoption:
    """Brings files into the index. `public` is the key that this device signs with, if it has one;
    `unsynced` as `repair` takes it.
    """

    def __init__(
        self, root: Path, recordings: Recordings, public: PublicKey | None, unsynced: float
    ) -> None:
        self._root, self._recordings, self._public = root, recordings, public
        # a fragment lasts from half a second, with short GOPs, to a second
        self._suspect = 2 * ceil(unsynced)
        self._runs = _Runs(recordings)

    def adopt(self, paths: list[str]) -> None:
        """Index these files, sorted; many (a lost index) in large transactions. Raises Trouble."""
        newest = _newest_of_each(paths) if self._suspect else frozenset[str]()
        found: list[Segment] = []
        done = 0
        with ThreadPoolExecutor(_READERS, "adopt") as readers:
            for folder, inside in groupby(paths, lambda path: path.rpartition("/")[0]):
                files = list(inside)
                done += len(files)
                self._runs.know(folder.partition("/")[0])
                signed = self._signed(folder, files, newest) if len(files) >= _WORTH else []
                found += signed
                known = {segment.path for segment in signed}
                work = [
                    (path, self._suspect if path in newest else 0)
                    for path in files
                    if path not in known
                ]
                parts = [work[at : at + _PART] for at in range(0, len(work), _PART)]
                found += chain.from_iterable(readers.map(self._read_all, parts))
                if len(found) >= _BATCH or done == len(paths):
                    self._keep(found, done, len(paths))
                    found = []

    def _keep(self, found: list[Segment], done: int, of: int) -> None:
        self._recordings.add_segments(found)
        if of > _TOLD_EACH:
            log.info("segments.adopted", files=len(found), done=done, of=of)
            return
        for segment in found:
            log.info(
                "segment.adopted",
                camera=segment.camera,
                path=segment.path,
                seconds=round(segment.seconds, 3),
                size=segment.size,
                run=segment.run,
                reason="interrupted",
            )

    def _signed(self, folder: str, files: list[str], newest: Iterable[str]) -> list[Segment]:
        """Those of a day's files that its manifest knows as they are."""
        manifest = self._manifest(folder)
        if manifest is None:
            return []
        self._add_gaps(folder, manifest)
        entries = {entry.file: entry for entry in manifest.entries}
        sizes = _sizes(self._root / folder)
        return [
            _segment(manifest.camera, path, entry)
            for path in files
            if (entry := entries.get(name := path.rpartition("/")[2])) is not None
            and entry.size == sizes.get(name)
            and path not in newest
        ]

    def _add_gaps(self, folder: str, manifest: Manifest) -> None:
        try:
            gaps = manifest.closed_gaps()
        except ValueError as error:  # a reason of another version
            log.warning("manifest.gaps_not_read", folder=folder, error=str(error))
            return
        self._recordings.add_gaps(gaps)

    def _manifest(self, folder: str) -> Manifest | None:
        camera, _, day = folder.partition("/")
        if self._public is None:
            return None
        try:
            signed = read_signed(self._root / folder, self._public)
        except OSError as error:
            log.warning("manifest.not_read", folder=folder, error=error.strerror)
            return None
        if signed is None or signed.manifest is None or not signed.by(self._public):
            return None
        told = signed.manifest
        return told if (told.camera, told.day) == (camera, day) else None

    def _read_all(self, work: list[tuple[str, int]]) -> list[Segment]:
        return [found for one in work if (found := self._read(one)) is not None]

    def _read(self, work: tuple[str, int]) -> Segment | None:
        """A file by itself, trimmed to its last whole fragment; None when nothing is left. After a
        power cut its last fragments must decode.
        """
        path, suspect = work
        parsed = parse_path(path)
        if parsed is None:
            return None
        camera, start = parsed
        run = self._runs.of(camera, start)
        try:
            segment = None if suspect else closed(self._root, path, camera, run, start)
            if segment is None:
                segment = salvage(self._root, path, camera, run, start, suspect)
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

    def know(self, camera: str) -> None:
        """Before `of` is asked by the threads that read files."""
        if camera not in self._runs:
            self._runs[camera] = self._recordings.runs(camera)

    def of(self, camera: str, start: datetime) -> str:
        """The id of that run; empty when none is known."""
        runs = self._runs.get(camera, ())
        # the name cuts the microseconds off
        latest = start + timedelta(seconds=0.001)
        at = bisect_left(runs, latest, key=lambda run: run.opened)
        return runs[at - 1].id if at else ""


def _newest_of_each(paths: list[str]) -> frozenset[str]:
    """The last files of each camera, by name: only they can have been open in a power cut."""
    last: dict[str, list[str]] = {}
    for path in paths:
        camera = path.partition("/")[0]
        last[camera] = [*last.get(camera, [])[1 - _OPEN_FILES :], path]
    return frozenset(path for some in last.values() for path in some)


def _sizes(folder: Path) -> dict[str, int]:
    def known() -> Iterator[tuple[str, int]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    yield entry.name, entry.stat().st_size
                except OSError:  # gone meanwhile, or unreadable: it is asked for by name later
                    continue

    return dict(known())


def _segment(camera: str, path: str, entry: Entry) -> Segment:
    # a hash that was computed from the disk is taken over by who signs, which notes that it was
    sha256 = entry.sha256 if entry.hashed == "written" else ""
    return Segment(camera, entry.run, path, entry.began, entry.seconds, entry.size, sha256)
