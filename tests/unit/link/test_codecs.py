"""What is written is read again; what a stranger writes is refused with a reason, in bounds."""

import json
import os
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.delivery import Ack, GivenUp, Ranges, Tombstone, lane_ack
from edge_agent.core.event import Lane
from edge_agent.link import labels
from edge_agent.link.acks import decode_ack, encode_ack
from edge_agent.link.batch import (
    LARGEST_PACKED,
    LARGEST_UNPACKED,
    MOST_ITEMS,
    Packable,
    decode_batch,
    encode_batch,
    fitting,
)
from edge_agent.link.strict import Flaw
from edge_agent.link.tombstones import Tombstones, decode_tombstones, encode_tombstones

NOON = datetime(2021, 7, 28, 5, 0, 0, 123000, tzinfo=UTC)
LANES = st.sampled_from(Lane)
SEQUENCES = st.integers(1, 2**63 - 1)
DECODERS = [decode_batch, decode_tombstones, decode_ack]


@given(st.text(min_size=1, max_size=40).filter(lambda text: "\0" not in text), LANES,
       st.dictionaries(SEQUENCES, st.booleans(), min_size=1, max_size=MOST_ITEMS))  # fmt: skip
def test_a_batch_is_read_as_it_was_written(epoch: str, lane: Lane, items: dict[int, bool]) -> None:
    wrote = [Packable(n, late, b'{"id":"%d"}' % n) for n, late in sorted(items.items())]
    read = decode_batch(encode_batch(epoch, lane, wrote))
    assert (read.epoch, read.lane) == (epoch, lane)
    assert [(item.sequence, item.late) for item in read.items] == sorted(items.items())
    assert [item.event["id"] for item in read.items] == [str(n) for n in sorted(items)]


@given(st.dictionaries(LANES, st.sets(st.integers(1, 300))))
def test_an_acknowledgement_is_read_as_it_was_written(lanes: dict[Lane, set[int]]) -> None:
    wrote = {lane: lane_ack(Ranges.numbers(numbers)) for lane, numbers in lanes.items()}
    assert decode_ack(encode_ack(Ack("E", NOON, wrote))) == Ack("E", NOON, wrote)


@given(LANES, st.lists(st.tuples(SEQUENCES, SEQUENCES), min_size=1, max_size=20))
def test_tombstones_are_read_as_they_were_written(lane: Lane, spans: list[tuple[int, int]]) -> None:
    stones = tuple(Tombstone(lane, min(span), max(span), 1, GivenUp.QUOTA, NOON) for span in spans)
    assert decode_tombstones(encode_tombstones("E", lane, stones)) == Tombstones("E", lane, stones)


@given(LANES, SEQUENCES, st.booleans())
def test_labels_are_read_as_they_were_written(lane: Lane, first: int, late: bool) -> None:
    one = labels.place(labels.single("E", lane, first, late=late))
    assert one == labels.Place("E", lane, first, first, 1, late)
    if first < 2**63 - 9:
        many = labels.place(labels.several("E", lane, first, first + 9, 10))
        assert many == labels.Place("E", lane, first, first + 9, 10)


@pytest.mark.parametrize(
    "flawed",
    [
        {},
        {"epoch": "E", "lane": "alarm"},
        {"epoch": "", "lane": "alarm", "sequence": "1"},
        {"epoch": "E", "lane": "loud", "sequence": "1"},
        {"epoch": "E", "lane": "alarm", "sequence": "0"},
        {"epoch": "E", "lane": "alarm", "sequence": "-1"},
        {"epoch": "E", "lane": "alarm", "sequence": "٣"},
        {"epoch": "E", "lane": "alarm", "sequence": "9" * 19},
        {"epoch": "E", "lane": "alarm", "sequence": "1" * 5000},
        {"epoch": "E", "lane": "alarm", "first": "3", "last": "2", "count": "1"},
        {"epoch": "E", "lane": "alarm", "first": "1", "last": "2", "count": "3"},
    ],
)
def test_labels_that_name_no_place_are_refused(flawed: dict[str, str]) -> None:
    with pytest.raises(Flaw):
        labels.place(flawed)


