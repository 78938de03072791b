"""The relay's window, order and patience, with a line that answers when the test says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from edge_agent.core.delivery import Ack, GivenUp, Ranges, lane_ack
from edge_agent.core.event import Event, Lane, Message
from edge_agent.link import batch, tombstones
from edge_agent.link.account import Account
from edge_agent.link.publisher import Outcome
from edge_agent.link.relay import REFUSED_SECONDS, Relay
from edge_agent.link.wire import CLOUDEVENT, JPEG, Topics
from edge_agent.store.journal import Journal
from tests.fakes.clock import FakeClock
from tests.fakes.publisher import FakePublisher, Published
from tests.integration.outbox import keys, waiting

IN_FLIGHT, WINDOW = 20, 16
LATE = 120.0


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    kept = Journal(tmp_path / "events.db")
    yield kept
    kept.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def fill(
    journal: Journal, count: int, lane: Lane, clock: FakeClock, age: float = LATE, size: int = 2
) -> None:
    first = journal.outbox.high_water()[lane] + 1
    when = clock.now().plus(-age).wall
    kind = JPEG if lane is Lane.IMAGE else CLOUDEVENT
    for number in range(first, first + count):
        event = Event(f"{lane}-{number}", "s", "t", "c", when, "info", {})
        payload = json.dumps({"n": number, "fill": "x" * size}).encode()
        journal.record(event, [Message(lane, lane.value, payload, kind)])


def relay(
    journal: Journal,
    line: FakePublisher,
    clock: FakeClock,
    ack: Literal["center", "broker"] = "broker",
    caps: dict[Lane, int] | None = None,
) -> Relay:
    account = Account(journal.spent, caps or {}, "UTC")
    made = Relay(journal, Topics("khu-a"), account, clock, lambda: None, ack)
    made.begin(line, IN_FLIGHT)
    return made


def center(journal: Journal, line: FakePublisher, clock: FakeClock) -> Relay:
    made = relay(journal, line, clock, "center")
    made.hear_center(online=True)
    return made


def carried(one: Published) -> tuple[str, list[int]]:
    """The lane and the sequence numbers that a publication holds."""
    if one.content_type == batch.CONTENT_TYPE:
        packed = batch.decode_batch(one.payload)
        return packed.lane.value, [item.sequence for item in packed.items]
    return one.labels["lane"], [int(one.labels["sequence"])]


def acked(journal: Journal, clock: FakeClock, lane: Lane, numbers: Ranges) -> Ack:
    return Ack(journal.epoch, clock.now().wall, {lane: lane_ack(numbers)})


# ---------------------------------------------------------------- whose word settles a row
def test_the_brokers_receipt_settles_nothing_where_a_center_acknowledges(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 3, Lane.STATE, clock)
    line = FakePublisher()
    going = center(journal, line, clock)
    for _ in range(3):
        going.turn()
    assert waiting(journal) == 3
    assert carried(line.published[0]) == ("state", [1, 2, 3])
    going.acknowledge(acked(journal, clock, Lane.STATE, Ranges.of([(1, 3)])))
    assert waiting(journal) == 0
    assert going.figures.acknowledged == 3
    going.turn()
    assert len(line.published) == 1


def test_a_gap_that_is_not_under_way_is_sent_again_and_one_that_is_waits(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 6, Lane.IMAGE, clock)
    line = FakePublisher()
    going = center(journal, line, clock)
    going.turn()
    assert [carried(one)[1] for one in line.published] == [[n] for n in range(1, 7)]
    clock.pass_time(0.1)
    going.acknowledge(acked(journal, clock, Lane.IMAGE, Ranges.numbers([1, 2, 4, 6])))
    going.turn()
    assert len(line.published) == 6, "3 and 5 are still under way"
    clock.pass_time(5)
    going.turn()
    assert {carried(one)[1][0] for one in line.published[6:]} == {3, 5}
    assert keys(journal) == [(Lane.IMAGE, 3), (Lane.IMAGE, 5)]


def test_what_the_center_asks_for_and_was_settled_once_gets_a_tombstone(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 5, Lane.STATE, clock)
    line = FakePublisher()
    going = center(journal, line, clock)
    going.turn()
    going.acknowledge(acked(journal, clock, Lane.STATE, Ranges.of([(1, 4)])))
    restored = acked(journal, clock, Lane.STATE, Ranges.numbers([4]))
    going.acknowledge(restored)
    going.turn()
    (sent,) = [one for one in line.published if one.content_type == tombstones.CONTENT_TYPE]
    (stone,) = tombstones.decode_tombstones(sent.payload).tombstones
    assert (stone.first, stone.last, stone.reason) == (1, 3, GivenUp.SETTLED)
    going.acknowledge(acked(journal, clock, Lane.STATE, Ranges.of([(1, 5)])))
    assert journal.outbox.tombstones(Lane.STATE) == ()


def test_an_acknowledgement_that_never_comes_is_not_hammered(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 200, Lane.STATE, clock)
    line = FakePublisher()
    going = center(journal, line, clock)
    for _ in range(3600):
        going.turn()
        clock.pass_time(1)
    assert len(line.published) < 100, "an hour of silence costs at most two packets a minute"
    going.hear_center(online=True)
    before = len(line.published)
    going.turn()
    assert len(line.published) > before, "a center that comes back is tried at once"


def test_bulk_and_images_wait_until_a_center_is_there(journal: Journal, clock: FakeClock) -> None:
    for lane in Lane:
        fill(journal, 1, lane, clock)
    line = FakePublisher()
    going = relay(journal, line, clock, "center")
    going.turn()
    assert [carried(one)[0] for one in line.published] == ["alarm", "state"]
    going.hear_center(online=True)
    going.turn()
    assert [carried(one)[0] for one in line.published] == ["alarm", "state", "bulk", "image"]


# ---------------------------------------------------------------- window and order
def test_no_more_than_the_window_is_unconfirmed(journal: Journal, clock: FakeClock) -> None:
    fill(journal, WINDOW + 5, Lane.STATE, clock)
    line = FakePublisher(silent=True)
    going = relay(journal, line, clock)
    assert going.turn()
    assert going.turn()
    assert len(line.published) == WINDOW
    line.published[3].settle(Outcome.ACCEPTED)
    going.turn()
    assert len(line.published) == WINDOW + 1
    assert waiting(journal) == WINDOW + 4
    assert going.figures.acknowledged == 1


def test_large_messages_fill_the_window_by_their_weight_but_one_always_goes(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 5, Lane.BULK, clock, size=90_000)
    line = FakePublisher(silent=True)
    relay(journal, line, clock).turn()
    assert len(line.published) == 1


def test_a_fresh_alarm_goes_at_once_though_the_window_is_full(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 2 * WINDOW, Lane.BULK, clock)
    fill(journal, 100, Lane.ALARM, clock)
    line = FakePublisher(silent=True)
    going = relay(journal, line, clock)
    going.turn()
    assert {one.topic for one in line.published} == {"alarm"}, "late ones before bulk"
    fill(journal, 1, Lane.ALARM, clock, age=0)
    going.turn()
    assert carried(line.published[-1]) == ("alarm", [101])
    assert "late" not in line.published[-1].labels
    assert line.published[0].labels["late"] == "1"
    for _ in range(200):
        for one in line.published:
            if not one.future.done():
                one.settle(Outcome.ACCEPTED)
        going.turn()
    sent = [
        number for one in line.published for lane, (number,) in [carried(one)] if lane == "alarm"
    ]
    assert sorted(sent) == list(range(1, 102)), "each alarm once, the fresh one not again"


def test_many_events_share_a_packet_where_a_center_unpacks_it(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 120, Lane.BULK, clock, size=300)
    line = FakePublisher()
    going = center(journal, line, clock)
    going.turn()
    first = line.published[0]
    packed = batch.decode_batch(first.payload)
    assert 1 < len(packed.items) <= batch.MOST_ITEMS
    assert packed.items[0].late
    assert packed.items[0].event["n"] == 1
    assert first.labels["count"] == str(len(packed.items))
    sent = [number for one in line.published for number in carried(one)[1]]
    assert sent == list(range(1, len(sent) + 1))


# ---------------------------------------------------------------- connections end
def test_after_a_lost_connection_all_that_was_not_settled_is_sent_again(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 10, Lane.STATE, clock)
    first = FakePublisher(silent=True)
    going = relay(journal, first, clock)
    going.turn()
    first.published[0].settle(Outcome.ACCEPTED)
    going.turn()
    first.disconnect()
    going.lost()
    assert waiting(journal) == 9
    second = FakePublisher()
    going.begin(second, IN_FLIGHT)
    going.turn()
    going.turn()
    assert [p.labels["sequence"] for p in second.published] == [str(n) for n in range(2, 11)]
    assert waiting(journal) == 0


def test_a_receipt_of_an_old_connection_settles_nothing(journal: Journal, clock: FakeClock) -> None:
    fill(journal, 1, Lane.STATE, clock)
    first, second = FakePublisher(silent=True), FakePublisher(silent=True)
    going = relay(journal, first, clock)
    going.turn()
    going.begin(second, IN_FLIGHT)
    first.published[0].settle(Outcome.ACCEPTED)
    going.turn()
    assert waiting(journal) == 1
    assert len(second.published) == 1


def test_a_message_that_connections_die_of_goes_alone_and_then_into_quarantine(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 8, Lane.BULK, clock)
    going = center(journal, FakePublisher(), clock)
    poison, sent = 5, []
    for _connection in range(6):
        line = FakePublisher(silent=True)
        going.begin(line, IN_FLIGHT)
        going.hear_center(online=True)
        for _turn in range(9):
            going.turn()
            for one in line.published if line.connected else ():
                if one.future.done():
                    continue
                if one.content_type != tombstones.CONTENT_TYPE:
                    sent.append(carried(one)[1])
                    if poison in sent[-1]:
                        line.disconnect()
                        break
                one.settle(Outcome.ACCEPTED)
        if not line.connected:
            going.lost()
    assert sent[:7] == [list(range(1, 9))] * 2 + [[1], [2], [3], [4], [5]], "twice in company"
    (stone,) = journal.outbox.tombstones(Lane.BULK)
    assert (stone.first, stone.last, stone.reason) == (poison, poison, GivenUp.POISON)
    (aside,) = journal.outbox.set_aside()
    assert (aside.sequence, aside.event) == (poison, "bulk-5")
    assert (Lane.BULK, poison) not in keys(journal)
    assert waiting(journal) == 7, "the innocent are all still there"


def test_a_line_that_is_cut_again_and_again_makes_nobody_a_poisoner(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 30, Lane.BULK, clock)
    going = center(journal, FakePublisher(), clock)
    for _connection in range(20):
        line = FakePublisher(silent=True)
        going.begin(line, IN_FLIGHT)
        going.hear_center(online=True)
        going.turn()
        clock.pass_time(8)  # a stalled line, not a message that breaks it
        line.disconnect()
        going.lost()
    assert waiting(journal) == 30
    assert journal.outbox.set_aside_total() == 0


# ---------------------------------------------------------------- refusals
def test_a_refused_message_waits_and_does_not_hold_up_the_others(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, WINDOW + 3, Lane.STATE, clock)
    line = FakePublisher(silent=True)
    going = relay(journal, line, clock)
    going.turn()
    line.published[0].settle(Outcome.REFUSED, "Payload format invalid")
    for published in line.published[1:]:
        published.settle(Outcome.ACCEPTED)
    going.turn()
    assert [p.labels["sequence"] for p in line.published[WINDOW:]] == ["17", "18", "19"]
    for published in line.published[WINDOW:]:
        published.settle(Outcome.ACCEPTED)
    assert not going.turn()
    assert waiting(journal) == 1
    clock.pass_time(REFUSED_SECONDS + 1)
    assert going.turn()
    assert line.published[-1].labels["sequence"] == "1"


def test_a_lane_of_refusals_rests_and_the_other_lanes_go_on(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 200, Lane.ALARM, clock)
    fill(journal, 3, Lane.BULK, clock)
    line = FakePublisher(silent=True)
    going = relay(journal, line, clock)
    for _ in range(20):
        going.turn()
        for published in line.published:
            if not published.future.done():
                alarm = published.topic == "alarm"
                published.settle(Outcome.REFUSED if alarm else Outcome.ACCEPTED)
    assert 50 <= [p.topic for p in line.published].count("alarm") < 50 + WINDOW
    assert waiting(journal) == 200


def test_what_no_packet_of_this_broker_holds_is_set_aside_and_told(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 1, Lane.STATE, clock)
    fill(journal, 1, Lane.STATE, clock, size=3000)
    fill(journal, 1, Lane.STATE, clock)
    line = FakePublisher(largest=2000)
    going = center(journal, line, clock)
    for _ in range(3):
        going.turn()
    (stone,) = journal.outbox.tombstones(Lane.STATE)
    assert (stone.first, stone.last, stone.reason) == (2, 2, GivenUp.OVERSIZE)
    assert keys(journal) == [(Lane.STATE, 1), (Lane.STATE, 3)]


def test_what_nobody_heard_stays_and_goes_when_somebody_listens(
    journal: Journal, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(journal, 3, Lane.STATE, clock)
    line = FakePublisher(heard="nothing")
    going = relay(journal, line, clock)
    for _ in range(5):
        going.turn()
    assert (going.figures.sent, going.figures.unheard, waiting(journal)) == (3, 3, 3)
    clock.pass_time(3)
    line.heard = ""
    for _ in range(6):
        going.turn()
    assert waiting(journal) == 0
    assert capsys.readouterr().out.count("link.unheard") == 1


def test_silence_is_measured(journal: Journal, clock: FakeClock) -> None:
    fill(journal, 1, Lane.STATE, clock)
    going = relay(journal, FakePublisher(silent=True), clock)
    assert going.oldest_flight() == 0
    going.turn()
    clock.pass_time(121)
    assert going.oldest_flight() == 121


# ---------------------------------------------------------------- the data account
def test_a_lane_over_its_bytes_of_the_day_waits_for_tomorrow_and_alarms_never_do(
    journal: Journal, clock: FakeClock
) -> None:
    fill(journal, 50, Lane.IMAGE, clock, size=1000)
    line = FakePublisher()
    going = relay(journal, line, clock, caps={Lane.IMAGE: 10_000})
    for _ in range(60):
        going.turn()
    sent = len(line.published)
    assert 5 <= sent <= 10 + WINDOW
    fill(journal, 1, Lane.ALARM, clock, age=0)
    going.turn()
    assert line.published[-1].topic == "alarm"
    clock.pass_time(24 * 3600)
    for _ in range(60):
        going.turn()
    assert len(line.published) > sent + 5
