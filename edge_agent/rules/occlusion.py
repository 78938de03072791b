"""Occlusion: who is not seen because somebody stands in front is still there, and behind them.

A person who can be seen is seen. So one who is not, and was last seen on the way behind somebody,
stays hidden behind that person, and goes along with them: the most probable place, known less and
less well. With nobody in front it is the detector that misses, and that for seconds only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from edge_agent.core.geometry import Box
from edge_agent.core.time import Instant
from edge_agent.rules.motion import Motion, tire

COVERED = 0.4  # share of a foretold box behind somebody's that may hide a person
BEHIND = 0.12  # box heights that the feet of who is hidden may be nearer, for jitter
DEEPEST = 0.6  # box heights by which they may be farther
STILL = 0.2  # heights per second below which somebody stands
ALIKE = 0.3  # heights per second by which two who go along differ at most
FOLLOWS = 1.0  # seconds in which somebody hidden takes on the pace of who hides them
STRAYS = 0.15  # heights per second, one sigma, that somebody hidden moves otherwise than the front
SPREAD = 0.5  # heights, one sigma, beyond which they would be seen


@dataclass(frozen=True, slots=True)
class Front:
    """Somebody seen now, who may hide others."""

    id: int
    motion: Motion


@dataclass(frozen=True, slots=True)
class Hiding:
    """Behind whom a person is hidden, until when that is known, and whether the two go along."""

    behind: int
    until: Instant
    along: bool


def hide(
    motion: Motion, before: Hiding | None, fronts: Iterable[Front], at: Instant, step: float
) -> tuple[Motion, Hiding | None]:
    """A person who is foretold here and was not seen `at` this look, `step` seconds after the
    last: the motion, and by whom they are or were hidden.
    """
    front = _hider(motion, before, fronts)
    if front is None:
        return tire(motion, step), before
    same = before is not None and before.behind == front.id
    along = before.along if before and same else _goes_along(motion, front.motion)
    moved = _follow(motion, front.motion, step) if along else tire(motion, step)
    return moved, Hiding(front.id, at, along)


def _goes_along(motion: Motion, front: Motion) -> bool:
    """Whether somebody who goes out of sight behind another will stay there: not one who stood
    while the other passes by.
    """
    apart = math.hypot(motion.vx - front.vx, motion.vy - front.vy)
    return (
        apart <= ALIKE * motion.height or math.hypot(motion.vx, motion.vy) >= STILL * motion.height
    )


def _hider(motion: Motion, before: Hiding | None, fronts: Iterable[Front]) -> Front | None:
    """Who covers the place, or who went along before it a look ago."""
    covering = [
        (covered(motion.box, front.motion.box), front.id, front)
        for front in fronts
        if front.motion.y >= motion.y - BEHIND * motion.height
    ]
    covering.sort(key=lambda one: one[:2], reverse=True)
    if covering and covering[0][0] >= COVERED:
        return covering[0][2]
    if before is None or not before.along:
        return None
    return next((one for _, number, one in covering if number == before.behind), None)


def _follow(motion: Motion, front: Motion, step: float) -> Motion:
    """A hidden person's motion after `step` seconds behind `front`: its pace comes near the
    other's, and its place stays where it cannot be seen.
    """
    keep = math.exp(-step / FOLLOWS)
    aside = front.width / 2
    vaguer = min(1.0, SPREAD * motion.height / motion.error)
    steadier = min(1.0, STRAYS * motion.height / math.sqrt(motion.speed))
    return replace(
        motion,
        x=min(max(motion.x, front.x - aside), front.x + aside),
        y=min(max(motion.y, front.y - DEEPEST * front.height), front.y),
        vx=front.vx + keep * (motion.vx - front.vx),
        vy=front.vy + keep * (motion.vy - front.vy),
        place=motion.place * vaguer**2,
        cross=motion.cross * vaguer * steadier,
        speed=motion.speed * steadier**2,
    )


def cut_off(boxes: Sequence[Box]) -> list[bool]:
    """Whose feet are hidden: the lower edge lies within somebody's box that reaches lower."""
    return [
        any(
            other.x1 < box.foot[0] < other.x2 and other.y1 < box.y2 < other.y2 - BEHIND * box.height
            for other in boxes
        )
        for box in boxes
    ]


def whole(box: Box, height: float) -> Box:
    """The box of somebody whose feet are hidden: from the head down by the height known."""
    return Box(box.x1, box.y1, box.x2, box.y1 + height)


def covered(box: Box, front: Box) -> float:
    """The share of a box that another covers, 0..1."""
    wide = min(box.x2, front.x2) - max(box.x1, front.x1)
    high = min(box.y2, front.y2) - max(box.y1, front.y1)
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / max(box.area, 1e-9)