@pytest.mark.parametrize("decode", DECODERS)
@given(noise=st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else_happens(decode: Any, noise: bytes) -> None:
    for payload in (noise, zlib.compress(noise)):
        with pytest.raises(Flaw):
            decode(payload)


def packed(value: object) -> bytes:
    return zlib.compress(json.dumps(value).encode())


def batch(**changed: Any) -> dict[str, Any]:
    items = [{"sequence": 1, "late": False, "event": {}}]
    return {"epoch": "E", "lane": "bulk", "items": items} | changed


def item(**changed: Any) -> dict[str, Any]:
    return {"sequence": 1, "late": False, "event": {}} | changed


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (zlib.compress(b" " * (LARGEST_UNPACKED + 1)), "unpacks"),
        (zlib.compress(os.urandom(LARGEST_PACKED)), "at most"),
        (packed(batch())[:-1], "whole"),
        (packed(batch()) + b"x", "whole"),
        (zlib.compress(b"[" * 200_000), "not JSON"),
        (zlib.compress(b'{"epoch":' + b"9" * 5000 + b"}"), "not JSON"),
        (zlib.compress(b'{"epoch":NaN}'), "not JSON"),
        (zlib.compress(b'{"epoch":1e999}'), "not JSON"),
        (zlib.compress(rb'{"epoch":"\u0000"}'), "not JSON"),
        (zlib.compress(rb'{"epoch":"\ud800"}'), "not JSON"),
        (packed([]), "not a JSON object"),
        (packed(batch(epoch=7)), "epoch"),
        (packed(batch(epoch="E" * 65)), "epoch"),
        (packed(batch(lane="loud")), "lane"),
        (packed(batch(lane=["bulk"])), "lane"),
        (packed(batch(items=[])), "items"),
        (packed(batch(items=[item(sequence=n) for n in range(1, 52)])), "items"),
        (packed(batch(items=["x"])), "items"),
        (packed(batch(items=[item(event="x")])), "event"),
        (packed(batch(items=[item(sequence=0)])), "sequence"),
        (packed(batch(items=[item(sequence=True)])), "sequence"),
        (packed(batch(items=[item(sequence=1.0)])), "sequence"),
        (packed(batch(items=[item(sequence=2**63)])), "sequence"),
        (packed(batch(items=[item(late=1)])), "late"),
        (packed(batch(items=[item(), item()])), "ascend"),
    ],
)
def test_a_batch_that_is_none_is_refused_with_the_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(Flaw, match=reason):
        decode_batch(payload)


@pytest.mark.parametrize(
    "lane",
    [
        None,
        {},
        {"through": 1},
        {"through": 1, "seen": 0, "gaps": []},
        {"through": 0, "seen": 9, "gaps": [[1]]},
        {"through": 0, "seen": 9, "gaps": [[1, "2"]]},
        {"through": 0, "seen": 9, "gaps": [[3, 2]]},
        {"through": 0, "seen": 9, "gaps": "1-2"},
        {"through": 0, "seen": 999, "gaps": [[n, n] for n in range(1, 200, 2)]},
    ],
)
def test_an_acknowledgement_that_is_none_is_refused(lane: Any) -> None:
    said = {"epoch": "E", "time": "2021-07-28T05:00:00.000Z", "lanes": {"alarm": lane}}
    with pytest.raises(Flaw):
        decode_ack(json.dumps(said).encode())


@pytest.mark.parametrize("time", ["noon", "2021-07-28T05:00:00", 7, None, "0001-01-01T00:00+23:00"])
def test_a_time_that_is_none_is_refused(time: Any) -> None:
    with pytest.raises(Flaw, match="time"):
        decode_ack(json.dumps({"epoch": "E", "time": time, "lanes": {}}).encode())


def test_a_lane_of_a_later_version_is_left_out() -> None:
    said = b'{"epoch":"E","time":"2021-07-28T05:00:00.000Z","lanes":{"sound":{"through":1}}}'
    assert decode_ack(said).lanes == {}


@pytest.mark.parametrize(
    "stone",
    [
        {"first": 2, "last": 1, "count": 1},
        {"first": 1, "last": 2, "count": 3},
        {"first": 1, "last": 2, "count": 1, "reason": "tired"},
        {"first": 1, "last": 2, "count": 1, "time": "noon"},
    ],
)
def test_tombstones_that_are_none_are_refused(stone: dict[str, Any]) -> None:
    whole = {"reason": "quota", "time": "2021-07-28T05:00:00.000Z"} | stone
    with pytest.raises(Flaw):
        decode_tombstones(packed_plain({"epoch": "E", "lane": "bulk", "tombstones": [whole]}))


def packed_plain(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_packet_takes_what_fits_and_always_one() -> None:
    assert fitting([500] * 80) == MOST_ITEMS
    assert fitting([40_000] * 5) == 2
    assert fitting([120_000, 10]) == 1
    assert fitting([]) == 0


@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=60))
def test_what_fits_never_outgrows_the_packet_even_if_nothing_compresses(sizes: list[int]) -> None:
    count = fitting(sizes)
    noise = [os.urandom(size // 2).hex()[: max(0, size - 8)].encode() for size in sizes[:count]]
    wrote = [Packable(n + 1, False, b'{"a":"%b"}' % text) for n, text in enumerate(noise)]
    assert len(encode_batch("E" * 36, Lane.BULK, wrote)) <= LARGEST_PACKED
