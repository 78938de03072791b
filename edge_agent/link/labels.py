"""A message's place in its lane, as MQTT v5 user properties. Pure, both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.core.delivery import HIGHEST_SEQUENCE
from edge_agent.core.event import Lane
from edge_agent.link import strict
from edge_agent.link.strict import Flaw


@dataclass(frozen=True, slots=True)
class Place:
    """Which messages a publication holds: one (`first` is `last`), or `count` of a batch or of a
    list of tombstones. `late`: a single one that was made over a minute before it was sent.
    """

    epoch: str
    lane: Lane
    first: int
    last: int
    count: int = 1
    late: bool = False


def single(epoch: str, lane: Lane, sequence: int, *, late: bool = False) -> dict[str, str]:
    """The labels of a message that goes alone."""
    named = {"epoch": epoch, "lane": lane.value, "sequence": str(sequence)}
    return named | {"late": "1"} if late else named


def several(epoch: str, lane: Lane, first: int, last: int, count: int) -> dict[str, str]:
    """The labels of a batch (`count` items) or of tombstones (`count` messages given up)."""
    return {
        "epoch": epoch,
        "lane": lane.value,
        "first": str(first),
        "last": str(last),
        "count": str(count),
    }


def place(labels: Mapping[str, str]) -> Place:
    """What `single` or `several` wrote. Raises Flaw."""
    epoch, lane = strict.text(labels, "epoch", strict.LONGEST_EPOCH), strict.lane(labels)
    if "sequence" in labels:
        sequence = _number(labels, "sequence")
        return Place(epoch, lane, sequence, sequence, 1, labels.get("late") == "1")
    first, last, count = (_number(labels, key) for key in ("first", "last", "count"))
    if not first <= last or count > last - first + 1:
        raise Flaw(f"{count} messages cannot lie in {first}..{last}")
    return Place(epoch, lane, first, last, count)


def _number(labels: Mapping[str, str], key: str) -> int:
    digits = labels.get(key, "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        raise Flaw(f"{key}: not a number: {digits:.40}")
    number = int(digits)
    if not 1 <= number <= HIGHEST_SEQUENCE:
        raise Flaw(f"{key}: not from 1 to {HIGHEST_SEQUENCE}: {digits}")
    return number
