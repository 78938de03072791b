"""Deletion as a recorded act: the days closed, the reason written down, then rows and files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from edge_agent.core.ledger import Deletion, Why
from edge_agent.core.media import Segment
from edge_agent.core.time import iso
from edge_agent.recording.days import DayBook
from edge_agent.recording.repair import finish_deletions
from edge_agent.runtime.logs import log
from edge_agent.store.recordings import Recordings


class Eraser:
    """The only one who deletes footage."""

    def __init__(self, root: Path, recordings: Recordings, book: DayBook) -> None:
        self._root, self._recordings, self._book = root, recordings, book

    def erase(self, segments: Sequence[Segment], why: Why, now: datetime) -> tuple[Deletion, ...]:
        """Delete these files; each step can be finished after a crash. Raises Trouble, OSError."""
        if not segments:
            return ()
        self._book.close(segments, now)
        deletions = tuple(_summed(segments, why, now))
        self._book.ledger.note_deletions(deletions)
        self._recordings.mark_garbage([segment.path for segment in segments])
        finish_deletions(self._root, self._recordings)
        for folder in {(self._root / segment.path).parent for segment in segments}:
            with suppress(OSError):  # not empty: the rest of that day stays
                folder.rmdir()
        for one in deletions:
            log.info(
                "footage.deleted",
                camera=one.camera,
                start=iso(one.start),
                end=iso(one.end),
                files=one.files,
                bytes=one.size,
                reason=one.why.value,
            )
        return deletions


def _summed(segments: Iterable[Segment], why: Why, now: datetime) -> Iterable[Deletion]:
    found: dict[str, list[Segment]] = {}
    for segment in segments:
        found.setdefault(segment.camera, []).append(segment)
    for camera, files in sorted(found.items()):
        yield Deletion(
            at=now,
            camera=camera,
            start=min(one.start for one in files),
            end=max(one.start + timedelta(seconds=one.seconds) for one in files),
            files=len(files),
            size=sum(one.size for one in files),
            why=why,
        )
