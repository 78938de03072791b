"""Holds: spans of footage that nobody deletes, with who, why and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from edge_agent.core.ledger import Hold
from edge_agent.store.connections import Connections

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = "id, camera, start, finish, reason, who, made, until, released, released_by"


class Holds:
    """The holds of the recordings database; written by people, the agent's rule, read by all.

    Every method raises Trouble when the database does not answer.
    """

    def __init__(self, rows: Connections) -> None:
        self._rows = rows

    def put(self, hold: Hold) -> None:
        """Hold a span; the same id again moves its end and its `until` (never a released one)."""
        self._rows.write(
            f"INSERT INTO holds ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
            "ON CONFLICT (id) DO UPDATE SET finish = excluded.finish, until = excluded.until "
            "WHERE released IS NULL",
            (
                *(hold.id, hold.camera, _us(hold.start), _us_or_none(hold.end), hold.reason),
                *(hold.who, _us(hold.made), _us_or_none(hold.until)),
                *(_us_or_none(hold.released), hold.released_by),
            ),
        )

    def release(self, name: str, now: datetime, who: str) -> bool:
        """End a hold; it stays in the list with who ended it. False when there is none active."""
        with self._rows.transaction() as connection:
            done = connection.execute(
                "UPDATE holds SET released = ?, released_by = ? WHERE id = ? AND released IS NULL",
                (_us(now), who, name),
            )
            return done.rowcount > 0

    def all(self) -> tuple[Hold, ...]:
        """Every hold, those that have ended included, oldest first."""
        rows = self._rows.read(f"SELECT {_COLUMNS} FROM holds ORDER BY made, id")  # noqa: S608
        return tuple(_hold(row) for row in rows)

    def active(self, now: datetime) -> tuple[Hold, ...]:
        """The holds that protect something now."""
        return tuple(hold for hold in self.all() if hold.active(now))


def _us(wall: datetime) -> int:
    return (wall - _EPOCH) // timedelta(microseconds=1)


def _us_or_none(wall: datetime | None) -> int | None:
    return None if wall is None else _us(wall)


def _wall(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _hold(row: tuple[Any, ...]) -> Hold:
    name, camera, start, finish, reason, who, made, until, released, released_by = row
    return Hold(
        id=name,
        camera=camera,
        start=_wall(start),
        end=None if finish is None else _wall(finish),
        reason=reason,
        who=who,
        made=_wall(made),
        until=None if until is None else _wall(until),
        released=None if released is None else _wall(released),
        released_by=released_by,
    )
