"""Many events of one lane in one packet, compressed. Pure, both directions."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from edge_agent.core.event import Lane
from edge_agent.link import strict
from edge_agent.link.strict import Flaw

CONTENT_TYPE = "application/vnd.qcam.batch+zlib"
MOST_ITEMS = 50
LARGEST_PACKED = 96 * 1024
LARGEST_UNPACKED = 1024 * 1024
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Packable:
    """An event on its way out: `event` is its CloudEvent as JSON, the bytes it would go alone."""

    sequence: int
    late: bool
    event: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """An event as it came: its place in the lane, and the CloudEvent, not looked into."""

    sequence: int
    late: bool
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a packet held: sequences ascend and may have holes."""

    epoch: str
    lane: Lane
    items: tuple[Item, ...]


def encode_batch(epoch: str, lane: Lane, items: Sequence[Packable]) -> bytes:
    """The packet: zlib of JSON. Whoever calls keeps to the limits above; `fitting` helps."""
    listed = b",".join(
        b'{"event":%b,"late":%b,"sequence":%d}'
        % (item.event, b"true" if item.late else b"false", item.sequence)
        for item in items
    )
    said = (json.dumps(epoch).encode(), listed, lane.value.encode())
    return zlib.compress(b'{"epoch":%b,"items":[%b],"lane":"%b"}' % said, _LEVEL)


def fitting(sizes: Sequence[int], largest: int = LARGEST_PACKED) -> int:
    """How many events of these sizes, from the first on, one packet holds whatever they compress
    to; at least one of them is said to fit.
    """
    weight = 256
    for count, size in enumerate(sizes[:MOST_ITEMS]):
        weight += size + 64
        if weight > largest and count:
            return count
    return min(len(sizes), MOST_ITEMS)


def decode_batch(payload: bytes) -> Batch:
    """What `encode_batch` wrote. Raises Flaw: too large, a bomb, not JSON, not ascending, …."""
    if len(payload) > LARGEST_PACKED:
        raise Flaw(f"{len(payload)} bytes, a batch has at most {LARGEST_PACKED}")
    said = strict.json_object(_unpacked(payload), LARGEST_UNPACKED)
    epoch, lane = strict.text(said, "epoch", strict.LONGEST_EPOCH), strict.lane(said)
    items = tuple(_item(one) for one in strict.objects(said, "items", MOST_ITEMS))
    numbers = [item.sequence for item in items]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise Flaw("items: the sequence numbers do not ascend")
    return Batch(epoch, lane, items)


def _unpacked(payload: bytes) -> bytes:
    opener = zlib.decompressobj()
    try:
        plain = opener.decompress(payload, LARGEST_UNPACKED + 1)
    except zlib.error as error:
        raise Flaw(f"not zlib: {error}") from None
    if len(plain) > LARGEST_UNPACKED:
        raise Flaw(f"unpacks to more than {LARGEST_UNPACKED} bytes")
    if not opener.eof or opener.unused_data:
        raise Flaw("not one whole zlib stream")
    return plain


def _item(one: Mapping[str, Any]) -> Item:
    event = one.get("event")
    if not isinstance(event, dict):
        raise Flaw("items: an event is no object")
    return Item(strict.whole(one, "sequence", 1), strict.truth(one, "late"), event)
