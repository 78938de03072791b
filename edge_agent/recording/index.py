"""The way to the recordings database: recording never waits for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition, Event

from edge_agent.runtime.logs import log
from edge_agent.store.recordings import Recordings

Row = Callable[[Recordings], None]
_LIMIT = 50_000


class IndexWriter:
    """Rows on their way into the database, written in order by one thread.

    A row that the database does not take stays first in the queue and is tried again. When the
    queue is full the oldest row is dropped, counted and logged: the next start rebuilds segments
    from the files.
    """

    def __init__(self, recordings: Recordings, limit: int = _LIMIT) -> None:
        self.dropped = 0
        self._recordings = recordings
        self._limit = limit
        self._rows: deque[Row] = deque()
        self._changed = Condition()

    def put(self, row: Row) -> None:
        """Queue a row; never waits."""
        with self._changed:
            if len(self._rows) >= self._limit:
                self._rows.popleft()
                self.dropped += 1
                log.error("index.row_dropped", dropped=self.dropped)
            self._rows.append(row)
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Rows that are not in the database yet."""
        return len(self._rows)

    def run_once(self, stop: Event) -> None:
        """Write rows until told to stop. Raises Trouble when the database does not take one."""
        while not stop.is_set():
            row = self._next(0.5)
            if row is not None:
                row(self._recordings)
                self._done(row)

    def drain(self) -> None:
        """Write what is left in the caller's thread, once `run_once` has ended. Raises Trouble."""
        while (row := self._next(0.0)) is not None:
            row(self._recordings)
            self._done(row)

    def _next(self, patience: float) -> Row | None:
        with self._changed:
            if not self._rows:
                self._changed.wait(patience)
            return self._rows[0] if self._rows else None

    def _done(self, row: Row) -> None:
        with self._changed:
            # a full queue may have dropped this very row meanwhile
            if self._rows and self._rows[0] is row:
                self._rows.popleft()
