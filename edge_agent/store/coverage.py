"""What the rules could know of each camera, hour by hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from edge_agent.core.perception import RuleCoverage
from edge_agent.store.connections import Connections
from edge_agent.store.moments import us, wall

Hour = tuple[str, datetime]  # camera, and when the hour begins (UTC)
_COLUMNS = ("seconds", "persons", "answered", "unknown", "person_seconds", "placed_seconds")
_MORE = ", ".join(f"{name} = {name} + excluded.{name}" for name in _COLUMNS)


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour of this moment."""
    return moment.replace(minute=0, second=0, microsecond=0)


class RuleHours:
    """The hourly rows in the events database, for any number of threads and processes.

    Every method raises Trouble (`store.unavailable`) when the database does not answer.
    """

    def __init__(self, path: Path) -> None:
        self._rows = Connections(path, "events")

    def close(self) -> None:
        """Close the connections of all threads; no method may be running or follow."""
        self._rows.close()

    def add(self, counted: Mapping[Hour, RuleCoverage]) -> None:
        """Add to the hours of these cameras, all or nothing; durable when this returns."""
        with self._rows.transaction() as connection:
            connection.executemany(
                f"INSERT INTO coverage (camera, hour, {', '.join(_COLUMNS)}) "  # noqa: S608 - names
                f"VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (camera, hour) DO UPDATE SET {_MORE}",
                [
                    (
                        *(camera, us(hour), one.seconds, one.persons, one.answered),
                        *(one.unknown, one.person_seconds, one.placed_seconds),
                    )
                    for (camera, hour), one in counted.items()
                ],
            )

    def hours(self, camera: str, start: datetime, end: datetime) -> dict[datetime, RuleCoverage]:
        """The hours of a camera that begin in [start, end), in order."""
        rows = self._rows.read(
            f"SELECT hour, {', '.join(_COLUMNS)} FROM coverage "  # noqa: S608 - names
            "WHERE camera = ? AND hour >= ? AND hour < ? ORDER BY hour",
            (camera, us(start), us(end)),
        )
        return {wall(hour): RuleCoverage(*figures) for hour, *figures in rows}

    def since(self, start: datetime) -> dict[str, RuleCoverage]:
        """Of each camera what was covered in the hours that begin at `start` or later."""
        sums = ", ".join(f"sum({name})" for name in _COLUMNS)
        rows = self._rows.read(
            f"SELECT camera, {sums} FROM coverage WHERE hour >= ? "  # noqa: S608 - names
            "GROUP BY camera ORDER BY camera",
            (us(start),),
        )
        return {camera: RuleCoverage(*figures) for camera, *figures in rows}
