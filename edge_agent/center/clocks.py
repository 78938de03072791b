"""Whose clock is wrong: a site's, or ours. Pure.

The offset of a heartbeat is received - said: never less than what the clock is off, and larger by
what the line took. The least of the last few is the best that a slow line gives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

REMEMBERED = 5
ENOUGH = 3  # sites, before they outvote the center


@dataclass(slots=True)
class Offsets:
    """The last few offsets of one site, in seconds."""

    last: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def add(self, offset: float) -> float:
        """Another one came; the best estimate now: the one nearest to zero delay."""
        self.last.append(offset)
        return min(self.last)


@dataclass(frozen=True, slots=True)
class Clocks:
    """`center` seconds by which our clock is ahead of what most sites agree on, or None; `skewed`
    the sites whose clock is off, and by how much (positive: the site is ahead of us).
    """

    center: float | None
    skewed: Mapping[str, float]


def judge(offsets: Mapping[str, float], limit: float) -> Clocks:
    """Who is off by more than `limit` seconds, given each site's best offset.

    When at least ENOUGH sites are known and more than half of them agree with each other that we
    are off, then it is us; a site counts as skewed only against the majority then.
    """
    center = _outvoted(list(offsets.values()), limit)
    truth = center or 0.0
    skewed = {
        site: truth - offset for site, offset in offsets.items() if abs(offset - truth) > limit
    }
    return Clocks(center, skewed)


def _outvoted(offsets: list[float], limit: float) -> float | None:
    if len(offsets) < ENOUGH:
        return None
    middle = median(offsets)
    agreeing = sum(1 for one in offsets if abs(one - middle) <= limit)
    return middle if abs(middle) > limit and 2 * agreeing > len(offsets) else None
