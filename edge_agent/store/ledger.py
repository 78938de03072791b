"""What outlives the footage: closed days, deletions, the promise, notices, the disk's state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from edge_agent.core.ledger import Day, Deletion, Notice, Promise, RetentionStatus, Why
from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.store.connections import Connections

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 86_400 * 10**6


@dataclass(frozen=True, slots=True)
class DiskState:
    """The recordings disk: `state` is `ok`, `missing` or `foreign`; `smart` None when unknown."""

    state: str
    id: str
    since: datetime
    smart: Mapping[str, Any] | None = None


class Ledger:
    """The ledger's tables of the recordings database, over the connections of `Recordings`.

    Every method raises Trouble when the database does not answer.
    """

    def __init__(self, rows: Connections) -> None:
        self._rows = rows

    # ------------------------------------------------------------------ days

    def close_days(self, days: Iterable[Day]) -> None:
        """Keep these days for when their footage is gone; a day is closed once."""
        with self._rows.transaction() as connection:
            connection.executemany(
                "INSERT INTO days (camera, day, start, finish, gaps) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (camera, day) DO NOTHING",
                [
                    (one.camera, one.day.isoformat(), _us(one.start), _us(one.end), _gaps(one))
                    for one in days
                ],
            )

    def closed_days(self, camera: str, first: date, last: date) -> tuple[Day, ...]:
        """The closed days from `first` to `last`, both included."""
        rows = self._rows.read(
            "SELECT camera, day, start, finish, gaps FROM days "
            "WHERE camera = ? AND day BETWEEN ? AND ? ORDER BY day",
            (camera, first.isoformat(), last.isoformat()),
        )
        return tuple(_day(row) for row in rows)

    def due_since(self, camera: str) -> datetime | None:
        """When something was first due of this camera; None when nothing is known of it."""
        rows = self._rows.read(
            "SELECT min(start) FROM (SELECT * FROM (SELECT start FROM days WHERE camera = ?1 "
            "ORDER BY day LIMIT 1) UNION ALL SELECT * FROM (SELECT start FROM segments "
            "WHERE camera = ?1 ORDER BY start LIMIT 1) UNION ALL SELECT * FROM (SELECT start "
            "FROM gaps WHERE camera = ?1 ORDER BY start LIMIT 1))",
            (camera,),
        )
        return None if rows[0][0] is None else _wall(rows[0][0])

    def cameras(self) -> tuple[str, ...]:
        """Every camera of which anything is known, by name."""
        # a loose index scan: one seek a camera instead of a pass over all files
        rows = self._rows.read(
            "WITH RECURSIVE one (name) AS (SELECT min(camera) FROM segments UNION ALL "
            "SELECT (SELECT min(camera) FROM segments WHERE camera > name) FROM one "
            "WHERE name IS NOT NULL) SELECT name FROM one WHERE name IS NOT NULL "
            "UNION SELECT camera FROM gaps UNION SELECT camera FROM days ORDER BY 1"
        )
        return tuple(row[0] for row in rows)

    # ------------------------------------------------------------------ deletion

    def older_than(self, camera: str, moment: datetime, limit: int) -> tuple[Segment, ...]:
        """At most `limit` files of a camera that ended before this moment, oldest first."""
        rows = self._rows.read(
            "SELECT camera, run, path, start, finish, size FROM segments WHERE camera = ? "
            "AND start < ? AND finish < ? AND garbage = 0 ORDER BY start LIMIT ?",
            (camera, _us(moment), _us(moment), limit),
        )
        return tuple(
            Segment(camera, run, path, _wall(start), (finish - start) / 10**6, size)
            for camera, run, path, start, finish, size in rows
        )

    def bytes_by_day(self) -> dict[str, dict[int, int]]:
        """Bytes kept by camera and by day of their start (whole days since 1970-01-01 UTC)."""
        found: dict[str, dict[int, int]] = {}
        rows = self._rows.read(
            f"SELECT camera, start / {_DAY_US}, sum(size) FROM segments "  # noqa: S608 - constant
            "WHERE garbage = 0 GROUP BY camera, start / " + str(_DAY_US)
        )
        for camera, day, size in rows:
            found.setdefault(camera, {})[day] = size
        return found

    def bytes_between(self, camera: str, start: datetime, end: datetime) -> dict[int, int]:
        """Bytes of the files that began in [start, end), by day as `bytes_by_day`."""
        rows = self._rows.read(
            f"SELECT start / {_DAY_US}, sum(size) FROM segments "  # noqa: S608 - constant
            "WHERE camera = ? AND start >= ? AND start < ? AND garbage = 0 GROUP BY 1",
            (camera, _us(start), _us(end)),
        )
        return dict(rows)

    def note_deletions(self, deletions: Sequence[Deletion]) -> None:
        """Write down what is about to be deleted, and why."""
        with self._rows.transaction() as connection:
            connection.executemany(
                "INSERT INTO deletions (at, camera, start, finish, files, size, why) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        _us(one.at),
                        one.camera,
                        _us(one.start),
                        _us(one.end),
                        one.files,
                        one.size,
                        one.why.value,
                    )
                    for one in deletions
                ],
            )

    def deletions(self, camera: str, start: datetime, end: datetime) -> tuple[Deletion, ...]:
        """The deletions that took any of [start, end), in the order in which they happened."""
        rows = self._rows.read(
            "SELECT at, camera, start, finish, files, size, why FROM deletions "
            "WHERE camera = ? AND start < ? AND finish > ? ORDER BY position",
            (camera, _us(end), _us(start)),
        )
        return tuple(
            Deletion(_wall(at), name, _wall(first), _wall(last), files, size, Why(why))
            for at, name, first, last, files, size, why in rows
        )

    def forget_before(self, moment: datetime) -> None:
        """Drop what is older than the ledger is kept: days, gaps, deletions, told notices, runs."""
        with self._rows.transaction() as connection:
            for statement in (
                "DELETE FROM days WHERE finish < ?",
                "DELETE FROM gaps WHERE finish < ?",
                "DELETE FROM deletions WHERE at < ?",
                "DELETE FROM notices WHERE told = 1 AND time < ?",
                "DELETE FROM runs WHERE closed < ?",
                "DELETE FROM holds WHERE coalesce(released, until) < ?",
            ):
                connection.execute(statement, (_us(moment),))

    # ------------------------------------------------------------------ the promise

    def write_retention(self, statuses: Iterable[RetentionStatus]) -> None:
        """The newest state of every camera's retention; those left out are forgotten."""
        with self._rows.transaction() as connection:
            connection.execute("DELETE FROM retention")
            connection.executemany(
                "INSERT INTO retention (camera, state, since, checked, days_held, risk_days, "
                "bytes_per_day, held_bytes, capacity) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        one.camera,
                        one.state.value,
                        _us(one.since),
                        _us(one.checked),
                        one.days_held,
                        one.risk_days,
                        one.bytes_per_day,
                        one.held_bytes,
                        one.capacity,
                    )
                    for one in statuses
                ],
            )

    def retention(self) -> dict[str, RetentionStatus]:
        """How every camera's retention stood at the last hourly look."""
        rows = self._rows.read(
            "SELECT camera, state, since, checked, days_held, risk_days, bytes_per_day, "
            "held_bytes, capacity FROM retention ORDER BY camera"
        )
        return {
            camera: RetentionStatus(camera, Promise(state), _wall(since), _wall(checked), *rest)
            for camera, state, since, checked, *rest in rows
        }

    # ------------------------------------------------------------------ told to people

    def notify(self, notice: Notice) -> bool:
        """Leave a notice for the agent; False when its id is known already."""
        data = json.dumps(dict(notice.data), ensure_ascii=False, sort_keys=True)
        with self._rows.transaction() as connection:
            done = connection.execute(
                "INSERT INTO notices (id, type, subject, time, severity, data) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (notice.id, notice.type, notice.subject, _us(notice.time), notice.severity, data),
            )
            return done.rowcount > 0

    def untold(self) -> tuple[Notice, ...]:
        """The notices that are no event yet, oldest first."""
        rows = self._rows.read(
            "SELECT id, type, subject, time, severity, data FROM notices "
            "WHERE told = 0 ORDER BY position LIMIT 100"
        )
        return tuple(
            Notice(name, kind, subject, _wall(time), severity, json.loads(data))
            for name, kind, subject, time, severity, data in rows
        )

    def told(self, notice: str) -> None:
        """The notice with this id is an event now."""
        self._rows.write("UPDATE notices SET told = 1 WHERE id = ?", (notice,))

    def write_disk(self, disk: DiskState) -> None:
        """How the recordings disk is now."""
        smart = json.dumps(disk.smart, ensure_ascii=False, sort_keys=True)
        self._rows.write(
            "INSERT OR REPLACE INTO disk (one, state, id, since, smart) VALUES (1, ?, ?, ?, ?)",
            (disk.state, disk.id, _us(disk.since), smart),
        )

    def disk(self) -> DiskState | None:
        """How the recorder last saw its disk; None before it looked."""
        rows = self._rows.read("SELECT state, id, since, smart FROM disk")
        if not rows:
            return None
        state, name, since, smart = rows[0]
        return DiskState(state, name, _wall(since), json.loads(smart))


def _us(wall: datetime) -> int:
    return (wall - _EPOCH) // timedelta(microseconds=1)


def _wall(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _gaps(day: Day) -> str:
    return json.dumps(
        [
            [_us(gap.start), _us(gap.end or day.end), gap.reason.value, gap.detail]
            for gap in day.gaps
        ],
        ensure_ascii=False,
    )


def _day(row: tuple[Any, ...]) -> Day:
    camera, day, start, finish, gaps = row
    found = tuple(
        Gap(camera, _wall(first), _wall(last), GapReason(reason), detail)
        for first, last, reason, detail in json.loads(gaps)
    )
    return Day(camera, date.fromisoformat(day), _wall(start), _wall(finish), found, closed=True)
