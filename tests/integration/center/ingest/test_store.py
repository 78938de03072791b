"""The tables on both engines: made once whoever comes first, nothing twice, nothing half."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, inspect, select, text

from edge_agent.center.intake import judge
from edge_agent.center.store import tables
from edge_agent.center.store.engine import Unstorable, open_engine, reading, writing
from edge_agent.center.store.events import Taken, take
from edge_agent.center.store.lanes import all_lanes
from edge_agent.center.store.quarantine import Caps
from edge_agent.core.event import Lane
from edge_agent.core.time import from_iso
from edge_agent.core.trouble import Trouble
from edge_agent.link.labels import single
from tests.unit.center.messages import cloudevent, received

NOW = from_iso("2021-07-28T05:00:10Z")
CAPS = Caps(100, 1_000_000)


def message(sequence: int, name: str = "", epoch: str = "e1", **more: Any) -> Any:
    labels = single(epoch, Lane.ALARM, sequence)
    one = received(cloudevent(id=name or f"{epoch}-{sequence}", **more), labels=labels)
    return one, judge(one)


def put(engine: Engine, *messages: Any, late: float = 300.0) -> Taken:
    return take(engine, messages, NOW, late, CAPS)


def count(engine: Engine, table: Any = tables.events) -> int:
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_the_code_knows_exactly_the_tables_that_the_migrations_make(engine: Engine) -> None:
    found = inspect(engine)
    made = {
        name: {one["name"] for one in found.get_columns(name)} for name in found.get_table_names()
    }
    known = {name: set(table.columns.keys()) for name, table in tables.metadata.tables.items()}
    made.pop("schema_version", None)  # PostgreSQL has no user_version
    assert {name: made[name] for name in known} == known


def test_several_processes_that_come_first_migrate_once(database: str, tmp_path: Path) -> None:
    troubles: list[Exception] = []

    def come() -> None:
        try:
            open_engine(database, tmp_path / "shared").dispose()
        except (Trouble, Unstorable) as error:
            troubles.append(error)

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert troubles == []


def test_a_newer_database_is_refused(database: str, tmp_path: Path) -> None:
    engine = open_engine(database, tmp_path)
    with writing(engine) as connection:
        statement = (
            "UPDATE schema_version SET version = 99" if database else "PRAGMA user_version=99"
        )
        connection.execute(text(statement))
    engine.dispose()
    with pytest.raises(Trouble, match="newer version"):
        open_engine(database, tmp_path)


def test_the_same_event_is_stored_once_however_it_comes(engine: Engine) -> None:
    assert put(engine, message(1), message(2), message(2)).stored == 2
    assert put(engine, message(2), message(3)).stored == 1
    assert put(engine, message(4, "e1-3")).stored == 0  # known by its id
    assert count(engine) == 3
    with reading(engine) as connection:
        ack = all_lanes(connection, "khu-a", "e1")
    assert (ack[Lane.ALARM].through, ack[Lane.BULK].through) == (4, 0)


def test_a_number_with_another_event_is_kept_apart(engine: Engine) -> None:
    put(engine, message(1, "first"))
    assert put(engine, message(1, "second"), message(2)).refused == 1
    assert put(engine, message(3, "a"), message(3, "b")).refused == 1  # in one transaction too
    assert count(engine) == 3
    assert count(engine, tables.quarantine) == 2


def test_what_comes_long_after_it_happened_is_late(engine: Engine) -> None:
    put(engine, message(1), message(2, time=(NOW - timedelta(minutes=6)).isoformat()))
    with reading(engine) as connection:
        late = select(tables.events.c.late).order_by(tables.events.c.sequence)
        assert list(connection.execute(late).scalars()) == [0, 1]


def test_gaps_are_told_and_close(engine: Engine) -> None:
    ack = put(engine, message(2), message(5)).acks["khu-a", "e1"][Lane.ALARM]
    assert (ack.through, ack.seen, ack.gaps) == (0, 5, ((1, 1), (3, 4)))
    ack = put(engine, message(1), message(3), message(4)).acks["khu-a", "e1"][Lane.ALARM]
    assert (ack.through, ack.seen, ack.gaps) == (5, 5, ())


def test_writers_at_once_lose_nothing_and_store_nothing_twice(
    engine: Engine, database: str, tmp_path: Path
) -> None:
    engines = [open_engine(database, tmp_path) for _ in range(4)]

    def write(own: Engine, offset: int) -> None:
        for start in range(1, 101, 10):  # every number by two writers, in different orders
            numbers = [(start + offset + n - 1) % 100 + 1 for n in range(10)]
            put(own, *(message(number) for number in numbers))

    threads = [
        threading.Thread(target=write, args=(one, 50 * (at % 2))) for at, one in enumerate(engines)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for one in engines:
        one.dispose()
    assert count(engine) == 100
    with reading(engine) as connection:
        assert all_lanes(connection, "khu-a", "e1")[Lane.ALARM].through == 100


def test_a_site_with_endless_epochs_is_refused_after_a_hundred(engine: Engine) -> None:
    put(engine, *(message(1, epoch=f"e{number}") for number in range(100)))
    taken = put(engine, message(1, epoch="one-too-many"), message(2, epoch="e5"))
    assert (taken.stored, taken.refused) == (1, 1)


def test_numbers_in_too_many_pieces_are_stored_and_told(engine: Engine) -> None:
    put(engine, *(message(2 * number) for number in range(1, 4097)))
    taken = put(engine, message(9001))
    assert taken.acks["khu-a", "e1"][Lane.ALARM].seen < 200  # at most 64 gaps are listed
    assert count(engine) == 4097
    assert count(engine, tables.notices) == 1


def test_nothing_is_half_stored(engine: Engine) -> None:
    broken = message(2)
    (value,) = broken[1]
    object.__setattr__(value.facts[0], "severity", None)  # the database will refuse this row
    with pytest.raises(Unstorable):
        put(engine, message(1), broken)
    assert count(engine) == 0
