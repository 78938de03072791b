"""The few things that recording asks of a disk, in one place: what a test of power cuts and of
failing disks stands in for.
"""

from __future__ import annotations

import os
from pathlib import Path

_MODE = 0o640


class Disk:
    """The real one. Every method raises OSError."""

    def create(self, path: Path) -> int:
        """A new file, open for writing; FileExistsError when the name is taken."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return os.open(path, flags, _MODE)

    def write(self, handle: int, data: memoryview) -> int:
        """Append; how many bytes were taken."""
        return os.write(handle, data)

    def sync(self, handle: int) -> None:
        """What is written reaches the disk."""
        os.fsync(handle)

    def close(self, handle: int) -> None:
        """Let go of the file."""
        os.close(handle)

    def make_folder(self, folder: Path) -> None:
        """A folder below one that exists; nothing happens when it is there."""
        folder.mkdir(mode=0o750, exist_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """The folder's entries reach the disk."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
