"""One database for many threads: a connection for each, and errors that people can read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge_agent.core.trouble import Trouble
from edge_agent.store.database import open_database, transaction


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
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._checked = False
        self.mine()

    def close(self) -> None:
        """Close the connections of all threads; nothing may be running or follow."""
        with self._lock:
            for _thread, connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self._translated():
            return self.mine().execute(query, values).fetchall()

    def write(self, query: str, values: Sequence[object]) -> None:
        """One statement as one transaction."""
        with self.transaction() as connection:
            connection.execute(query, values)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on this thread's connection."""
        with self._translated(), transaction(self.mine()) as connection:
            yield connection

    def mine(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            with self._lock:
                found = self._local.connection = self._opened()
        return found

    def _opened(self) -> sqlite3.Connection:
        self._close_orphans()
        connection = open_database(self.path, self._name, check=not self._checked)
        self._checked = True
        self._open.append((threading.current_thread(), connection))
        return connection

    def _close_orphans(self) -> None:
        """Connections of threads that have ended are closed when the next thread comes."""
        for thread, connection in self._open:
            if not thread.is_alive():
                connection.close()
        self._open = [entry for entry in self._open if entry[0].is_alive()]

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
