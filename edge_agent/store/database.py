"""One SQLite file: opened durable, checked, migrated; the connection that both databases share."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from edge_agent.core.trouble import Trouble

BUSY_SECONDS = 5.0
_MODE = 0o660
_MIGRATION = re.compile(r"(\d{4})-[a-z0-9-]+\.sql")


def open_database(path: Path, name: str, *, check: bool = True) -> sqlite3.Connection:
    """A connection to the database at `path`, migrated to the newest schema of `name`.

    WAL, synchronous=FULL, foreign keys, 5 s of patience with other writers, autocommit: writes go
    through `transaction`. One thread uses a connection at a time; `check` reads the whole file
    once (a process's further connections may pass False). Raises Trouble `store.damaged`,
    `store.newer` or `store.unavailable`.
    """
    migrations = load_migrations(name)
    try:
        with _alone_in(path.parent):
            _create(path)
            return _prepared(path, migrations, check)
    except sqlite3.OperationalError as error:
        raise _unavailable(path, error) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise _unavailable(path, error) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing: BEGIN IMMEDIATE … COMMIT, rolled back when the body raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        # an I/O error or a full disk may have rolled it back already
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def move_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged database and its WAL to `<name>.damaged-<UTC>`; nothing is deleted.

    Returns the new path. Close every connection first. Raises OSError.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def load_migrations(name: str) -> tuple[str, ...]:
    """The SQL of each step of a database's schema, step 1 first. Raises LookupError when a number
    is missing or stands twice.
    """
    folder = resources.files("edge_agent.store") / "migrations" / name
    found = sorted(
        (int(match[1]), entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if (match := _MIGRATION.fullmatch(entry.name))
    )
    # two of one number would hide each other: a hole and a double are the same mistake
    if not found or [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise LookupError(f"migrations of {name!r} are not numbered 0001, 0002, …")
    return tuple(script for _, script in found)


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one; triggers stay whole."""
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        if sqlite3.complete_statement("\n".join(lines)):
            yield "\n".join(lines)
            lines = []
    if any(line.strip() and not line.strip().startswith("--") for line in lines):
        raise ValueError(f"unfinished statement in a migration: {' '.join(lines)[:80]}")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One process at a time creates or migrates: two that turn WAL on at once lock each other."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _create(path: Path) -> None:
    """An empty file of the right mode; SQLite gives its WAL the same mode."""
    if path.exists():
        return
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    try:
        os.fchmod(handle, _MODE)  # the umask has no say
    finally:
        os.close(handle)


def _prepared(path: Path, migrations: tuple[str, ...], check: bool) -> sqlite3.Connection:
    # check_same_thread off: the thread that stops the program closes every thread's connection
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    with ExitStack() as failed:
        failed.callback(connection.close)
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if check:
            _check(connection, path)
        _migrate(connection, path, migrations)
        failed.pop_all()
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    with closing(connection.execute("PRAGMA quick_check(1)")) as rows:
        (answer,) = rows.fetchone()
    if answer != "ok":
        raise _damaged(path, answer)


def _migrate(connection: sqlite3.Connection, path: Path, migrations: tuple[str, ...]) -> None:
    if _version(connection) == len(migrations):
        return
    with transaction(connection):
        version = _version(connection)
        if version > len(migrations):
            raise _newer(path, version, len(migrations))
        for script in migrations[version:]:
            for statement in statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(migrations)}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _damaged(path: Path, detail: str) -> Trouble:
    return Trouble(
        "store.damaged",
        f"Cơ sở dữ liệu {path.name} bị hỏng ({detail}). Tệp phải được đổi tên sang một bên; "
        "kiểm tra ổ đĩa.",
        f"The database {path.name} is damaged ({detail}). It has to be moved aside; "
        "check the disk it lies on.",
    )


def _newer(path: Path, found: int, known: int) -> Trouble:
    return Trouble(
        "store.newer",
        f"Cơ sở dữ liệu {path.name} do phiên bản mới hơn ghi (lược đồ {found}, chương trình này "
        f"biết {known}). Hãy cài lại phiên bản mới hơn.",
        f"The database {path.name} was written by a newer version (schema {found}, this program "
        f"knows {known}). Install the newer version again.",
    )


def _unavailable(path: Path, error: Exception) -> Trouble:
    return Trouble(
        "store.unavailable",
        f"Không mở được cơ sở dữ liệu {path} ({error}). Kiểm tra thư mục, quyền ghi và chỗ trống.",
        f"The database {path} cannot be opened ({error}). Check the folder, its permissions and "
        "the free space.",
    )
