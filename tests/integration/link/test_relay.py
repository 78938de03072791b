"""The relay's window, order and patience, with a line that answers when the test says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.core.event import Event, Lane, Message
from edge_agent.link.publisher import Outcome
from edge_agent.link.relay import REFUSED_SECONDS, WINDOW, Relay
from edge_agent.store.journal import Journal
from tests.fakes.clock import FakeClock
from tests.fakes.publisher import FakePublisher
from tests.integration.link.conftest import NOON


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    kept = Journal(tmp_path / "events.db")
    yield kept
    kept.close()


def fill(journal: Journal, count: int, lane: Lane = Lane.ALARM, size: int = 2) -> None:
    for number in range(count):
        event = Event(f"{lane}-{number}", "s", "t", "c", NOON, "info", {})
        journal.record(event, [Message(lane, lane.value, b"x" * size)])


def relay(journal: Journal, line: FakePublisher, clock: FakeClock | None = None) -> Relay:
    made = Relay(journal, clock or FakeClock(), lambda: None)
    made.begin(line)
    return made


def test_no_more_than_the_window_is_unacknowledged(journal: Journal) -> None:
    fill(journal, WINDOW + 5)
    line = FakePublisher(silent=True)
    going = relay(journal, line)
    assert going.turn()
    assert going.turn()
    assert len(line.published) == WINDOW
    line.published[3].settle(Outcome.ACCEPTED)
    going.turn()
    assert len(line.published) == WINDOW + 1
    assert journal.backlog().count == WINDOW + 4
    assert going.acknowledged == 1


def test_large_messages_fill_the_window_by_their_weight_but_one_always_goes(
    journal: Journal,
) -> None:
    fill(journal, 5, size=120_000)
    line = FakePublisher(silent=True)
    relay(journal, line).turn()
    assert len(line.published) == 2


def test_a_fresh_alarm_overtakes_what_waits_in_other_lanes(journal: Journal) -> None:
    fill(journal, 2 * WINDOW, Lane.BULK)
    line = FakePublisher(silent=True)
    going = relay(journal, line)
    going.turn()
    fill(journal, 1, Lane.ALARM)
    line.published[0].settle(Outcome.ACCEPTED)
    going.turn()
    assert line.published[-1].topic == "alarm"


def test_after_a_lost_connection_all_that_was_not_acknowledged_is_sent_again(
    journal: Journal,
) -> None:
    fill(journal, 10)
    first, clock = FakePublisher(silent=True), FakeClock()
    going = relay(journal, first, clock)
    going.turn()
    first.published[0].settle(Outcome.ACCEPTED)
    first.disconnect()
    assert not going.turn()
    assert journal.backlog().count == 9
    second = FakePublisher()
    clock.pass_time(2)
    going.begin(second)
    going.turn()
    going.turn()
    assert [p.labels["sequence"] for p in second.published] == [str(n) for n in range(2, 11)]
    assert journal.backlog().count == 0


def test_a_receipt_of_an_old_connection_deletes_nothing(journal: Journal) -> None:
    fill(journal, 1)
    first, second = FakePublisher(silent=True), FakePublisher(silent=True)
    going = relay(journal, first)
    going.turn()
    going.begin(second)
    first.published[0].settle(Outcome.ACCEPTED)
    going.turn()
    assert journal.backlog().count == 1
    assert len(second.published) == 1


def test_a_refused_message_waits_and_does_not_hold_up_the_others(journal: Journal) -> None:
    fill(journal, WINDOW + 3)
    line, clock = FakePublisher(silent=True), FakeClock()
    going = relay(journal, line, clock)
    going.turn()
    line.published[0].settle(Outcome.REFUSED, "Payload format invalid")
    for published in line.published[1:]:
        published.settle(Outcome.ACCEPTED)
    going.turn()
    assert [p.labels["sequence"] for p in line.published[WINDOW:]] == ["21", "22", "23"]
    for published in line.published[WINDOW:]:
        published.settle(Outcome.ACCEPTED)
    assert not going.turn()
    assert journal.backlog().count == 1
    clock.pass_time(REFUSED_SECONDS + 1)
    assert going.turn()
    assert line.published[-1].labels["sequence"] == "1"


def test_a_lane_of_refusals_rests_and_the_other_lanes_go_on(journal: Journal) -> None:
    fill(journal, 3 * WINDOW, Lane.ALARM)
    fill(journal, 3, Lane.BULK)
    line, clock = FakePublisher(silent=True), FakeClock()
    going = relay(journal, line, clock)
    for _ in range(10):
        going.turn()
        for published in line.published:
            if not published.future.done():
                alarm = published.topic == "alarm"
                published.settle(Outcome.REFUSED if alarm else Outcome.ACCEPTED)
    assert [p.topic for p in line.published].count("alarm") == WINDOW
    assert journal.backlog().count == 3 * WINDOW


def test_what_nobody_heard_stays_and_goes_when_somebody_listens(
    journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(journal, 3)
    line, clock = FakePublisher(heard="nothing"), FakeClock()
    going = relay(journal, line, clock)
    for _ in range(5):
        going.turn()
    assert (going.sent, going.unheard, journal.backlog().count) == (3, 3, 3)
    clock.pass_time(3)
    line.heard = ""
    for _ in range(2):
        going.turn()
    assert journal.backlog().count == 0
    said = capsys.readouterr().out
    assert (said.count("link.unheard"), said.count("link.heard")) == (1, 1)


def test_silence_is_measured(journal: Journal) -> None:
    fill(journal, 1)
    clock = FakeClock()
    going = relay(journal, FakePublisher(silent=True), clock)
    assert going.oldest_flight() == 0
    going.turn()
    clock.pass_time(121)
    assert going.oldest_flight() == 121
