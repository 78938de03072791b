"""Without a calibration: how far two people are apart, guessed from how tall they look.

Everybody is taken for as tall as people are and the lens for a usual one, so this is an estimate:
it is shown with its sigma, and no rule ever alarms on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge_agent.core.geometry import Box, Size
from edge_agent.rules.standing import ADULT

FOCAL, FOCAL_SPREAD = 0.58, 0.22  # of the frame's width, for 65 to 100 degrees; its log spread
STATURES = 0.09  # log spread of what a box's height says of a person's


@dataclass(frozen=True, slots=True)
class Estimate:
    """Metres between two people, and one sigma of that."""

    metres: float
    sigma: float


def estimate_distance(a: Box, b: Box, size: Size) -> Estimate | None:
    """Between the middles of two boxes of standing people; None where a box is no height."""
    if min(a.height, b.height) < 1:
        return None
    focal = FOCAL * size.width
    depth_a, depth_b = (focal * ADULT[0] / box.height for box in (a, b))
    mean = (depth_a + depth_b) / 2
    aside = (a.centre[0] - b.centre[0]) * mean / focal
    away = depth_a - depth_b
    metres = math.hypot(aside, away)
    # two statures err on their own: the nearer two seem, the more of it is they
    apart = STATURES * math.hypot(depth_a, depth_b)
    share = FOCAL_SPREAD * abs(away) / metres if metres else 0.0
    return Estimate(metres, math.hypot(apart, share * metres, STATURES * metres))
