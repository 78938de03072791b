"""The recordings disk recognised: by its file system and a marker, before anything is written.

When the disk is not mounted, its folder is a folder of the system disk. Filling that would end more
than the recording, so the recorder refuses until the disk that was accepted is back.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from uuid import uuid4

from edge_agent.core.media import GapReason
from edge_agent.core.time import iso
from edge_agent.recording.loss import Lost
from edge_agent.runtime.clock import Clock

MARKER = ".edge-agent-recordings"
_BY_UUID = Path("/dev/disk/by-uuid")
_UUID = "uuid:"
_MODE = 0o640


@dataclass(frozen=True, slots=True)
class _Mark:
    """What marker and state file say. `pending`: the marker may not have been written yet."""

    id: str
    pending: bool = False


class Volume:
    """The disk under the recordings folder. Any thread may ask; `check` costs one stat."""

    def __init__(self, root: Path, state: Path, clock: Clock) -> None:
        self.root = root
        self._marker, self._accepted = root / MARKER, state / "recordings.disk"
        self._clock = clock
        self._lock = Lock()
        self._known: tuple[int, int, int] | None = None

    def check(self) -> None:
        """Raise Lost `disk_missing` unless this is the disk that was accepted.

        A first, unmarked folder is accepted here. Raises OSError when the disk does not answer.
        """
        seen = self._seen()
        if seen is None or seen != self._known:
            with self._lock:
                self._known = None
                self._recognise()
                self._known = self._seen()

    def accept(self, now: datetime) -> str:
        """Make the disk that is here now the recordings disk; returns its id. Raises OSError.

        Its marker stays what it is when it has one: the footage on it may be ours.
        """
        found = _read(self._marker)
        uuid = filesystem_uuid(self.root)
        name = _UUID + uuid if uuid else found.id if found else f"random:{uuid4()}"
        # first the intention, then the marker: a power cut in between is finished at the next look
        _write(self._accepted, name, now, pending=True)
        if found is None or found.id != name:
            _write(self._marker, name, now, pending=False)
        _write(self._accepted, name, now, pending=False)
        return name

    @property
    def id(self) -> str:
        """The id of the disk that was accepted; empty before that."""
        accepted = _read(self._accepted)
        return accepted.id if accepted else ""

    def _recognise(self) -> None:
        if not self.root.is_dir():
            raise Lost(GapReason.DISK_MISSING, "no recordings folder")
        accepted, found = _read(self._accepted), _read(self._marker)
        if accepted is None and found is not None:
            raise Lost(GapReason.DISK_MISSING, "a disk of another site; edge-agent disk accept")
        if accepted is None or (accepted.pending and found is None):
            self.accept(self._clock.now().wall)
        elif found is None:
            raise Lost(GapReason.DISK_MISSING, "not the recordings disk: it has no marker")
        elif found.id != accepted.id:
            raise Lost(GapReason.DISK_MISSING, "another disk; edge-agent disk accept")
        elif found.id.startswith(_UUID):
            uuid = filesystem_uuid(self.root)
            if uuid and _UUID + uuid != found.id:
                raise Lost(GapReason.DISK_MISSING, "a copy of the marker on another file system")

    def _seen(self) -> tuple[int, int, int] | None:
        try:
            found = self._marker.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns


def filesystem_uuid(folder: Path) -> str:
    """The UUID of the file system that a folder is on; empty where the system does not say."""
    try:
        device = folder.stat().st_dev
        links = sorted(_BY_UUID.iterdir())
    except OSError:
        return ""
    for link in links:
        try:
            if link.stat().st_rdev == device:
                return link.name
        except OSError:  # a link to a device that has gone
            continue
    return ""


def _read(path: Path) -> _Mark | None:
    """A mark; one that is damaged is no mark of ours and says so by its empty id."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        said = json.loads(text)
        return _Mark(str(said["id"]), bool(said.get("pending", False)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _Mark("")


def _write(path: Path, name: str, now: datetime, *, pending: bool) -> None:
    text = json.dumps({"id": name, "accepted": iso(now), "pending": pending})
    fresh = path.with_name(f"{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(handle)
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
