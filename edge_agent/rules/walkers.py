"""Who walked by, kept for learning the floor: the boxes of confirmed tracks, few and bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from edge_agent.core.geometry import Size
from edge_agent.core.perception import Walk
from edge_agent.core.time import Instant
from edge_agent.rules.standing import EDGE
from edge_agent.rules.trail import Trail

MOST = 64  # people followed at once; who comes later is not kept
LONGEST = 120  # steps of one person; then every other is dropped
FEWEST = 8  # steps of somebody who walked
FAR = 1.0  # of their mean box height that the feet must have moved in the picture
PAUSE = 0.18  # seconds between two steps: five a second are enough

Step = tuple[float, float, float, float]


@dataclass(frozen=True)
class Walkers:
    """The steps so far of everybody now in view, by track id."""

    steps: Mapping[int, tuple[Step, ...]] = field(default_factory=dict)


def follow(
    walkers: Walkers, trails: Sequence[Trail], at: Instant, camera: str, size: Size
) -> tuple[Walkers, tuple[Walk, ...]]:
    """The walkers after one analysed frame, and the walks of those who are gone now."""
    living = {trail.id for trail in trails}
    gone = [steps for number, steps in walkers.steps.items() if number not in living]
    kept = {number: steps for number, steps in walkers.steps.items() if number in living}
    for trail in trails:
        if trail.confirmed and not trail.misses and (trail.id in kept or len(kept) < MOST):
            kept[trail.id] = _longer(kept.get(trail.id, ()), trail, at, size)
    ended = tuple(Walk(camera, size, steps) for steps in gone if _walked(steps))
    return replace(walkers, steps=kept), ended


def _longer(steps: tuple[Step, ...], trail: Trail, at: Instant, size: Size) -> tuple[Step, ...]:
    """The steps and this one; not when it comes too soon or the picture's edge cuts the box."""
    box = trail.box
    cut = min(box.x1, box.y1) <= EDGE or box.x2 >= size.width - EDGE or box.y2 >= size.height - EDGE
    if cut or (steps and at.mono - steps[-1][0] < PAUSE):
        return steps
    longer = (*steps, (at.mono, box.centre[0], box.y1, box.y2))
    return longer if len(longer) <= LONGEST else longer[::2]


def _walked(steps: Sequence[Step]) -> bool:
    """Whether somebody went far enough to tell something of the floor."""
    if len(steps) < FEWEST:
        return False
    across = max(step[1] for step in steps) - min(step[1] for step in steps)
    down = max(step[3] for step in steps) - min(step[3] for step in steps)
    tall = sum(step[3] - step[2] for step in steps) / len(steps)
    return max(across, down) >= FAR * tall
