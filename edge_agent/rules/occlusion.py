"""Occlusion: who is not seen because somebody stands in front is still there, and behind them.

A person who can be seen is seen. So one who is not, and was last seen on the way behind somebody,
stays hidden behind that person, and goes along with them: the most probable place, known less and
less well. With nobody in front it is the detector that misses, and that for seconds only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Box
from edge_agent.core.time import Instant
from edge_agent.rules.motion import Motion, tire

Corners = NDArray[np.float64]

COVERED = 0.4  # share of a foretold box behind somebody's that may hide a person
BEHIND = 0.12  # box heights that the feet of who is hidden may be nearer, for jitter
DEEPEST = 0.6  # box heights by which they may be farther
STILL = 0.2  # heights per second below which somebody stands
ALIKE = 0.3  # heights per second by which two who go along differ at most
FOLLOWS = 1.0  # seconds in which somebody hidden takes on the pace of who hides them
STRAYS = 0.15  # heights per second, one sigma, that somebody hidden moves otherwise than the front
SPREAD = 0.5  # heights, one sigma, beyond which they would be seen


class Front(NamedTuple):
    """Somebody seen now, who may hide others."""

    id: int
    motion: Motion
    box: Box


class Hiding(NamedTuple):
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
    box, nearest = motion.box, motion.y - BEHIND * motion.height
    before_it = [front for front in fronts if front.motion.y >= nearest]
    covering = [
        (_covered(box, front.box), front.id, front)
        for front in before_it
        if front.box.x1 < box.x2 and front.box.x2 > box.x1
    ]
    share, _, covers = max(covering, key=lambda one: one[:2], default=(0.0, 0, None))
    if share >= COVERED:
        return covers
    if before is None or not before.along:
        return None
    return next((front for front in before_it if front.id == before.behind), None)


def _follow(motion: Motion, front: Motion, step: float) -> Motion:
    """A hidden person's motion after `step` seconds behind `front`: its pace comes near the
    other's, and its place stays where it cannot be seen.
    """
    keep = math.exp(-step / FOLLOWS)
    aside = front.width / 2
    vaguer = min(1.0, SPREAD * motion.height / motion.error)
    steadier = min(1.0, STRAYS * motion.height / math.sqrt(motion.speed))
    return motion._replace(
        x=min(max(motion.x, front.x - aside), front.x + aside),
        y=min(max(motion.y, front.y - DEEPEST * front.height), front.y),
        vx=front.vx + keep * (motion.vx - front.vx),
        vy=front.vy + keep * (motion.vy - front.vy),
        place=motion.place * vaguer**2,
        cross=motion.cross * vaguer * steadier,
        speed=motion.speed * steadier**2,
    )


def cut_off(boxes: Corners) -> list[bool]:
    """Whose feet are hidden, of corner boxes (n, 4): the lower edge lies within somebody's box
    that reaches lower.
    """
    middle, lower = (boxes[:, :1] + boxes[:, 2:3]) / 2, boxes[:, 3:]
    slack = BEHIND * (lower - boxes[:, 1:2])
    x1, y1, x2, y2 = boxes.T
    cut = (x1 < middle) & (middle < x2) & (y1 < lower) & (lower < y2 - slack)
    hidden: list[bool] = cut.any(axis=1).tolist()
    return hidden


def inside(boxes: Corners) -> Corners:
    """The share of each box's area that lies in each other box, (n, n); 0 in itself."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    shared = np.minimum(high, boxes[None, :, 2:]) - np.maximum(low, boxes[None, :, :2])
    shared, sides = np.maximum(shared, 0.0), boxes[:, 2:] - boxes[:, :2]
    area = np.maximum(sides[:, 0] * sides[:, 1], 1e-9)
    share: Corners = shared[..., 0] * shared[..., 1] / area[:, None]
    np.fill_diagonal(share, 0.0)
    return share


def whole(box: Box, height: float) -> Box:
    """The box of somebody whose feet are hidden: from the head down by the height known."""
    return Box(box.x1, box.y1, box.x2, box.y1 + height)


def _covered(box: Box, front: Box) -> float:
    """The share of a box that another covers, 0..1."""
    wide = min(box.x2, front.x2) - max(box.x1, front.x1)
    high = min(box.y2, front.y2) - max(box.y1, front.y1)
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / max(box.area, 1e-9)
