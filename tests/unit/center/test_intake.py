"""From a message to values, or to a reason; whatever the bytes."""

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.center.intake import Address, Facts, Picture, Refused, Stones, judge
from edge_agent.core.delivery import GivenUp, Tombstone
from edge_agent.core.event import Lane
from edge_agent.core.time import from_iso
from edge_agent.link import batch, tombstones
from edge_agent.link.batch import Packable, encode_batch
from edge_agent.link.labels import several, single
from edge_agent.link.tombstones import encode_tombstones
from edge_agent.link.wire import CLOUDEVENT, JPEG, encode
from tests.unit.center.messages import SITE, cloudevent, received

ALARM = Address(SITE, "e1", Lane.ALARM)


def refused(message: Any) -> Refused:
    (value,) = judge(message)
    assert isinstance(value, Refused)
    assert value.flaw.vi
    assert value.flaw.en
    return value


def test_a_cloudevent_is_a_fact_with_its_place() -> None:
    (value,) = judge(received(cloudevent()))
    assert isinstance(value, Facts)
    assert value.of == ALARM
    (fact,) = value.facts
    assert (fact.sequence, fact.id, fact.severity) == (7, "x.opened", "warning")
    assert json.loads(fact.data)["note"] == "Hành lang"


def test_attributes_that_nobody_knows_are_ignored() -> None:
    (value,) = judge(received(cloudevent(traceparent="00-1", data=...)))
    assert isinstance(value, Facts)
    assert value.facts[0].data == "{}"


@pytest.mark.parametrize(("kind", "newest", "taken"), [
    ("vn.qcam.a.v1", 1, True), ("vn.qcam.a.v2", 1, False), ("vn.qcam.a.v0", 1, False),
    ("vn.qcam.a.v1", 2, True), ("vn.qcam.a.v1", 3, False), ("vn.qcam.a.b_c.v3", 3, True),
    ("com.example.a.v1", 1, False), ("vn.qcam.a", 1, False),
])  # fmt: skip
def test_this_version_and_the_one_before_it_are_read(kind: str, newest: int, taken: bool) -> None:
    (value,) = judge(received(cloudevent(type=kind)), newest)
    assert isinstance(value, Facts) is taken
    if isinstance(value, Refused):
        assert value.flaw.code == "version"
        assert value.spans == ((7, 7),)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": "qcam/khu-b"}, "source"),
        ({"id": ""}, "malformed"),
        ({"id": "a\nb"}, "malformed"),
        ({"id": "x" * 201}, "malformed"),
        ({"time": "yesterday"}, "malformed"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "malformed"),
        ({"data": [1]}, "malformed"),
        ({"data": "text"}, "malformed"),
        ({"data": {"nul": "\0"}}, "malformed"),
        ({"type": ...}, "malformed"),
    ],
)
def test_a_wrong_field_is_refused_with_its_number(change: dict[str, Any], code: str) -> None:
    found = refused(received(cloudevent(**change)))
    assert (found.flaw.code, found.of, found.spans) == (code, ALARM, ((7, 7),))


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000,
        b'{"id": "\\ud800"}', b"9" * 5000, b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
)  # fmt: skip
def test_bytes_that_are_no_event_are_refused(payload: bytes) -> None:
    assert refused(received(payload)).flaw.code in {"malformed", "deep"}


def test_nesting_is_bounded() -> None:
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    assert refused(received(cloudevent(data={"a": deep}))).flaw.code == "deep"


def test_ten_megabytes_are_refused_before_they_are_read() -> None:
    assert refused(received(b"x" * 10_000_000)).flaw.code == "oversize"


@pytest.mark.parametrize("topic", [
    "qcam/v1/site/khu-a/nonsense", "qcam/v1/site/KHU/event/alarm", "qcam/v2/site/khu-a/event/alarm",
    "qcam/v1/site/khu-a/event/alarm/more", "qcam/v1/site//event/alarm", "x",
])  # fmt: skip
def test_a_topic_that_is_none_of_ours_is_refused(topic: str) -> None:
    assert refused(received(cloudevent(), topic)).flaw.code == "topic"


def test_a_lane_that_topic_and_label_do_not_agree_on_is_refused() -> None:
    wrong = received(cloudevent(), f"qcam/v1/site/{SITE}/event/bulk")
    assert refused(wrong).flaw.code == "mismatch"


