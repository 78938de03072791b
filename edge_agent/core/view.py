"""The view: what a camera's picture as a whole looks like, in a few numbers that hold no person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.core.time import Instant

COLUMNS, ROWS = 10, 5  # cells of the picture, whatever its shape
EDGE_COLUMNS, EDGE_ROWS = 80, 45  # points of the edge map: 8 × 9 in each cell


class Tamper(StrEnum):
    """What is wrong with a camera's picture."""

    COVERED = "covered"
    MOVED = "moved"
    DEFOCUSED = "defocused"
    DARK = "dark"
    FROZEN = "frozen"
    LOST = "lost"


BLINDING = frozenset({Tamper.COVERED, Tamper.DEFOCUSED, Tamper.DARK, Tamper.FROZEN, Tamper.LOST})


@dataclass(frozen=True, slots=True)
class FrameSignals:
    """One look at a view; people who walk by are not in it (the median of three looks).

    `edges` is the edge map, row by row: 128 where borders are as strong as around, more where they
    are stronger, less where weaker; `light` the mean
    luminance, `fine` and `coarse` the detail of the smallest and of larger scale, in grey levels
    of each cell, row by row; `dim` and `bright` the luminance that 5 and 95 % of the picture stay
    below; `colour` how colourful the most colourful tenth is (about 0 under infrared light).
    `change` is the mean difference of two frames in a row, of the most alike two since the last
    look, and `stir` the largest difference of any pixel, both in grey levels.
    """

    at: Instant
    edges: bytes
    light: tuple[float, ...]
    fine: tuple[float, ...]
    coarse: tuple[float, ...]
    dim: float
    bright: float
    colour: float
    change: float
    stir: float
