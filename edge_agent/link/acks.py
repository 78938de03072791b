"""The center's acknowledgement on the line. Pure, both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_agent.core.delivery import MOST_GAPS, Ack, LaneAck, Span
from edge_agent.core.event import Lane
from edge_agent.core.time import iso
from edge_agent.link import strict
from edge_agent.link.strict import Flaw
from edge_agent.link.wire import JSON, encode

CONTENT_TYPE = JSON
LARGEST = 32 * 1024


def encode_ack(ack: Ack) -> bytes:
    """The payload of `center/<site>/ack`."""
    lanes = {
        lane.value: {"through": one.through, "seen": one.seen, "gaps": [*map(list, one.gaps)]}
        for lane, one in ack.lanes.items()
    }
    return encode({"epoch": ack.epoch, "time": iso(ack.time), "lanes": lanes})


def decode_ack(payload: bytes) -> Ack:
    """What `encode_ack` wrote; lanes that this version does not know are left out. Raises Flaw."""
    said = strict.json_object(payload, LARGEST)
    named = said.get("lanes")
    if not isinstance(named, dict):
        raise Flaw("lanes: not an object")
    lanes = {lane: _lane(named[lane.value]) for lane in Lane if lane.value in named}
    epoch = strict.text(said, "epoch", strict.LONGEST_EPOCH)
    return Ack(epoch, strict.moment(said, "time"), lanes)


def _lane(one: Any) -> LaneAck:
    if not isinstance(one, dict):
        raise Flaw("lanes: a lane is no object")
    through, seen = strict.whole(one, "through"), strict.whole(one, "seen")
    try:
        return LaneAck(through, seen, _gaps(one))
    except ValueError as error:
        raise Flaw(str(error)) from None


def _gaps(one: Mapping[str, Any]) -> tuple[Span, ...]:
    listed = one.get("gaps")
    if not isinstance(listed, list) or len(listed) > MOST_GAPS:
        raise Flaw(f"gaps: not a list of at most {MOST_GAPS}")
    return tuple(_span(gap) for gap in listed)


def _span(gap: Any) -> Span:
    if not isinstance(gap, list) or len(gap) != 2 or not all(type(end) is int for end in gap):
        raise Flaw("gaps: not pairs of whole numbers")
    return gap[0], gap[1]
