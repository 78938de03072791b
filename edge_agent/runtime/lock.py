"""One process a task on one state folder: a file lock that dies with its holder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from threading import Event
from types import TracebackType

from edge_agent.core.trouble import Trouble


class SingleInstance:
    """`with SingleInstance(state / "run" / "agent.lock"):` only one process at a time.

    The lock is flock(2) on an open file: the kernel drops it when the holder dies, so a file that
    is left over after a power cut blocks nobody. The holder's pid is inside, for people.
    Raises Trouble `instance.second` when another process holds it, `instance.folder` when the
    folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def __enter__(self) -> SingleInstance:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock or raise Trouble, within a tenth of a second."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        if not _taken(file):
            os.close(file)
            raise _second(self.path, _pid_in(self.path))
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Let go; the file stays, an unlink here would race with the next holder."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None


def _taken(file: int) -> bool:
    """Try a few times: `held` of another process touches the lock for microseconds."""
    patience = Event()
    for _ in range(5):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            patience.wait(0.02)
        else:
            return True
    return False


def held(path: Path) -> bool:
    """Whether some process holds this lock at this moment; False if the file is not there."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def holder(path: Path) -> int | None:
    """The pid of the process that holds this lock at this moment; None when nobody does.

    A pid that a dead process left in the file is nobody.
    """
    patience = Event()
    for _ in range(5):
        if not held(path):
            return None
        pid = _pid_in(path)
        if pid is not None:
            return pid
        patience.wait(0.02)  # taken this instant, the pid is about to be written
    return None


def _pid_in(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _second(path: Path, pid: int | None) -> Trouble:
    folder, name = path.parent, pid if pid is not None else "?"
    return Trouble(
        "instance.second",
        f"Một tiến trình khác (pid {name}) đang dùng thư mục {folder} ({path.name}). "
        "Dừng tiến trình đó trước (systemctl stop hoặc kill), "
        "hoặc chọn storage.state khác trong cấu hình.",
        f"Another process (pid {name}) is using the folder {folder} ({path.name}). "
        "Stop that one first (systemctl stop or kill), "
        "or choose another storage.state in the configuration.",
    )


def _unwritable(path: Path, error: OSError) -> Trouble:
    why = error.strerror or str(error)
    return Trouble(
        "instance.folder",
        f"Không ghi được vào thư mục {path.parent}: {why}. "
        "Kiểm tra quyền ghi, dung lượng đĩa và storage.state trong cấu hình.",
        f"The folder {path.parent} cannot be written: {why}. "
        "Check its permissions, the disk, and storage.state in the configuration.",
    )
