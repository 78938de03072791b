"""The connection that both databases share: durable, migrated once, honest about damage."""

import sqlite3
import stat
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, Thread

import pytest

from edge_agent.core.trouble import Trouble
from edge_agent.store.database import (
    load_migrations,
    move_aside,
    open_database,
    statements,
    transaction,
)


def test_a_new_database_is_durable_migrated_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "recordings.db"
    connection = open_database(path, "recordings")
    pragmas = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "user_version")
    }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "user_version": len(load_migrations("recordings")),
    }
    connection.execute("INSERT INTO beat (one, moment) VALUES (1, 1)")
    for suffix in ("", "-wal", "-shm"):
        assert stat.S_IMODE((tmp_path / f"recordings.db{suffix}").stat().st_mode) == 0o660
    connection.close()


def test_opening_again_keeps_what_was_written(tmp_path: Path) -> None:
    first = open_database(tmp_path / "recordings.db", "recordings")
    with transaction(first):
        first.execute("INSERT INTO beat (one, moment) VALUES (1, 42)")
    first.close()
    second = open_database(tmp_path / "recordings.db", "recordings")
    assert second.execute("SELECT moment FROM beat").fetchone() == (42,)
    second.close()


def test_a_transaction_that_raises_leaves_nothing(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "recordings.db", "recordings")

    def fail() -> None:
        with transaction(connection):
            connection.execute("INSERT INTO beat (one, moment) VALUES (1, 42)")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert connection.execute("SELECT count(*) FROM beat").fetchone() == (0,)
    connection.close()


def _open_and_close(path: Path) -> None:
    open_database(path, "recordings").close()


def test_many_that_open_a_new_database_at_once_all_get_it(tmp_path: Path) -> None:
    path, together, failures = tmp_path / "recordings.db", Barrier(8), []

    def opener() -> None:
        together.wait()
        try:
            _open_and_close(path)
        except Trouble as trouble:
            failures.append(trouble)

    child = get_context("fork").Process(target=_open_and_close, args=(path,))
    child.start()
    threads = [Thread(target=opener) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child.join(20)
    assert (failures, child.exitcode) == ([], 0)


def test_a_database_of_a_newer_program_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "recordings.db"
    connection = open_database(path, "recordings")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(Trouble) as caught:
        open_database(path, "recordings")
    assert caught.value.code == "store.newer"
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (99,)


@pytest.mark.parametrize("damage", ["no database at all", "a page overwritten"])
def test_a_damaged_file_is_told_and_can_be_moved_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "recordings.db"
    connection = open_database(path, "recordings")
    rows = [(f"c{number}",) for number in range(2000)]
    with transaction(connection):
        connection.executemany("INSERT INTO statuses VALUES (?, 'recording', '', 1)", rows)
    connection.close()
    content = bytearray(path.read_bytes())
    first = 0 if damage == "no database at all" else 4096
    content[first:] = b"\xa5" * (len(content) - first)
    path.write_bytes(content)
    with pytest.raises(Trouble) as caught:
        open_database(path, "recordings")
    assert caught.value.code == "store.damaged"
    aside = move_aside(path, datetime(2021, 7, 28, 7, 0, tzinfo=UTC))
    assert aside.name == "recordings.db.damaged-20210728T070000Z"
    assert aside.read_bytes() == content
    open_database(path, "recordings").close()


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(Trouble) as caught:
        open_database(tmp_path / "gone" / "recordings.db", "recordings")
    assert caught.value.code == "store.unavailable"
    assert "gone" in caught.value.vi


def test_a_script_is_cut_into_statements_and_triggers_stay_whole() -> None:
    script = (
        "-- words; with a semicolon\nCREATE TABLE a (b);\n"
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\nEND;\n"
    )
    found = list(statements(script))
    assert len(found) == 2
    assert found[1].startswith("CREATE TRIGGER")
    with pytest.raises(ValueError, match="unfinished"):
        list(statements("CREATE TABLE a (b)"))
