"""The recordings database: what lies on disk, what is missing and why; the recorder writes it.

It is an index: every row can be rebuilt from the files. Gaps are facts; only the signed manifests
tell of them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from edge_agent.core.media import (
    Gap,
    GapReason,
    Segment,
)
from edge_agent.store.connections import Connections
from edge_agent.store.moments import us as _us
from edge_agent.store.moments import wall as _wall
from edge_agent.store.presence import Presence

_LONGEST = 3600 * 10**6  # no segment is longer than an hour: bounds the search by start
_NEVER = 2**62  # later than every moment
_COLUMNS = "camera, run, path, start, finish, size, sha256"
# only files of the last hour can end last; all of them would be a pass over five weeks
_RECENT = (
    "AND start >= (SELECT max(start) FROM segments WHERE camera = ?1 AND garbage = 0) - 3600000000"
)
_RUN = "id, camera, opened, codec, closed, end_reason"


@dataclass(frozen=True, slots=True)
class Totals:
    """What is kept of one camera: files, media seconds, bytes, first and last recorded moment."""

    segments: int
    seconds: float
    bytes: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One RTSP session. `closed` is None while it lasts (or when the recorder died in it)."""

    id: str
    camera: str
    opened: datetime
    codec: str = ""
    closed: datetime | None = None
    end_reason: str = ""


