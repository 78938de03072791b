"""Where a person stands, from the box: by the feet, or, when they are hidden, by the head.

Feet are hidden by the picture's edge, a table, a bed; a box that is far too short for its place, or
short and broad, says so. Then the ray through the head is cut at the height that a head has, which
is only known as a distribution: the place is flagged and its sigma says what that costs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge_agent.core.geometry import Box, GroundPoint
from edge_agent.rules.ground import (
    LOOSEST,
    VAGUEST,
    GroundPlane,
    beneath,
    floor_jacobian,
    to_ground,
)

EDGE = 1.0  # pixels from the picture's edge that are the edge
SHORTEST = 0.8  # metres; who seems shorter is not seen whole
GROWN = 1.35  # metres; who seems taller is seen whole
BROAD = 0.55  # width over height of a box that is no standing person's


@dataclass(frozen=True, slots=True)
class Heads:
    """How high heads are over the floor, in metres: a mixture of (share, mean, sigma)."""

    mixture: tuple[tuple[float, float, float], ...]

    @property
    def mean(self) -> float:
        """The mean height."""
        return sum(share * mean for share, mean, _ in self.mixture)

    @property
    def variance(self) -> float:
        """The variance in m², of the kinds and between them."""
        return sum(
            share * (sigma**2 + (mean - self.mean) ** 2) for share, mean, sigma in self.mixture
        )


ADULT, CHILD, SEATED = (1.66, 0.09), (1.25, 0.17), (1.25, 0.10)  # metres, shoes on
CUT = Heads(((0.80, *ADULT), (0.12, *CHILD), (0.08, *SEATED)))  # by the picture's edge
HIDDEN = Heads(((0.50, *ADULT), (0.10, *CHILD), (0.40, *SEATED)))  # behind or on furniture


def stand(plane: GroundPlane, box: Box, error: float) -> GroundPoint | None:
    """The person's place on the floor; `error` is one sigma of the box's edges in pixels.

    None where neither feet nor head tell it.
    """
    cut = box.y2 >= plane.size.height - EDGE
    foot = None if cut else to_ground(plane, box.foot, error)
    if plane.upright is None or box.y1 <= EDGE:
        return foot
    if foot is not None and _whole(stature(plane, foot, box), box):
        return foot
    return by_head(plane, box, error, CUT if cut else HIDDEN)


def stature(plane: GroundPlane, foot: GroundPoint, box: Box) -> float:
    """How high the box's top is above this foot, in metres; NaN where heights cannot be told."""
    if plane.upright is None:
        return math.nan
    below, height = plane.upright.below, plane.upright.pose.height
    across, ahead, depth = beneath(plane, ((box.x1 + box.x2) / 2, box.y1))
    ray_x, ray_y = across - below[0] * depth, ahead - below[1] * depth
    square = ray_x * ray_x + ray_y * ray_y
    if not square:
        return math.nan
    share = depth * ((foot.x - below[0]) * ray_x + (foot.y - below[1]) * ray_y) / square
    return height * (1 - share)


def by_head(plane: GroundPlane, box: Box, error: float, heads: Heads) -> GroundPoint | None:
    """The place under the box's top for heads of such heights; None where it would be a guess."""
    if plane.upright is None:
        return None
    below, height = plane.upright.below, plane.upright.pose.height
    head = (box.centre[0], box.y1)
    numerator_x, numerator_y, depth, jacobian = floor_jacobian(plane, head)
    lifted = 1 - heads.mean / height
    if abs(depth) < 1e-9 or lifted / depth <= 0:
        return None
    far_x, far_y = numerator_x / depth - below[0], numerator_y / depth - below[1]
    x, y = below[0] + far_x * lifted, below[1] + far_y * lifted
    if math.hypot(x - plane.centre[0], y - plane.centre[1]) > plane.reach:
        return None
    unit, guess = (error * lifted) ** 2, heads.variance / height**2
    a, b, c, d = jacobian
    spread = (
        unit * (a * a + b * b) + guess * far_x * far_x,
        unit * (a * c + b * d) + guess * far_x * far_y,
        unit * (c * c + d * d) + guess * far_y * far_y,
    )
    cell = plane.doubt.cell(*head)
    stretch, drift = plane.doubt.stretch[cell], plane.doubt.drift[cell]
    sigma = math.sqrt((spread[0] + spread[2]) / 2 + drift * drift)
    if sigma > VAGUEST or stretch > LOOSEST:
        return None
    return GroundPoint(x, y, sigma, spread, stretch, by_head=True)


def _whole(tall: float, box: Box) -> bool:
    """Whether somebody who seems so tall is seen from head to foot."""
    return tall >= GROWN or (tall >= SHORTEST and box.width < BROAD * box.height)
