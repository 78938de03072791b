"""Files that are there whole after a power cut, or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Write, fsync, rename over `path`, fsync the folder. Raises OSError when the disk does not
    take it; the old file is untouched then, and no half of the new one stays.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(content)
            file.flush()
            os.fsync(handle)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)  # a full disk must not keep half a file
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's own entries durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