class Recordings(Presence):
    """The recordings database, for any number of threads and processes.

    Every thread works on a connection of its own. Every method raises Trouble
    (`store.unavailable`) when the database does not answer: full disk, I/O error, locked for 5 s.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = Connections(path, "recordings")

    @property
    def rows(self) -> Connections:
        """The connections, for `Ledger` and `Holds`: more tables of the same database."""
        return self._rows

    def close(self) -> None:
        """Close the connections of all threads; no method may be running or follow."""
        self._rows.close()

    # ------------------------------------------------------------------ written by the recorder

    def open_run(self, run: Run) -> None:
        """Note a run that has begun."""
        self._rows.write(
            "INSERT INTO runs (id, camera, opened, codec) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO NOTHING",
            (run.id, run.camera, _us(run.opened), run.codec),
        )

    def close_run(self, run: str, closed: datetime, end_reason: str) -> None:
        """Note when and why a run ended; a run closes once."""
        self._rows.write(
            "UPDATE runs SET closed = ?, end_reason = ? WHERE id = ? AND closed IS NULL",
            (_us(closed), end_reason, run),
        )

    def add_segment(self, segment: Segment) -> None:
        """Index a file that is complete on disk; the same path again replaces its row."""
        self.add_segments([segment])

    def add_segments(self, segments: Iterable[Segment]) -> None:
        """The same for many files in one transaction."""
        with self._rows.transaction() as connection:
            connection.executemany(
                f"INSERT INTO segments ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
                "ON CONFLICT (path) DO UPDATE SET start = excluded.start, "
                "finish = excluded.finish, size = excluded.size, run = excluded.run, "
                "sha256 = excluded.sha256",
                [_values(segment) for segment in segments],
            )

    def write_gap(self, gap: Gap) -> None:
        """Open a gap (`end` None), or close it by writing it again with its end."""
        end = None if gap.end is None else _us(gap.end)
        self._rows.write(
            "INSERT INTO gaps (camera, start, finish, reason, detail) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (camera, start) DO UPDATE SET finish = excluded.finish, "
            "reason = excluded.reason, detail = excluded.detail",
            (gap.camera, _us(gap.start), end, gap.reason.value, gap.detail),
        )

    def add_gaps(self, gaps: Iterable[Gap]) -> None:
        """Closed gaps as told elsewhere; one that is known from its start on is not replaced."""
        with self._rows.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO gaps (camera, start, finish, reason, detail) "
                "VALUES (?, ?, ?, ?, ?)",
                [
                    (one.camera, _us(one.start), _us(one.end), one.reason.value, one.detail)
                    for one in gaps
                    if one.end is not None
                ],
            )

    def mark_garbage(self, paths: Sequence[str]) -> None:
        """Decide deletion: these rows vanish from every answer; the files go next."""
        with self._rows.transaction() as connection:
            connection.executemany(
                "UPDATE segments SET garbage = 1 WHERE path = ?", [(path,) for path in paths]
            )

    def garbage(self) -> tuple[str, ...]:
        """Paths whose deletion was decided and not yet finished."""
        rows = self._rows.read("SELECT path FROM segments WHERE garbage = 1")
        return tuple(row[0] for row in rows)

    def forget(self, paths: Sequence[str]) -> None:
        """Drop the rows of files that are gone."""
        with self._rows.transaction() as connection:
            connection.executemany(
                "DELETE FROM segments WHERE path = ?", [(path,) for path in paths]
            )

    # ------------------------------------------------------------------ read by everyone

    def runs(self, camera: str) -> tuple[Run, ...]:
        """The runs of a camera, oldest first."""
        query = f"SELECT {_RUN} FROM runs WHERE camera = ? ORDER BY opened"  # noqa: S608
        return tuple(_run(row) for row in self._rows.read(query, (camera,)))

    def open_runs(self) -> tuple[Run, ...]:
        """The runs that have not ended, of all cameras."""
        query = f"SELECT {_RUN} FROM runs WHERE closed IS NULL ORDER BY opened"  # noqa: S608
        return tuple(_run(row) for row in self._rows.read(query))

    def segments(self, camera: str, start: datetime, end: datetime) -> tuple[Segment, ...]:
        """The files that hold any moment of [start, end), oldest first."""
        rows = self._rows.read(
            f"SELECT {_COLUMNS} FROM segments WHERE camera = ? AND start < ? AND start > ? "  # noqa: S608
            "AND finish > ? AND garbage = 0 ORDER BY start",
            (camera, _us(end), _us(start) - _LONGEST, _us(start)),
        )
        return tuple(_segment(row) for row in rows)

    def paths(self) -> set[str]:
        """Every indexed file, those on their way out included."""
        return {row[0] for row in self._rows.read("SELECT path FROM segments")}

    def segment(self, path: str) -> Segment | None:
        """The row of one file."""
        query = f"SELECT {_COLUMNS} FROM segments WHERE path = ?"  # noqa: S608 - constant
        rows = self._rows.read(query, (path,))
        return _segment(rows[0]) if rows else None

    def totals(self) -> dict[str, Totals]:
        """What is kept, by camera."""
        rows = self._rows.read(
            "SELECT camera, count(*), sum(finish - start), sum(size), min(start), max(finish) "
            "FROM segments WHERE garbage = 0 GROUP BY camera"
        )
        return {
            camera: Totals(count, length / 10**6, size, _wall(first), _wall(last))
            for camera, count, length, size, first, last in rows
        }

    def gaps(self, camera: str, start: datetime, end: datetime) -> tuple[Gap, ...]:
        """The gaps that touch [start, end), whole, oldest first; one may still be open."""
        rows = self._rows.read(
            "SELECT camera, start, finish, reason, detail FROM gaps WHERE camera = ? "
            "AND start < ? AND (finish IS NULL OR finish > ?) ORDER BY start",
            (camera, _us(end), _us(start)),
        )
        return tuple(_gap(row) for row in rows)

    def open_gap(self, camera: str) -> Gap | None:
        """The gap that this camera is in, if any."""
        rows = self._rows.read(
            "SELECT camera, start, finish, reason, detail FROM gaps "
            "WHERE camera = ? AND finish IS NULL",
            (camera,),
        )
        return _gap(rows[0]) if rows else None

    def holes(self, camera: str, least: timedelta) -> tuple[tuple[datetime, datetime], ...]:
        """Spans longer than `least` between two rows of a camera that no file and no gap tells of,
        and no deletion took. An open gap explains all that follows it.
        """
        rows = self._rows.read(
            "SELECT reached, start FROM (SELECT start, max(finish) OVER (ORDER BY start ROWS "
            "BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached FROM ("
            "SELECT start, finish FROM segments WHERE camera = ?1 UNION ALL "
            "SELECT start, ifnull(finish, ?3) FROM gaps WHERE camera = ?1 UNION ALL "
            "SELECT start, finish FROM deletions WHERE camera = ?1)) WHERE start - reached > ?2",
            (camera, least // timedelta(microseconds=1), _NEVER),
        )
        return tuple((_wall(start), _wall(end)) for start, end in rows)

    def accounted_until(self, camera: str, before: datetime | None = None) -> datetime | None:
        """The last moment of a camera that is recorded, or explained by a gap that is closed, or
        at which a run began; with `before`, the last one not after it (the clock may have been set
        back since).
        """
        limit = _NEVER if before is None else _us(before)
        rows = self._rows.read(
            "SELECT max(finish) FROM (SELECT finish FROM gaps WHERE camera = ?1 AND finish <= ?2 "
            "UNION ALL SELECT opened FROM runs WHERE camera = ?1 AND opened <= ?2 "
            "UNION ALL SELECT finish FROM segments WHERE camera = ?1 AND garbage = 0 "
            "AND finish <= ?2)",
            (camera, limit),
        )
        return None if rows[0][0] is None else _wall(rows[0][0])

    def coverage(self, camera: str, start: datetime, end: datetime) -> float:
        """Seconds of [start, end) that are recorded; overlapping files count once."""
        total, reached = timedelta(), start
        for segment in self.segments(camera, start, end):
            finish = min(end, segment.start + timedelta(seconds=segment.seconds))
            begin = max(reached, segment.start)
            if finish > begin:
                total, reached = total + (finish - begin), finish
        return total.total_seconds()

    def oldest(self, camera: str) -> datetime | None:
        """The first moment kept of a camera."""
        return self._extreme("min(start)", camera)

    def newest(self, camera: str) -> datetime | None:
        """The last recorded moment of a camera."""
        return self._extreme("max(finish)", camera, _RECENT)

    def days_held(self, camera: str, now: datetime) -> float:
        """Days from the first moment kept to now; 0 when nothing is kept."""
        first = self.oldest(camera)
        return 0.0 if first is None else max(0.0, (now - first).total_seconds() / 86400)

    def _extreme(self, expression: str, camera: str, only: str = "") -> datetime | None:
        rows = self._rows.read(
            f"SELECT {expression} FROM segments WHERE camera = ?1 AND garbage = 0 {only}",  # noqa: S608
            (camera,),
        )
        return None if rows[0][0] is None else _wall(rows[0][0])


def _values(segment: Segment) -> tuple[object, ...]:
    start = _us(segment.start)
    finish = start + round(segment.seconds * 10**6)
    return (
        *(segment.camera, segment.run, segment.path),
        *(start, finish, segment.size, segment.sha256),
    )


def _segment(row: tuple[Any, ...]) -> Segment:
    camera, run, path, start, finish, size, sha256 = row
    return Segment(camera, run, path, _wall(start), (finish - start) / 10**6, size, sha256)


def _gap(row: tuple[Any, ...]) -> Gap:
    camera, start, finish, reason, detail = row
    end = None if finish is None else _wall(finish)
    return Gap(camera, _wall(start), end, GapReason(reason), detail)


def _run(row: tuple[Any, ...]) -> Run:
    run, camera, opened, codec, closed, reason = row
    end = None if closed is None else _wall(closed)
    return Run(run, camera, _wall(opened), codec, end, reason)
