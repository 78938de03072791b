"""Stills: the picture of an event, on disk before the event is recorded."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

_MODE = 0o640


def save_still(folder: Path, event_id: str, when: datetime, jpeg: bytes) -> str:
    """Keep `jpeg` as `YYYY-MM-DD/<id>.jpg` (UTC day) under `folder`; returns that relative path.

    Written to a temporary name, fsynced, renamed, the folders fsynced: either the whole picture
    is there after a power cut, or none. The same id overwrites. Raises ValueError for an id that
    is no plain file name, OSError when the disk does not take it.
    """
    if not event_id or event_id.startswith(".") or "/" in event_id or "\0" in event_id:
        raise ValueError(f"an event id that is no file name: {event_id!r}")
    day = folder / when.astimezone(UTC).date().isoformat()
    if not day.is_dir():
        day.mkdir(parents=True, exist_ok=True)
        _sync(folder)
    final = day / f"{event_id}.jpg"
    fresh = day / f".{event_id}.new"
    try:
        _write_through(fresh, jpeg)
        fresh.replace(final)
    finally:
        fresh.unlink(missing_ok=True)  # a full disk must not keep half a picture
    _sync(day)
    return final.relative_to(folder).as_posix()


def _write_through(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
