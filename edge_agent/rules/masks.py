"""Masks: whose head is worth reading now, and what the readings of one person add up to.

Law: a state changes only when the votes say so; `unknown` is counted, never voted with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from edge_agent.config.behaviours import MaskRule
from edge_agent.core.event import Rule
from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import HeadRequest, MaskReading, MaskState
from edge_agent.core.time import Instant
from edge_agent.rules.head import HEAD_IN_SQUARE, head_region
from edge_agent.rules.observation import Observation
from edge_agent.rules.trail import Trail, box_at

EARLY = 0.9  # of `every`: key frames come about once a second and not to the millisecond
SMALLER = 0.9  # of `min_head`: a crop is cut at whole pixels
HIDDEN = 0.3  # share of a head square behind somebody who stands nearer
SHARED = 0.3  # overlap of two head squares; more, and the face may be the other's
MAJORITY = (2, 3)  # share of the answered readings that makes a state
ANSWERS = (MaskState.WORN, MaskState.INCORRECT, MaskState.ABSENT)


@dataclass(frozen=True, slots=True)
class Ballot:
    """One person's readings: the voted `state`, the last answered ones (`votes`, oldest first),
    how many of each state ever, the largest answered head in pixels, and when last read (mono).
    """

    state: MaskState = MaskState.UNKNOWN
    votes: tuple[MaskState, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    head_px: float = 0.0
    read: float = -math.inf


NO_BALLOT = Ballot()


def cast(ballot: Ballot, rule: MaskRule, at: Instant, reading: MaskReading) -> Ballot:
    """The ballot after one more reading; one from too small a head counts as unknown.

    The last 2 x votes answers count: a state needs at least `votes` of them and 2/3 to be it.
    """
    head = reading.head_px * HEAD_IN_SQUARE
    state = reading.state if head >= SMALLER * rule.min_head else MaskState.UNKNOWN
    counts = {**ballot.counts, state.value: ballot.counts.get(state.value, 0) + 1}
    if state is MaskState.UNKNOWN:
        return replace(ballot, counts=counts, read=at.mono)
    votes = (*ballot.votes, state)[-2 * rule.votes :]
    return Ballot(
        _voted(votes, rule.votes, ballot.state), votes, counts, max(ballot.head_px, head), at.mono
    )


def heads_due(
    trails: Sequence[Trail],
    ballots: Mapping[int, Ballot],
    rule: MaskRule,
    at: Instant,
    size: Size,
    scale: float,
) -> tuple[HeadRequest, ...]:
    """Whose head to read from a picture taken at `at`, largest first.

    Boxes are brought to that moment; `size` is the sub frame's, `scale` main over sub pixels.
    """
    if not rule.enabled:
        return ()
    boxes = {trail.id: box for trail in trails if (box := box_at(trail, at)) is not None}
    heads = {number: head_region(box, size) for number, box in boxes.items()}
    due = [
        HeadRequest(trail.id, heads[trail.id])
        for trail in trails
        if trail.confirmed
        and trail.id in heads
        and heads[trail.id].width * scale * HEAD_IN_SQUARE >= rule.min_head
        and at.mono - ballots.get(trail.id, NO_BALLOT).read >= EARLY * rule.every
        and not _obscured(trail.id, boxes, heads)
    ]
    return tuple(sorted(due, key=lambda request: (-request.head.width, request.track)))


def observe_masks(
    trails: Sequence[Trail], ballots: Mapping[int, Ballot], rule: MaskRule
) -> tuple[Observation, ...]:
    """One claim for each person in this frame whose votes say absent (or worn wrongly)."""
    wrong = {MaskState.ABSENT} | ({MaskState.INCORRECT} if rule.incorrect_alarms else set())
    return tuple(
        Observation(Rule.MASK, (trail,), ballot.head_px, *_figures(ballot))
        for trail in trails
        if rule.enabled and trail.confirmed and not trail.misses
        for ballot in [ballots.get(trail.id, NO_BALLOT)]
        if ballot.state in wrong
    )


def _voted(votes: tuple[MaskState, ...], least: int, before: MaskState) -> MaskState:
    part, whole = MAJORITY
    for state in ANSWERS:
        if len(votes) >= least and votes.count(state) * whole >= len(votes) * part:
            return state
    return before


def _figures(ballot: Ballot) -> tuple[dict[str, Any], dict[str, Any]]:
    """What goes with the episode: at its best picture, and at its last frame."""
    readings = sum(ballot.counts.values())
    latest = {
        "state": ballot.state.value,
        "states": dict(sorted(ballot.counts.items())),
        "readings": readings,
    }
    return {"head_px": round(ballot.head_px, 1)}, latest


def _obscured(number: int, boxes: Mapping[int, Box], heads: Mapping[int, Box]) -> bool:
    """Whether somebody nearer (lower in the picture) hides the head, or two heads are one spot."""
    head, own = heads[number], boxes[number]
    return any(
        (box.y2 > own.y2 and _covered(head, box) > HIDDEN) or head.iou(heads[other]) > SHARED
        for other, box in boxes.items()
        if other != number
    )


def _covered(head: Box, box: Box) -> float:
    wide = min(head.x2, box.x2) - max(head.x1, box.x1)
    high = min(head.y2, box.y2) - max(head.y1, box.y1)
    return max(wide, 0.0) * max(high, 0.0) / head.area
