"""Who stands where on the floor, and how far from everybody else: what rules about pairs ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import GroundPoint
from edge_agent.rules.trail import Trail


class Placed(NamedTuple):
    """Confirmed people with a place, by ascending track id, and the metres between any two, shape
    (n, n).
    """

    ids: tuple[int, ...]
    trails: tuple[Trail, ...]
    spots: tuple[GroundPoint, ...]
    apart: NDArray[np.float64]


def pairs(which: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Row and column of everything that is true in a table, row by row."""
    rows, columns = which.nonzero()
    return zip(rows.tolist(), columns.tolist(), strict=True)


def placed(trails: Sequence[Trail]) -> Placed:
    """Those of these trails that have a place."""
    people = [(t.id, t, t.ground) for t in trails if t.confirmed and t.ground is not None]
    if not people:
        return Placed((), (), (), np.zeros((0, 0)))
    ids, who, spots = zip(*sorted(people, key=itemgetter(0)), strict=True)
    x, y = np.array([(spot.x, spot.y) for spot in spots]).T
    return Placed(ids, who, spots, np.hypot(x[:, None] - x, y[:, None] - y))
