"""The heartbeat says how much waits, what was sent today, and what will never come."""

import json
from datetime import UTC, datetime, timedelta

from edge_agent.core.event import Lane
from edge_agent.link.heartbeat import DataPayload, Delivery, heartbeat
from edge_agent.store.outbox import LaneBacklog

NOON = datetime(2021, 7, 28, 5, 0, 0, 123456, tzinfo=UTC)


def test_a_heartbeat_names_backlog_data_and_losses() -> None:
    data = DataPayload(day="2021-07-28", sent={"bulk": 9}, caps={"bulk": 9}, withheld=["bulk"])
    lanes = {
        Lane.ALARM: LaneBacklog(2, 900, NOON - timedelta(hours=1), 1000),
        Lane.BULK: LaneBacklog(1, 50, NOON, 500),
    }
    delivery = Delivery(lanes, data, {"quota": 7}, 1)
    beat = json.loads(heartbeat("E", 1, NOON, delivery, {"fps": {"cam-1": 4.9}}))
    oldest = "2021-07-28T04:00:00.123Z"
    assert beat["backlog"] == {"count": 3, "bytes": 950, "oldest": oldest, "quota": 1500}
    assert beat["lanes"]["alarm"] == {"count": 2, "bytes": 900, "oldest": oldest, "quota": 1000}
    assert beat["data"] == data
    assert beat["given_up"] == {"untold": {"quota": 7}, "quarantine": 1}
    assert beat["site"] == {"fps": {"cam-1": 4.9}}
