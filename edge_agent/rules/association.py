"""What it costs to say that a detection continues a track; infinite beyond the gates.

Gates are physics: nobody walks faster than 2.5 m/s, measured on the floor where it is known and
in body heights where it is not; and nobody is twice as tall a moment later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Box, GroundPoint
from edge_agent.rules.motion import STATURE, Motion, measured_variance

FASTEST = 2.5  # metres per second
SLACK = 0.8  # metres, for jitter of a box
TALLER = 1.5  # ratio of heights between two looks at one person
SIGMAS = 5.0  # of the prediction's error that a detection may lie away

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A found box, its place where that is known, and whether its feet are hidden: then the head
    and the height that the track knows tell the place.
    """

    box: Box
    ground: GroundPoint | None
    cut: bool = False


def costs(
    motions: Sequence[Motion],
    ages: Sequence[float],
    last: Sequence[tuple[Box, GroundPoint | None]],
    found: Sequence[Candidate],
    sigmas: float = SIGMAS,
) -> Array:
    """Cost of giving each found box to each predicted motion; infinite beyond a gate.

    `ages` are the seconds since each track was seen, `last` where that was, `sigmas` how many of
    the prediction's errors a detection may lie away. Shape (tracks, found).
    """
    predicted, seen = _corners([motion.box for motion in motions]), _corners([b for b, _ in last])
    boxes, hidden = _corners([one.box for one in found]), np.array([[one.cut for one in found]])
    tall, heights = _heights(predicted)[:, None], _heights(boxes)[None, :]
    heights = np.where(hidden & (heights < tall), tall, heights)  # of a cut one: head and stature
    feet = boxes[None, :, 1] + heights
    error = np.array([m.place + measured_variance(m.height) for m in motions])[:, None]
    surprise = np.hypot(_across(predicted, boxes), predicted[:, 3:] - feet) / np.sqrt(error)
    middles = (seen[:, 1:2] + seen[:, 3:]) / 2 - feet + heights / 2
    travelled = np.hypot(_across(seen, boxes), middles) / tall * STATURE
    walked = _metres([ground for _, ground in last], [one.ground for one in found])
    travelled = np.where(np.isnan(walked), travelled, walked)
    ratio = np.maximum(tall / heights, heights / tall)
    allowed = (travelled <= FASTEST * np.array(ages)[:, None] + SLACK) & (ratio <= TALLER)
    allowed &= surprise <= sigmas
    cost: Array = np.where(allowed, surprise / SIGMAS + 1 - overlaps(predicted, boxes), np.inf)
    return cost


def overlaps(a: Array, b: Array) -> Array:
    """Intersection over union of every box of `a` (n, 4) with every box of `b` (m, 4)."""
    wide = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    high = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    share: Array = shared / (area_a[:, None] + area_b[None, :] - shared)
    return share


def _corners(boxes: Sequence[Box]) -> Array:
    return np.array([(box.x1, box.y1, box.x2, box.y2) for box in boxes]).reshape(-1, 4)


def _heights(boxes: Array) -> Array:
    tall: Array = boxes[:, 3] - boxes[:, 1]
    return tall


def _across(a: Array, b: Array) -> Array:
    """Pixels to the right from the middle of every box of `b` to that of every box of `a`."""
    apart: Array = (a[:, 0] + a[:, 2])[:, None] / 2 - (b[:, 0] + b[:, 2])[None, :] / 2
    return apart


def _metres(a: Sequence[GroundPoint | None], b: Sequence[GroundPoint | None]) -> Array:
    """Metres on the floor beyond two sigmas; NaN where a place is not known."""
    pa, pb = _places(a)[:, None, :], _places(b)[None, :, :]
    apart = np.hypot(pa[..., 0] - pb[..., 0], pa[..., 1] - pb[..., 1])
    sure: Array = apart - 2 * np.hypot(pa[..., 2], pb[..., 2])
    return sure


def _places(points: Sequence[GroundPoint | None]) -> Array:
    unknown = (np.nan, np.nan, np.nan)
    rows = [(p.x, p.y, p.sigma) if p is not None else unknown for p in points]
    return np.array(rows).reshape(-1, 3)
