"""What goes over the line: names, payloads, sizes; the same value gives the same bytes."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.core.event import Event, Lane
from edge_agent.core.media import CameraState, CameraStatus
from edge_agent.core.trouble import Trouble
from edge_agent.link import wire
from edge_agent.link.wire import Topics
from edge_agent.store.outbox import LARGEST_PAYLOAD

NOON = datetime(2021, 7, 28, 5, 0, 0, 123456, tzinfo=UTC)
TOPICS = Topics("khu-a")


def event(data: dict[str, Any], severity: str = "warning") -> Event:
    kind = "vn.qcam.episode.opened.v1"
    return Event("e1.opened", "qcam/khu-a", kind, "cam-1", NOON, severity, data, "d/e1.opened.jpg")


def test_topics_are_those_of_the_drawing() -> None:
    assert TOPICS.state == "qcam/v1/site/khu-a/state"
    assert TOPICS.birth == "qcam/v1/site/khu-a/birth"
    assert TOPICS.heartbeat == "qcam/v1/site/khu-a/heartbeat"
    assert TOPICS.camera("cam-1") == "qcam/v1/site/khu-a/camera/cam-1/state"
    assert TOPICS.event(Lane.ALARM) == "qcam/v1/site/khu-a/event/alarm"
    assert TOPICS.event(Lane.BULK) == "qcam/v1/site/khu-a/event/bulk"
    assert TOPICS.image("e1.opened") == "qcam/v1/site/khu-a/image/e1.opened"


@pytest.mark.parametrize("name", ["", "a/b", "#", "+", "x+", "nul\0"])
def test_a_name_that_would_change_the_topic_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="topic"):
        Topics(name)
    with pytest.raises(ValueError, match="topic"):
        TOPICS.camera(name)


def test_an_event_is_a_cloudevent() -> None:
    message = wire.event_message(event({"metres": 1.25}), "EPOCH", TOPICS)
    assert (message.lane, message.topic) == (Lane.ALARM, TOPICS.event(Lane.ALARM))
    assert message.content_type == "application/cloudevents+json"
    assert json.loads(message.payload) == {
        "specversion": "1.0",
        "id": "e1.opened",
        "source": "qcam/khu-a",
        "type": "vn.qcam.episode.opened.v1",
        "subject": "cam-1",
        "time": "2021-07-28T05:00:00.123Z",
        "datacontenttype": "application/json",
        "severitytext": "warning",
        "severitynumber": 13,
        "epoch": "EPOCH",
        "data": {"metres": 1.25, "still": "d/e1.opened.jpg"},
    }


def test_cloudevents_attribute_names_are_lower_case_letters_and_digits() -> None:
    names = json.loads(wire.event_message(event({}), "E", TOPICS).payload)
    assert all(name.isalnum() and name.islower() and len(name) <= 20 for name in names)


def test_a_fact_over_the_cap_goes_without_its_data() -> None:
    message = wire.event_message(event({"names": ["x" * 1000] * 200}), "E", TOPICS)
    assert len(message.payload) < LARGEST_PAYLOAD
    told = json.loads(message.payload)
    assert told["id"] == "e1.opened"
    assert told["data"]["omitted_bytes"] > 200_000


def test_a_thumbnail_is_a_small_jpeg_or_trouble() -> None:
    good = b"\xff\xd8" + b"x" * 7000
    message = wire.thumbnail_message(event({}), good, TOPICS)
    assert (message.lane, message.topic) == (Lane.IMAGE, TOPICS.image("e1.opened"))
    assert (message.content_type, message.payload) == ("image/jpeg", good)
    for bad in (b"\xff\xd8" + b"x" * 8000, b"\x89PNG", b""):
        with pytest.raises(Trouble, match="thumbnail"):
            wire.thumbnail_message(event({}), bad, TOPICS)


def test_states_name_epoch_and_connection_and_a_will_no_time() -> None:
    online = json.loads(wire.state("online", "E", 7, NOON))
    assert online == {
        "state": "online",
        "epoch": "E",
        "conn": 7,
        "time": "2021-07-28T05:00:00.123Z",
    }
    assert json.loads(wire.state("offline", "E", 7, None)) == {
        "state": "offline",
        "epoch": "E",
        "conn": 7,
    }


def test_a_birth_carries_what_the_site_says_of_itself() -> None:
    marks = {Lane.ALARM: 3, Lane.BULK: 0}
    born = json.loads(wire.birth("E", 1, NOON, marks, "center", {"version": "1"}))
    assert born["high_water"] == {"alarm": 3, "bulk": 0}
    assert (born["ack"], born["site"]) == ("center", {"version": "1"})


def test_a_camera_state_says_why_and_since_when() -> None:
    payload = wire.camera_state(CameraStatus("cam-1", CameraState.OFFLINE, "network", NOON))
    assert payload == (
        b'{"camera":"cam-1","reason":"network","since":"2021-07-28T05:00:00.123Z",'
        b'"state":"offline"}'
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, None),
        (math.inf, None),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (True, True),
        (None, None),
        (Lane.ALARM, "alarm"),
        (NOON, "2021-07-28T05:00:00.123Z"),
        ((1, {2: math.nan}), [1, {"2": None}]),
        ("Phòng 3", "Phòng 3"),
    ],
)
def test_anything_a_rule_may_say_becomes_json(value: Any, said: Any) -> None:
    assert wire.plain(value) == said
    assert json.loads(wire.encode({"x": wire.plain(value)})) == {"x": said}


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), PLAIN))
def test_the_same_value_is_the_same_bytes_in_whatever_order_it_was_made(
    data: dict[str, Any],
) -> None:
    turned = dict(reversed(list(data.items())))
    one = wire.event_message(event(data), "E", TOPICS)
    assert one == wire.event_message(event(turned), "E", TOPICS)
    json.loads(one.payload)
