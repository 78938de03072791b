"""What a damaged recordings database still says: holds, gaps and days are in no file.

Segments come back from the files; these facts only from here.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from edge_agent.store.connections import Connections

FACTS = ("holds", "gaps", "days", "deletions", "notices", "runs")


def salvage_facts(damaged: Path, into: Connections) -> dict[str, int]:
    """Copy the rows that can still be read of a database that was moved aside; rows per table.

    A table ends where the damage begins. Nothing that is there already is replaced. Raises Trouble
    when the new database does not take them.
    """
    found: dict[str, int] = {}
    try:
        # read only: the damaged file stays as it is
        with closing(sqlite3.connect(f"file:{damaged}?mode=ro", uri=True)) as old:
            for table in FACTS:
                found[table] = _copy(old, table, into)
    except sqlite3.Error:
        return found
    return found


def _copy(old: sqlite3.Connection, table: str, into: Connections) -> int:
    known = {row[1] for row in into.read(f"PRAGMA table_info({table})")}
    names, rows = _readable(old, table)
    kept = [at for at, name in enumerate(names) if name in known and name != "position"]
    if not rows:
        return 0
    columns, marks = ", ".join(names[at] for at in kept), ", ".join("?" * len(kept))
    with into.transaction() as connection:
        connection.executemany(
            f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - our names
            [tuple(row[at] for at in kept) for row in rows],
        )
    return len(rows)


def _readable(old: sqlite3.Connection, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    names: list[str] = []
    rows: list[tuple[Any, ...]] = []
    try:
        cursor = old.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
        names = [column[0] for column in cursor.description]
        rows.extend(cursor)
    except sqlite3.DatabaseError:  # here the damage begins, or there is no such table yet
        return names, rows
    return names, rows