@pytest.mark.parametrize(
    "labels",
    [
        {"a": "b"},
        {"epoch": "e1"},
        {"epoch": "e1", "lane": "alarm", "sequence": "0"},
        {"epoch": "e1", "lane": "alarm", "sequence": "9" * 30},
        {"epoch": "e 1", "lane": "alarm", "sequence": "1"},
        {"epoch": "e1", "lane": "roof", "sequence": "1"},
        {"epoch": "e1", "lane": "alarm", "sequence": "-1"},
    ],
)
def test_without_a_place_nothing_is_explained(labels: dict[str, str]) -> None:
    found = refused(received(cloudevent(), labels=labels))
    assert found.spans == ()


def packed(events: list[dict[str, Any]], numbers: list[int]) -> Any:
    items = [Packable(n, False, encode(one)) for n, one in zip(numbers, events, strict=True)]
    labels = several("e1", Lane.ALARM, numbers[0], numbers[-1], len(numbers))
    payload = encode_batch("e1", Lane.ALARM, items)
    return received(payload, kind=batch.CONTENT_TYPE, labels=labels)


def test_a_batch_gives_its_good_members_and_refuses_each_bad_one_alone() -> None:
    events = [cloudevent(id=f"e{n}") for n in range(4)]
    events[2] = cloudevent(id="e2", type="vn.qcam.x.v9")
    bad, good = judge(packed(events, [3, 4, 8, 9]))
    assert isinstance(bad, Refused)
    assert isinstance(good, Facts)
    assert bad.spans == ((8, 8),)
    assert b"vn.qcam.x.v9" in bad.message.payload
    assert [fact.sequence for fact in good.facts] == [3, 4, 9]


def test_a_bomb_is_refused_without_being_unpacked() -> None:
    bomb = zlib.compress(b"0" * 50_000_000)
    labels = several("e1", Lane.ALARM, 1, 3, 3)
    found = refused(received(bomb, kind=batch.CONTENT_TYPE, labels=labels))
    assert found.flaw.code == "malformed"
    assert found.spans == ((1, 3),)  # without holes: these and no others


def test_a_broken_batch_with_holes_explains_nothing() -> None:
    labels = several("e1", Lane.ALARM, 1, 9, 3)
    assert refused(received(b"x", kind=batch.CONTENT_TYPE, labels=labels)).spans == ()


def test_tombstones_are_read_and_broken_ones_explain_nothing() -> None:
    stone = Tombstone(Lane.ALARM, 4, 9, 6, GivenUp.QUOTA, from_iso("2021-07-28T05:00:00Z"))
    labels = several("e1", Lane.ALARM, 4, 9, 6)
    payload = encode_tombstones("e1", Lane.ALARM, [stone])
    kind = tombstones.CONTENT_TYPE
    (value,) = judge(received(payload, kind=kind, labels=labels))
    assert value == Stones(ALARM, (stone,))
    assert refused(received(payload[:-3], kind=kind, labels=labels)).spans == ()


@pytest.mark.parametrize(
    ("jpeg", "taken"),
    [(b"\xff\xd8\xff" + b"x" * 100, True), (b"GIF89a", False), (b"\xff\xd8\xff" * 4000, False)],
)
def test_a_picture_is_a_small_jpeg(jpeg: bytes, taken: bool) -> None:
    topic = f"qcam/v1/site/{SITE}/image/x.opened"
    (value,) = judge(received(jpeg, topic, JPEG, single("e1", Lane.IMAGE, 1)))
    assert isinstance(value, Picture) is taken


@given(
    st.binary(max_size=300),
    st.sampled_from([CLOUDEVENT, batch.CONTENT_TYPE, tombstones.CONTENT_TYPE, JPEG, "", "\0"]),
    st.dictionaries(
        st.sampled_from(["epoch", "lane", "sequence", "first", "last", "count"]),
        st.one_of(st.text(max_size=20), st.sampled_from(["e1", "alarm", "1", "2"])),
    ),
)
def test_whatever_comes_is_taken_or_refused_and_never_raises(
    payload: bytes, kind: str, labels: dict[str, str]
) -> None:
    for value in judge(received(payload, kind=kind, labels=labels or {"x": "y"})):
        assert isinstance(value, Facts | Picture | Stones | Refused)
