"""What the recordings database knows for proof: hashes, days to sign, findings, exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.core.media import Segment
from edge_agent.store.connections import Connections

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEGMENT = "camera, run, path, start, finish, size, sha256"


@dataclass(frozen=True, slots=True)
class Day:
    """A camera's UTC day (`YYYY-MM-DD`) at a version of what is known of it."""

    camera: str
    day: str
    version: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is wrong with a file of the recordings: `kind` is `mismatch`, `missing`,
    `unreadable` or `foreign_manifest`; `path` is relative to the recordings folder.
    """

    path: str
    kind: str
    detail: str
    found: datetime


@dataclass(frozen=True, slots=True)
class Export:
    """Footage of [start, end) that was taken out: when, by whom, why, where to, and what came of
    it (`started`, `done`, or what went wrong).
    """

    id: str
    moment: datetime
    camera: str
    start: datetime
    end: datetime
    who: str
    why: str
    output: str
    files: int = 0
    bytes: int = 0
    outcome: str = "started"


class Evidence:
    """The proof's side of the recordings database, for any number of threads and processes.

    Every method raises Trouble (`store.unavailable`) when the database does not answer.
    """

    def __init__(self, path: Path) -> None:
        self._rows = Connections(path, "recordings")

    def close(self) -> None:
        """Close the connections of all threads; no method may be running or follow."""
        self._rows.close()

    # ------------------------------------------------------------------ days to sign

    def due_days(self) -> tuple[Day, ...]:
        """The days that have changed since their manifest was signed, newest first."""
        rows = self._rows.read(
            "SELECT camera, day, version FROM manifest_days WHERE version > signed "
            "ORDER BY day DESC, camera"
        )
        return tuple(Day(*row) for row in rows)

    def day_signed(self, day: Day) -> None:
        """The manifest on disk tells this version; a change since then stays due."""
        self._rows.write(
            "UPDATE manifest_days SET signed = max(signed, ?) WHERE camera = ? AND day = ?",
            (day.version, day.camera, day.day),
        )

    def day_gone(self, day: Day) -> None:
        """Nothing is left of this day, and its manifest went with it."""
        with self._rows.transaction() as connection:
            connection.execute(
                "DELETE FROM manifest_days WHERE camera = ? AND day = ? AND version = ?",
                (day.camera, day.day, day.version),
            )
            connection.execute(
                "DELETE FROM removed_files WHERE path >= ? AND path < ?", _folder(day)
            )

    def of_day(self, day: Day) -> tuple[tuple[Segment, bool], ...]:
        """The files of a day's folder, oldest first, each with whether it was hashed late."""
        rows = self._rows.read(
            f"SELECT {_SEGMENT}, hashed_late FROM segments "  # noqa: S608 - constant
            "WHERE path >= ? AND path < ? AND garbage = 0 ORDER BY path",
            _folder(day),
        )
        return tuple((_segment(row[:7]), bool(row[7])) for row in rows)

    def removed(self, day: Day) -> frozenset[str]:
        """The names of this day's files that went by a decision."""
        rows = self._rows.read(
            "SELECT path FROM removed_files WHERE path >= ? AND path < ?", _folder(day)
        )
        return frozenset(row[0].rpartition("/")[2] for row in rows)

    # ------------------------------------------------------------------ hashes

    def unhashed(self, limit: int = 50) -> tuple[Segment, ...]:
        """Files that nobody has hashed yet."""
        rows = self._rows.read(
            f"SELECT {_SEGMENT} FROM segments WHERE sha256 = '' AND garbage = 0 "  # noqa: S608
            "ORDER BY path LIMIT ?",
            (limit,),
        )
        return tuple(_segment(row) for row in rows)

    def set_hashes(self, hashes: Sequence[tuple[str, str]], *, late: bool) -> None:
        """Path and SHA-256 of files that had none; `late`: computed from the disk afterwards."""
        with self._rows.transaction() as connection:
            connection.executemany(
                "UPDATE segments SET sha256 = ?, hashed_late = ? WHERE path = ? AND sha256 = ''",
                [(sha256, int(late), path) for path, sha256 in hashes],
            )

    def after(self, path: str, limit: int = 50) -> tuple[Segment, ...]:
        """The hashed files behind this path, in the order of paths."""
        rows = self._rows.read(
            f"SELECT {_SEGMENT} FROM segments WHERE path > ? AND sha256 <> '' "  # noqa: S608
            "AND garbage = 0 ORDER BY path LIMIT ?",
            (path, limit),
        )
        return tuple(_segment(row) for row in rows)

    def still_there(self, path: str) -> bool:
        """Whether the index holds this file and nobody has decided to delete it."""
        query = "SELECT 1 FROM segments WHERE path = ? AND garbage = 0"
        return bool(self._rows.read(query, (path,)))

    def scrubbed(self) -> tuple[str, int]:
        """Where the scrub stands: the last path it looked at, and the rounds it has finished."""
        rows = self._rows.read("SELECT path, rounds FROM scrub")
        return (str(rows[0][0]), int(rows[0][1])) if rows else ("", 0)

    def set_scrubbed(self, path: str, rounds: int) -> None:
        """Remember where the scrub stands."""
        self._rows.write(
            "INSERT INTO scrub (one, path, rounds) VALUES (1, ?, ?) "
            "ON CONFLICT (one) DO UPDATE SET path = excluded.path, rounds = excluded.rounds",
            (path, rounds),
        )

    # ------------------------------------------------------------------ findings, exports

    def add_finding(self, finding: Finding) -> bool:
        """Note it; False when it was known already."""
        with self._rows.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO findings (path, kind, detail, found) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (path, kind) DO NOTHING",
                (finding.path, finding.kind, finding.detail, _us(finding.found)),
            )
            return cursor.rowcount == 1

    def findings(self) -> tuple[Finding, ...]:
        """All that was found, oldest first."""
        rows = self._rows.read("SELECT path, kind, detail, found FROM findings ORDER BY found")
        return tuple(
            Finding(path, kind, detail, _wall(found)) for path, kind, detail, found in rows
        )

    def write_export(self, export: Export) -> None:
        """Note an export, or what became of it."""
        self._rows.write(
            "INSERT INTO exports (id, moment, camera, start, finish, who, why, output, files, "
            "bytes, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
            "SET files = excluded.files, bytes = excluded.bytes, outcome = excluded.outcome",
            (
                export.id,
                _us(export.moment),
                export.camera,
                _us(export.start),
                _us(export.end),
                export.who,
                export.why,
                export.output,
                export.files,
                export.bytes,
                export.outcome,
            ),
        )

    def exports(self) -> tuple[Export, ...]:
        """Who took out what, oldest first."""
        rows = self._rows.read(
            "SELECT id, moment, camera, start, finish, who, why, output, files, bytes, outcome "
            "FROM exports ORDER BY moment, id"
        )
        return tuple(
            Export(row[0], _wall(row[1]), row[2], _wall(row[3]), _wall(row[4]), *row[5:])
            for row in rows
        )


def _folder(day: Day) -> tuple[str, str]:
    """The paths inside a day's folder lie between these two."""
    return f"{day.camera}/{day.day}/", f"{day.camera}/{day.day}0"


def _us(wall: datetime) -> int:
    return (wall - _EPOCH) // timedelta(microseconds=1)


def _wall(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _segment(row: tuple[object, ...]) -> Segment:
    camera, run, path, start, finish, size, sha256 = row
    assert isinstance(start, int)
    assert isinstance(finish, int)
    assert isinstance(size, int)
    seconds = (finish - start) / 10**6
    return Segment(str(camera), str(run), str(path), _wall(start), seconds, size, str(sha256))
