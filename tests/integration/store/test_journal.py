"""The journal keeps what it said it has: facts and the notes of who must be told."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.core.delivery import Ranges
from edge_agent.core.event import Event, Lane, Message
from edge_agent.core.trouble import Trouble
from edge_agent.store.journal import Journal
from edge_agent.store.outbox import LARGEST_PAYLOAD, QUOTAS, LaneBacklog, lanes_total
from tests.integration.outbox import keys, rows, waiting

NOON = datetime(2021, 7, 28, 5, 0, 0, 123000, tzinfo=UTC)
OPENED, CLOSED = "vn.qcam.episode.opened.v1", "vn.qcam.episode.closed.v1"


def event(name: str, kind: str = OPENED, when: datetime = NOON) -> Event:
    return Event(name, "qcam/khu-a", kind, "cam-1", when, "warning", {"metres": 1.25}, "d/e.jpg")


def note(lane: Lane = Lane.ALARM, payload: bytes = b"{}") -> Message:
    return Message(lane, f"qcam/v1/site/khu-a/event/{lane}", payload, "application/json")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    kept = Journal(tmp_path / "events.db")
    yield kept
    kept.close()


def test_an_event_and_its_messages_are_kept(journal: Journal) -> None:
    assert journal.record(event("a.opened"), [note(), note(Lane.IMAGE, b"\xff\xd8")])
    assert [(row.lane, row.sequence, row.message) for row in rows(journal)] == [
        (Lane.ALARM, 1, note()),
        (Lane.IMAGE, 1, note(Lane.IMAGE, b"\xff\xd8")),
    ]
    assert journal.recent(5) == (event("a.opened"),)


def test_the_same_event_twice_is_once(journal: Journal) -> None:
    assert journal.record(event("a.opened"), [note()])
    assert not journal.record(event("a.opened"), [note(), note()])
    assert waiting(journal) == 1
    assert journal.counts() == {OPENED: 1}
    assert journal.outbox.high_water()[Lane.ALARM] == 1


def test_urgent_lanes_come_first_and_the_oldest_inside(journal: Journal) -> None:
    for number, lane in enumerate([Lane.IMAGE, Lane.BULK, Lane.ALARM, Lane.BULK, Lane.ALARM]):
        journal.record(event(f"e{number}"), [note(lane)])
    assert keys(journal) == [
        (Lane.ALARM, 1),
        (Lane.ALARM, 2),
        (Lane.BULK, 1),
        (Lane.BULK, 2),
        (Lane.IMAGE, 1),
    ]


def test_a_sequence_number_is_never_used_again(tmp_path: Path) -> None:
    for number in range(1, 4):
        journal = Journal(tmp_path / "events.db")
        journal.record(event(f"e{number}"), [note()])
        assert keys(journal) == [(Lane.ALARM, number)]
        for _ in range(2):
            journal.outbox.taken(Lane.ALARM, Ranges.numbers([number]))
        assert journal.outbox.acknowledged_total() == number
        assert journal.outbox.backlog()[Lane.ALARM] == LaneBacklog(quota=QUOTAS[Lane.ALARM])
        journal.close()


def test_the_backlog_names_its_weight_and_its_oldest_fact(journal: Journal) -> None:
    journal.record(event("late", when=NOON + timedelta(hours=1)), [note(payload=b"1234")])
    journal.record(event("early"), [note(payload=b"12"), note(Lane.BULK, b"3")])
    waits = journal.outbox.backlog()
    assert waits[Lane.ALARM] == LaneBacklog(2, 6, NOON, QUOTAS[Lane.ALARM])
    assert waits[Lane.IMAGE] == LaneBacklog(quota=QUOTAS[Lane.IMAGE])
    total = lanes_total(waits.values())
    assert (total.count, total.bytes, total.oldest) == (3, 7, NOON)


def test_epoch_and_connection_numbers_survive_a_restart(tmp_path: Path) -> None:
    first = Journal(tmp_path / "events.db")
    assert [first.next_connection() for _ in range(2)] == [1, 2]
    first.close()
    again, other = Journal(tmp_path / "events.db"), Journal(tmp_path / "other.db")
    assert again.epoch == first.epoch != other.epoch
    assert again.next_connection() == 3
    again.close()
    other.close()


def test_open_episodes_are_those_without_an_end(journal: Journal) -> None:
    for name, kind in [
        ("a.opened", OPENED),
        ("b.opened", OPENED),
        ("a.closed", CLOSED),
        ("c.closed", CLOSED),  # out of order: the end was known first
        ("c.opened", OPENED),
        ("site.note", "vn.qcam.site.note.v1"),
    ]:
        journal.record(event(name, kind), [])
    assert [found.id for found in journal.open_episodes()] == ["b.opened"]
    assert journal.counts() == {OPENED: 3, CLOSED: 2, "vn.qcam.site.note.v1": 1}


def test_a_payload_that_could_never_leave_is_refused_with_the_event(journal: Journal) -> None:
    with pytest.raises(ValueError, match="payload"):
        journal.record(event("a"), [note(), note(payload=b"x" * (LARGEST_PAYLOAD + 1))])
    assert journal.recent(1) == ()
    assert journal.outbox.high_water()[Lane.ALARM] == 0


def test_an_event_that_cannot_be_written_leaves_nothing_behind(journal: Journal) -> None:
    with pytest.raises(Trouble):  # the second message breaks the transaction
        journal.record(event("a"), [note(), note(payload="text")])  # type: ignore[arg-type]
    assert journal.recent(1) == ()
    assert waiting(journal) == 0
    assert journal.record(event("a"), [note()])


def test_threads_record_and_acknowledge_at_the_same_time(journal: Journal) -> None:
    def write(name: int) -> None:
        for number in range(25):
            journal.record(event(f"{name}-{number}"), [note()])

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    done = 0
    while done < 100:
        numbers = [number for _lane, number in keys(journal)]
        journal.outbox.taken(Lane.ALARM, Ranges.numbers(numbers))
        done += len(numbers)
    for thread in threads:
        thread.join()
    assert journal.outbox.acknowledged_total() == 100
    assert journal.outbox.high_water()[Lane.ALARM] == 100
    assert sum(journal.counts().values()) == 100


WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from edge_agent.core.event import Event, Lane, Message
from edge_agent.store.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(1000000):
    name = f"{sys.argv[2]}-{number}.opened"
    fact = Event(name, "s", "t", "cam", datetime(2021, 7, 28, tzinfo=UTC), "info", {})
    journal.record(fact, [Message(Lane.ALARM, "a", b"{}"), Message(Lane.IMAGE, "i", b"x")])
    print(name, flush=True)
"""


def test_a_writer_killed_at_any_moment_loses_nothing_it_reported(tmp_path: Path) -> None:
    path, reported = tmp_path / "events.db", set()
    for life, lines in enumerate((1, 40, 97)):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(life)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        reported |= {writer.stdout.readline().strip() for _ in range(lines)}
        writer.kill()
        reported |= set(writer.stdout.read().split("\n")[:-1])
        writer.wait(10)
        writer.stdout.close()
    journal = Journal(path)
    kept = {found.id for found in journal.recent(100000)}
    assert reported <= kept
    assert len(kept - reported) <= 3, "at most the one in hand of each life"
    assert waiting(journal) == 2 * len(kept)
    marks = dict.fromkeys(Lane, 0) | {Lane.ALARM: len(kept), Lane.IMAGE: len(kept)}
    assert journal.outbox.high_water() == marks
    journal.close()
