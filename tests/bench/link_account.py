"""The last word of a fault run: what the sites made against what the center holds."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.core.delivery import Ranges


@dataclass
class Account:
    """Counts over all sites; `samples` names a few of what is wrong."""

    made: int = 0
    stored: int = 0
    pictures: int = 0
    lost: int = 0
    duplicated: int = 0
    unexplained: int = 0
    strange: int = 0  # stored and never made, or with other contents
    late: int = 0
    samples: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether the set of events made is the set stored."""
        return not (self.lost or self.duplicated or self.unexplained or self.strange)


def account(center: Path, sites: dict[str, Path]) -> Account:
    """Compare by id, by contents, by sequence number and by picture."""
    found = Account()
    with closing(sqlite3.connect(center)) as rows:
        rows.execute("PRAGMA query_only=ON")
        for name, folder in sites.items():
            _compare(found, rows, name, folder)
        duplicates = "SELECT count(*) FROM (SELECT 1 FROM events GROUP BY {} HAVING count(*) > 1)"
        for key in ("source, id", "site, epoch, lane, sequence"):
            found.duplicated += rows.execute(duplicates.format(key)).fetchone()[0]
        found.late = rows.execute("SELECT count(*) FROM events WHERE late = 1").fetchone()[0]
    return found


def _compare(found: Account, rows: sqlite3.Connection, name: str, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "events.db")) as journal:
        made = {
            one: json.loads(data) for one, data in journal.execute("SELECT id, data FROM events")
        }
        marks = dict(journal.execute("SELECT lane, sequence FROM lanes"))
        waits = journal.execute("SELECT lane, sequence FROM outbox").fetchall()
    said = set((folder / "made").read_text().split("\n")) - {""}
    query = "SELECT id, data FROM events WHERE site = ?"
    stored = {one: json.loads(data) for one, data in rows.execute(query, (name,))}
    found.made += len(made)
    found.stored += len(stored)
    _note(found, "lost", name, (said | made.keys()) - stored.keys())
    other = {one for one, data in stored.items() if not _same(data, made.get(one))}
    _note(found, "strange", name, other)
    pictures = {one for (one,) in rows.execute("SELECT event FROM images WHERE site = ?", (name,))}
    found.pictures += len(pictures)
    expected = {one for one, data in made.items() if data["number"] % 10 == 9}
    _note(found, "lost", f"{name} picture", expected - pictures)
    _note(found, "strange", f"{name} picture", pictures - expected)
    _numbers(found, rows, name, marks, Counter(lane for lane, _sequence in waits))


def _numbers(
    found: Account, rows: sqlite3.Connection, name: str, marks: dict[str, int], waits: Counter[str]
) -> None:
    """Every number that was given out is at the center or explained there."""
    query = "SELECT lane, spans FROM received WHERE site = ?"
    has = {
        lane: Ranges.of(tuple(span) for span in json.loads(spans))
        for lane, spans in rows.execute(query, (name,))
    }
    for lane, highest in marks.items():
        missing = Ranges.of([(1, highest)]) - has.get(lane, Ranges()) if highest else Ranges()
        _note(found, "unexplained", f"{name} {lane}", map(str, missing))
        _note(found, "unexplained", f"{name} {lane} waits", ["x"] * waits[lane])


def _same(stored: dict[str, Any], made: dict[str, Any] | None) -> bool:
    """The same contents; the envelope adds where the still lies."""
    return made is not None and {**stored, "still": ""} == {**made, "still": ""}


def _note(found: Account, kind: str, where: str, what: Iterable[str]) -> None:
    listed = sorted(what)
    setattr(found, kind, getattr(found, kind) + len(listed))
    found.samples += [f"{kind} {where}: {one}" for one in listed[:3]]
