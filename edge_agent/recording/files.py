"""The files that are growing: our own file object under the muxer, synced on a timer."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Lock

from edge_agent.recording.disk import Disk
from edge_agent.recording.evidence.hashing import SegmentHash
from edge_agent.runtime.logs import log


class SegmentFile:
    """A new file, written unbuffered; counts and hashes its bytes and keeps its first error.

    `write` never raises into the muxer: after an error it swallows what follows, and `check`
    raises the real OSError. `sync` may be called by another thread at any time.
    """

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self.path = path
        self._disk = disk or Disk()
        self.size = 0
        self.hash = SegmentHash()
        self.error: OSError | None = None
        self._lock = Lock()
        self._folders_synced = False
        self._handle: int | None = self._disk.create(path)

    def write(self, data: bytes) -> int:
        """Append; the muxer's callback."""
        rest = memoryview(data)
        try:
            while rest and self.error is None and self._handle is not None:
                written = self._disk.write(self._handle, rest)
                self.size += written
                self.hash.update(rest[:written])
                rest = rest[written:]
        except OSError as error:
            self.error = error
        return len(data)

    def check(self) -> None:
        """Raise the OSError that a write or a sync met."""
        if self.error is not None:
            raise self.error

    def sync(self) -> None:
        """What is written reaches the disk: the file, the first time its folders too."""
        with self._lock:
            if self._handle is None:
                return
            try:
                self._disk.sync(self._handle)
                if not self._folders_synced:
                    # the day, the camera, the recordings: each may be new
                    for folder in list(self.path.parents)[:3]:
                        self._disk.sync_folder(folder)
                    self._folders_synced = True
            except OSError as error:
                self.error = self.error or error

    def close(self) -> None:
        """Sync and let go; errors are kept for `check`."""
        self.sync()
        with self._lock:
            if self._handle is not None:
                self._disk.close(self._handle)
                self._handle = None


class Syncer:
    """Syncs every growing file each few seconds, away from the threads that read the cameras: a
    slow disk must not make a camera's packets wait.
    """

    def __init__(self, every: float) -> None:
        self._every = every
        self._lock = Lock()
        self._files: set[SegmentFile] = set()

    def add(self, file: SegmentFile) -> None:
        """This file is growing from now on."""
        with self._lock:
            self._files.add(file)

    def drop(self, file: SegmentFile) -> None:
        """This file is closed."""
        with self._lock:
            self._files.discard(file)

    def growing(self) -> set[Path]:
        """The files that are being written."""
        with self._lock:
            return {file.path for file in self._files}

    def run_once(self, stop: Event) -> None:
        """Sync until told to stop."""
        while not stop.wait(self._every):
            self.sync_all()

    def sync_all(self) -> None:
        """Sync every growing file, once."""
        with self._lock:
            files = list(self._files)
        for file in files:
            file.sync()
            if file.error is not None:
                log.warning("file.failed", file=file.path.name, error=file.error.strerror)


def sync_folder(folder: Path) -> None:
    """The folder's entries reach the disk."""
    Disk().sync_folder(folder)
