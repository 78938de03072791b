"""Acknowledgements: once, in time, never piled up."""

from datetime import UTC, datetime

from edge_agent.center.receipts import SPACING, AckBook
from edge_agent.core.delivery import LaneAck
from edge_agent.core.event import Lane
from edge_agent.core.time import Instant
from edge_agent.link.acks import decode_ack


def at(mono: float) -> Instant:
    return Instant(datetime(2021, 7, 28, tzinfo=UTC), mono)


def acks(lane: Lane, through: int) -> dict[tuple[str, str], dict[Lane, LaneAck]]:
    return {("khu-a", "e1"): {lane: LaneAck(through, through)}}


def test_the_newest_of_a_lane_is_told_once() -> None:
    book = AckBook()
    book.add(acks(Lane.BULK, 5), 10.0)
    assert len(list(book.due(at(10.0)))) == 1
    book.add(acks(Lane.BULK, 6), 10.0)
    book.add(acks(Lane.BULK, 7), 10.01)
    assert list(book.due(at(10.01))) == []
    assert 0 < book.wait(10.01, 1.0) <= SPACING
    ((site, payload, _kind),) = book.due(at(10.06))
    said = decode_ack(payload)
    assert (site, said.epoch, said.lanes[Lane.BULK].through) == ("khu-a", "e1", 7)
    assert list(book.due(at(11.0))) == []
    assert book.wait(11.0, 1.0) == 1.0


def test_an_alarm_does_not_wait_and_takes_the_others_along() -> None:
    book = AckBook()
    book.add(acks(Lane.BULK, 5), 10.0)
    list(book.due(at(10.0)))
    book.add(acks(Lane.BULK, 6), 10.0)
    book.add(acks(Lane.ALARM, 1), 10.0)
    ((_site, payload, _kind),) = book.due(at(10.0))
    assert set(decode_ack(payload).lanes) == {Lane.ALARM, Lane.BULK}
