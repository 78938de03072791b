"""Who looked at which footage, when: written before the first byte is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.store.connections import Connections

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the footage [start, end) of a camera. `who` is a token's name or a user of the
    box, `what` is `film` (joined), `segment` (an original file) or `file` (copied out).
    """

    who: str
    what: str
    camera: str
    start: datetime
    end: datetime
    when: datetime


class Audit:
    """The looks in the events database, for any number of threads and processes.

    Every method raises Trouble (`store.unavailable`) when the database does not answer.
    """

    def __init__(self, path: Path) -> None:
        self._rows = Connections(path, "events")

    def close(self) -> None:
        """Close the connections of all threads; no method may be running or follow."""
        self._rows.close()

    def write(self, look: Look) -> None:
        """Note a look; durable when this returns."""
        self._rows.write(
            "INSERT INTO looks (moment, who, what, camera, start, finish) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(_us(look.when), look.who, look.what, look.camera),
                *(_us(look.start), _us(look.end)),
            ),
        )

    def looks(self, start: datetime, end: datetime) -> tuple[Look, ...]:
        """The looks that happened in [start, end), oldest first."""
        rows = self._rows.read(
            "SELECT who, what, camera, start, finish, moment FROM looks "
            "WHERE moment >= ? AND moment < ? ORDER BY position",
            (_us(start), _us(end)),
        )
        return tuple(
            Look(who, what, camera, _wall(begin), _wall(finish), _wall(moment))
            for who, what, camera, begin, finish, moment in rows
        )


def _us(wall: datetime) -> int:
    return (wall - _EPOCH) // timedelta(microseconds=1)


def _wall(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)
