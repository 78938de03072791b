"""How far a calibration may be off, over the picture: what its errors do to metres.

The errors are played: floors that the same marks (or the same passers-by) could have given. What
they disagree about is told by cell of the picture, so that reading it costs a look-up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size
from edge_agent.rules.pose import inverse

Matrix = NDArray[np.float64]

COLUMNS, ROWS = 20, 12
APART = 2.0  # metres between the two people whose distance is tried
NEVER = math.inf  # a cell of which nothing is known
_DIRECTIONS = np.radians([0.0, 45.0, 90.0, 135.0])
_ONE_SIGMA = 68.27  # per cent


@dataclass(frozen=True, slots=True)
class Doubt:
    """Tables of `ROWS` × `COLUMNS` cells, row-major from the top left, both of one sigma:
    `stretch`, the share of a distance by which it may be wrong there, and `drift`, the metres by
    which a place may be. Infinite where the floor is not known.
    """

    size: Size
    stretch: tuple[float, ...]
    drift: tuple[float, ...]

    def cell(self, x: float, y: float) -> int:
        """Which cell this pixel lies in; a pixel outside counts to the nearest."""
        column, row = int(x * COLUMNS / self.size.width), int(y * ROWS / self.size.height)
        if not (0 <= column < COLUMNS and 0 <= row < ROWS):
            column, row = min(max(column, 0), COLUMNS - 1), min(max(row, 0), ROWS - 1)
        return row * COLUMNS + column


def cells(size: Size) -> Matrix:
    """The middles of the cells in pixels, shape (ROWS × COLUMNS, 2)."""
    xs = (np.arange(COLUMNS) + 0.5) * size.width / COLUMNS
    ys = (np.arange(ROWS) + 0.5) * size.height / ROWS
    return np.array([(x, y) for y in ys for x in xs])


def doubt_of(matrix: Matrix, draws: Sequence[Matrix], straight: Matrix, size: Size) -> Doubt:
    """The doubt about a floor (3, 3; straight pixels to metres) from what it could also have been.

    `straight` are the straightened middles of the cells. Where a cell's middle is no floor, its
    column's next cell below speaks for it.
    """
    known = np.asarray(np.isfinite(project(matrix, straight)[:, 0]), np.bool_)
    stretch, drift = np.full(len(straight), NEVER), np.full(len(straight), NEVER)
    if draws and known.any():
        stretch[known], drift[known] = _disagreement(matrix, draws, straight[known])
    for cell in range(len(straight) - COLUMNS - 1, -1, -1):
        if not known[cell]:
            stretch[cell], drift[cell] = stretch[cell + COLUMNS], drift[cell + COLUMNS]
    return Doubt(size, _values(stretch), _values(drift))


def project(matrix: Matrix, pixels: Matrix) -> Matrix:
    """Metres (n, 2) under straight pixels (n, 2); NaN at and above the horizon."""
    mapped = np.column_stack([pixels, np.ones(len(pixels))]) @ matrix.T
    depth = np.where(mapped[:, 2:] > 1e-9, mapped[:, 2:], np.nan)
    metres: Matrix = mapped[:, :2] / depth
    return metres


def _disagreement(matrix: Matrix, draws: Sequence[Matrix], pixels: Matrix) -> tuple[Matrix, Matrix]:
    """Stretch and drift of floor cells, shape (cells,) each."""
    floor, back = project(matrix, pixels), inverse(matrix)
    off = np.array([project(draw, pixels) - floor for draw in draws])
    drift = _spread(off.transpose(1, 0, 2).reshape(len(pixels), -1))
    wrong = []
    for direction in _DIRECTIONS:
        half = APART / 2 * np.array([math.cos(direction), math.sin(direction)])
        ends = [_to_pixels(back, floor + side * half) for side in (-1, 1)]
        for draw in draws:
            one, other = (project(draw, end) for end in ends)
            wrong.append(np.hypot(*(one - other).T) / APART - 1)
    return _spread(np.array(wrong).T), drift


def _spread(errors: Matrix) -> Matrix:
    """One sigma of each row's errors: what 68 % of them stay within."""
    sizes = np.nan_to_num(np.abs(errors), nan=NEVER)
    return np.asarray(np.percentile(sizes, _ONE_SIGMA, axis=1, method="higher"), np.float64)


def _to_pixels(back: Matrix, metres: Matrix) -> Matrix:
    mapped = np.column_stack([metres, np.ones(len(metres))]) @ back.T
    depth = np.where(mapped[:, 2:] > 1e-12, mapped[:, 2:], np.nan)
    pixels: Matrix = mapped[:, :2] / depth
    return pixels


def _values(table: Matrix) -> tuple[float, ...]:
    return tuple(float(value) for value in table)
