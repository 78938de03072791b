"""What it costs to say that a detection continues a track; infinite beyond the gates.

Gates are physics: nobody walks faster than 2.5 m/s, measured on the floor where it is known and
in body heights where it is not; and nobody is twice as tall a moment later.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import GroundPoint
from edge_agent.rules.motion import FOOT_ERROR, LEAST_ERROR, STATURE, Motion
from edge_agent.rules.trail import Sighting

FASTEST = 2.5  # metres per second
SLACK = 0.8  # metres, for jitter of a box
TALLER = 1.5  # ratio of heights between two looks at one person
NEARLY = 0.25  # of cost by which another assignment may be dearer and still be the right one
SIGMAS = 5.0  # of the prediction's error that a detection may lie away

Array = NDArray[np.float64]
UNKNOWN = (math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Every predicted track beside every found box, shape (tracks, found): by how many errors of
    the prediction they miss, metres between them and where the track was last seen, and what it
    costs to call them one, infinite where nobody changes size like that.
    """

    surprise: Array
    travelled: Array
    cost: Array


def likeness(
    motions: Sequence[Motion],
    last: Sequence[Sighting],
    found: Sequence[Sighting],
    cut: Sequence[bool],
) -> Likeness:
    """How well each found box fits each predicted motion, `last` seen there. Of a box that is
    `cut`, the feet are hidden: then the head and the height that the track knows tell the place.
    """
    known = np.array(motions)
    x, y, wide, tall, place = known[:, (0, 1, 4, 5, 6), None].transpose(1, 0, 2)
    predicted = np.concatenate((x - wide / 2, y - tall, x + wide / 2, y), axis=1)
    seen, boxes = np.array([one.box for one in last]), np.array([one.box for one in found])
    heights = (boxes[:, 3] - boxes[:, 1])[None, :]
    heights = np.where(np.array(cut) & (heights < tall), tall, heights)
    feet, middle = boxes[:, 1] + heights, (boxes[:, 0] + boxes[:, 2]) / 2
    error = np.sqrt(place + np.maximum(LEAST_ERROR, FOOT_ERROR * tall) ** 2)
    surprise = np.hypot(x - middle, y - feet) / error
    was, up = (seen[:, :1] + seen[:, 2:3]) / 2, (seen[:, 1:2] + seen[:, 3:]) / 2
    travelled = np.hypot(was - middle, up - feet + heights / 2) / tall * STATURE
    walked = _metres([one.ground for one in last], [one.ground for one in found])
    travelled = np.where(np.isnan(walked), travelled, walked)
    alike = np.maximum(tall / heights, heights / tall) <= TALLER
    cost = np.where(alike, surprise / SIGMAS + 1 - overlaps(predicted, boxes), np.inf)
    return Likeness(surprise, travelled, cost)


def costs(like: Likeness, ages: Sequence[float], sigmas: float = SIGMAS) -> Array:
    """Cost of giving each found box to each track, infinite beyond a gate: `ages` are the seconds
    that each may have walked, `sigmas` how many of the prediction's errors a box may lie away.
    """
    allowed = like.travelled <= FASTEST * np.array(ages)[:, None] + SLACK
    cost: Array = np.where(allowed & (like.surprise <= sigmas), like.cost, np.inf)
    return cost


def exchangeable(
    like: Likeness, ages: Sequence[float], given: Mapping[int, int]
) -> dict[int, list[int]]:
    """With whom each track (rows) may have changed owners: had they been given each other's boxes,
    or one the other's box and the other none, it would have cost little more.
    """
    if not given:
        return {}
    rows, columns = list(given), list(given.values())
    taken = costs(like, ages)[:, columns]
    own, back = np.zeros(len(taken)), np.zeros(taken.shape)
    own[rows], back[rows] = like.cost[rows, columns], taken[rows].T
    extra = taken + back - own[:, None] - own[rows]
    found: dict[int, list[int]] = {}
    for one, column in zip(*(axis.tolist() for axis in (extra < NEARLY).nonzero()), strict=True):
        if one != rows[column]:
            found.setdefault(one, []).append(rows[column])
            found.setdefault(rows[column], []).append(one)
    return found


def overlaps(a: Array, b: Array) -> Array:
    """Intersection over union of every box of `a` (n, 4) with every box of `b` (m, 4)."""
    wide = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    high = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    share: Array = shared / (area_a[:, None] + area_b[None, :] - shared)
    return share


def _metres(a: Sequence[GroundPoint | None], b: Sequence[GroundPoint | None]) -> Array:
    """Metres on the floor beyond two sigmas; NaN where a place is not known."""
    pa, pb = _places(a)[:, :, None], _places(b)[:, None, :]
    apart = np.hypot(pa[0] - pb[0], pa[1] - pb[1])
    sure: Array = apart - 2 * np.hypot(pa[2], pb[2])
    return sure


def _places(points: Sequence[GroundPoint | None]) -> Array:
    """x, y and sigma of every point, shape (3, n)."""
    return np.array([UNKNOWN if p is None else p[:3] for p in points]).T
