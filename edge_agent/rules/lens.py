"""The lens term: what a wide lens bends, made straight before the floor is looked for.

The division model (Fitzgibbon 2001) with one number k: a pixel at r half diagonals from the middle
of the picture belongs, without the lens, at r / (1 + k r²). Barrel distortion has k < 0; 0 is a
lens that bends nothing. The middle of the picture is taken as the middle of the lens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size

Floats = NDArray[np.float64]

STRONGEST = 0.45  # |k|; 0.4 is a fisheye of 130 degrees, for which one number is too few
_STEPS = 181  # values of k that are tried; 0.005 apart


def straightened(pixels: Floats, lens: float, size: Size) -> Floats:
    """Pixels (..., 2) of the picture as a lens without bend would have shown them."""
    middle, half = _frame(size)
    from_middle = (np.asarray(pixels, float) - middle) / half
    square = (from_middle**2).sum(axis=-1, keepdims=True)
    straight: Floats = middle + half * from_middle / (1 + lens * square)
    return straight


def bent(pixels: Floats, lens: float, size: Size) -> Floats:
    """The other way: where straight pixels (..., 2) are seen; NaN where the lens shows them not."""
    middle, half = _frame(size)
    from_middle = (np.asarray(pixels, float) - middle) / half
    radius = np.hypot(from_middle[..., :1], from_middle[..., 1:])
    inner = 1 - 4 * lens * radius**2
    with np.errstate(invalid="ignore"):
        # the root that goes to `radius` as k goes to 0, written so that k = 0 is no special case
        share = 2 / (1 + np.sqrt(inner))
    curved: Floats = middle + half * from_middle * share
    return curved


def fit_lens(lines: Sequence[Sequence[tuple[float, float]]], size: Size) -> float:
    """The k that makes these pixels, read along edges that are straight in the world, straight.

    Each line needs three pixels; least squares of their distances from the line through them.
    """
    tried = np.linspace(-STRONGEST, STRONGEST, _STEPS)
    misses = [sum(_crooked(np.array(line), k, size) for line in lines) for k in tried]
    return round(float(tried[int(np.argmin(misses))]), 3)


def _crooked(line: Floats, lens: float, size: Size) -> float:
    """Pixels² by which the points of one line miss it, in proportion to its length."""
    points = straightened(line, lens, size)
    long, across = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[:2]
    return float((across / max(long, 1e-9)) ** 2)


def _frame(size: Size) -> tuple[Floats, float]:
    middle = np.array([size.width / 2, size.height / 2])
    return middle, math.hypot(size.width, size.height) / 2
