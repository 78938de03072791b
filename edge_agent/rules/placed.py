"""Who stands where on the floor, and how far from everybody else: what rules about pairs ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import GroundPoint
from edge_agent.rules.trail import Trail


class Placed(NamedTuple):
    """Confirmed people with a place, by ascending track id, and the metres between any two, shape
    (n, n).
    """

    trails: tuple[Trail, ...]
    spots: tuple[GroundPoint, ...]
    apart: NDArray[np.float64]

    @property
    def ids(self) -> tuple[int, ...]:
        """The track ids."""
        return tuple([trail.id for trail in self.trails])


def placed(trails: Sequence[Trail]) -> Placed:
    """Those of these trails that have a place."""
    people = sorted(
        [(t, t.ground) for t in trails if t.confirmed and t.ground is not None],
        key=lambda one: one[0].id,
    )
    spots = [spot for _, spot in people]
    x, y = np.array([(spot.x, spot.y) for spot in spots]).reshape(-1, 2).T
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    return Placed(tuple([trail for trail, _ in people]), tuple(spots), apart)
