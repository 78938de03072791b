"""Stills: the picture of an event, on disk before the event is recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from edge_agent.store.durable import replace_file, sync_folder

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
        sync_folder(folder)
    final = day / f"{event_id}.jpg"
    replace_file(final, jpeg, _MODE)
    return final.relative_to(folder).as_posix()
