"""One database for many threads: a connection for each, and errors that people can read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from edge_agent.core.trouble import Trouble
from edge_agent.store.database import open_database, transaction


class _Own(NamedTuple):
    """A thread's connection; `busy` is held while it is used: SQLite does not survive a connection
    that is closed under a statement.
    """

    thread: threading.Thread
    connection: sqlite3.Connection
    busy: threading.RLock


class Connections:
    """Connections to the database `name` at `path`, one per thread, opened when first needed.

    Every method raises Trouble `store.unavailable` when the database does not answer (full disk,
    I/O error, locked for 5 s) and `store.damaged` when what it answers is not a database.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self._name = name
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[_Own] = []
        self._checked = False
        self._mine()

    def close(self) -> None:
        """Close the connections of all threads, each when what runs on it has ended; nothing may
        follow.
        """
        with self._lock:
            for own in self._open:
                with own.busy:
                    own.connection.close()
            self._open.clear()
            self._local = threading.local()

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        own = self._mine()
        with self._translated(), own.busy:
            return own.connection.execute(query, values).fetchall()

    def write(self, query: str, values: Sequence[object]) -> None:
        """One statement as one transaction."""
        with self.transaction() as connection:
            connection.execute(query, values)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on this thread's connection."""
        own = self._mine()
        with self._translated(), own.busy, transaction(own.connection) as connection:
            yield connection

    def _mine(self) -> _Own:
        found: _Own | None = getattr(self._local, "own", None)
        if found is None:
            with self._lock:
                found = self._local.own = self._opened()
        return found

    def _opened(self) -> _Own:
        self._close_orphans()
        connection = open_database(self.path, self._name, check=not self._checked)
        self._checked = True
        self._open.append(_Own(threading.current_thread(), connection, threading.RLock()))
        return self._open[-1]

    def _close_orphans(self) -> None:
        """Connections of threads that have ended are closed when the next thread comes."""
        for own in self._open:
            if not own.thread.is_alive():
                own.connection.close()
        self._open = [own for own in self._open if own.thread.is_alive()]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise Trouble(
                "store.unavailable",
                f"Cơ sở dữ liệu {self.path.name} không trả lời ({error}). "
                "Kiểm tra ổ đĩa và chỗ trống.",
                f"The database {self.path.name} does not answer ({error}). "
                "Check the disk and its free space.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise Trouble(
                "store.damaged",
                f"Cơ sở dữ liệu {self.path.name} bị hỏng ({error}). Kiểm tra ổ đĩa.",
                f"The database {self.path.name} is damaged ({error}). Check the disk.",
            ) from error
