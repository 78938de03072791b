"""Tombstones on the line: what the center is told of messages that will never come. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge_agent.core.delivery import GivenUp, Tombstone
from edge_agent.core.event import Lane
from edge_agent.core.time import iso
from edge_agent.link import strict
from edge_agent.link.strict import Flaw
from edge_agent.link.wire import encode

CONTENT_TYPE = "application/vnd.qcam.tombstones+json"
MOST = 200
LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Tombstones:
    """What a packet held; all of one lane."""

    epoch: str
    lane: Lane
    tombstones: tuple[Tombstone, ...]


def encode_tombstones(epoch: str, lane: Lane, tombstones: Sequence[Tombstone]) -> bytes:
    """The packet for 1 to `MOST` tombstones of one lane."""
    listed = [
        {
            "first": stone.first,
            "last": stone.last,
            "count": stone.count,
            "reason": stone.reason.value,
            "time": iso(stone.time),
        }
        for stone in tombstones
    ]
    return encode({"epoch": epoch, "lane": lane.value, "tombstones": listed})


def decode_tombstones(payload: bytes) -> Tombstones:
    """What `encode_tombstones` wrote. Raises Flaw."""
    said = strict.json_object(payload, LARGEST)
    epoch, lane = strict.text(said, "epoch", strict.LONGEST_EPOCH), strict.lane(said)
    listed = strict.objects(said, "tombstones", MOST)
    return Tombstones(epoch, lane, tuple(_tombstone(lane, one) for one in listed))


def _tombstone(lane: Lane, one: Mapping[str, Any]) -> Tombstone:
    first, last, count = (strict.whole(one, key, 1) for key in ("first", "last", "count"))
    reason, time = strict.word(one, "reason", GivenUp), strict.moment(one, "time")
    try:
        return Tombstone(lane, first, last, count, reason, time)
    except ValueError as error:
        raise Flaw(f"tombstones: {error}") from None
