"""The outbox's own troubles become alarms: it fills, a message was set aside, it was damaged."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import pytest

from edge_agent.app.agent import Agent
from edge_agent.app.outbox_watch import DAMAGED, FILLING, QUARANTINED, OutboxWatch
from edge_agent.config.schema import Config, Mqtt, Site, Storage
from edge_agent.config.secrets import Credentials
from edge_agent.core.delivery import GivenUp, Ranges
from edge_agent.core.event import Event, Lane, Message
from edge_agent.core.trouble import Trouble
from edge_agent.link.wire import Topics
from edge_agent.runtime.clock import SystemClock
from edge_agent.store.journal import Journal, open_journal
from tests.fakes.clock import FakeClock
from tests.integration.outbox import rows


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    kept = Journal(tmp_path / "events.db", {Lane.BULK: 1000})
    yield kept
    kept.close()


def fill(journal: Journal, first: int, count: int) -> None:
    for number in range(first, first + count):
        event = Event(f"b{number}", "s", "t", "c", FakeClock().now().wall, "info", {})
        journal.record(event, [Message(Lane.BULK, "t", b"x" * 100)])


def told(journal: Journal, kind: str) -> list[dict[str, object]]:
    return [dict(event.data) for event in journal.recent(1000) if event.type == kind]


def test_a_lane_that_fills_is_told_once_and_again_after_it_was_relieved(journal: Journal) -> None:
    clock = FakeClock()
    watch = OutboxWatch("khu-a", journal, Topics("khu-a"), lambda: None, clock)
    fill(journal, 0, 7)
    watch.look()
    assert told(journal, FILLING) == []
    fill(journal, 7, 1)
    for _ in range(3):
        watch.look()
    assert told(journal, FILLING) == [{"lane": "bulk", "filled": 0.8, "count": 8}]
    journal.outbox.taken(Lane.BULK, Ranges.of([(1, 8)]))
    watch.look()
    fill(journal, 8, 9)
    clock.pass_time(60)
    watch.look()
    assert len(told(journal, FILLING)) == 2
    assert {row.lane for row in rows(journal) if b"filling" in row.message.payload} == {Lane.ALARM}


def test_a_message_in_quarantine_is_told_once_over_restarts(journal: Journal) -> None:
    fill(journal, 0, 2)
    journal.outbox.quarantine(Lane.BULK, 2, GivenUp.POISON, FakeClock().now().wall)
    for _ in range(2):
        OutboxWatch("khu-a", journal, Topics("khu-a"), lambda: None, FakeClock()).look()
    named = {"lane": "bulk", "sequence": 2, "event": "b1", "bytes": 100, "reason": "poison"}
    assert told(journal, QUARANTINED) == [named]


@pytest.mark.parametrize("harm", [b"\0" * 200, b"no database at all " * 10])
def test_a_damaged_database_is_moved_aside_and_the_agent_begins_a_new_epoch(
    tmp_path: Path, harm: bytes
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    path = state / "events.db"
    with closing(Journal(path)) as journal:
        epoch = journal.epoch
        fill(journal, 0, 50)
    with path.open("r+b") as file:
        file.write(harm)
    agent = Agent(
        Config(
            site=Site(id="s"),
            storage=Storage(state=state, recordings=tmp_path / "recordings"),
            mqtt=Mqtt(url="mqtt://127.0.0.1:1"),
        ),
        tmp_path / "site.yaml",
        Credentials(MappingProxyType({})),
        SystemClock(),
    )
    with closing(agent._journal) as fresh:
        assert fresh.epoch != epoch
        (said,) = told(fresh, DAMAGED)
        (row,) = rows(fresh)
    assert row.lane is Lane.ALARM
    assert json.loads(row.message.payload)["severitytext"] == "critical"
    assert (state / str(said["moved_to"])).read_bytes().startswith(harm)


def test_a_damaged_database_that_cannot_be_moved_is_said(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.write_bytes(b"no database at all " * 10)
    now = FakeClock().now().wall
    (tmp_path / f"events.db.damaged-{now:%Y%m%dT%H%M%SZ}").mkdir()
    with pytest.raises(Trouble) as caught:
        open_journal(path, {}, now)
    assert caught.value.code == "store.unavailable"
    assert path.exists()
