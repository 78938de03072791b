"""Distancing: which pairs stand closer than the limit now, more probably than not.

Without a calibration there are no places on the floor, so there is no claim either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from itertools import combinations

from edge_agent.config.behaviours import DistancingRule
from edge_agent.core.event import Rule
from edge_agent.core.geometry import GroundPoint
from edge_agent.rules.ground import pair_distance, probability_closer
from edge_agent.rules.observation import Observation
from edge_agent.rules.trail import Trail, may_continue

Pair = tuple[int, int]


def observe_distances(
    trails: Sequence[Trail], rule: DistancingRule, together: Set[tuple[int, ...]]
) -> tuple[Observation, ...]:
    """One claim for each pair closer than the limit; pairs already `together` (track ids,
    ascending) must part by `hysteresis` more. Of two people one may be hidden for a moment.
    """
    if not rule.enabled:
        return ()
    placed = [
        (trail, trail.ground) for trail in trails if trail.confirmed and trail.ground is not None
    ]
    claims = []
    for (a, here), (b, there) in combinations(sorted(placed, key=lambda pair: pair[0].id), 2):
        claim = _claim(a, here, b, there, rule, (a.id, b.id) in together)
        if claim is not None:
            claims.append(claim)
    return tuple(claims)


def _claim(
    a: Trail, here: GroundPoint, b: Trail, there: GroundPoint, rule: DistancingRule, stay: bool
) -> Observation | None:
    limit = rule.limit + (rule.hysteresis if stay else 0.0)
    # Above the limit it is less probable than not; this spares most pairs of a full yard the rest.
    if rule.probability >= 0.5 and math.hypot(here.x - there.x, here.y - there.y) >= limit:
        return None
    metres, sigma = pair_distance(here, there)
    if probability_closer(metres, sigma, limit) <= rule.probability or one_person(a, b):
        return None
    worst = {"min_distance_m": round(metres, 2), "sigma_m": round(sigma, 2)}
    return Observation(Rule.DISTANCING, (a, b), -metres, worst, {"limit_m": rule.limit})


def one_person(a: Trail, b: Trail) -> bool:
    """Both unseen is no evidence; a hidden track beside one that began there is one person."""
    hidden, shown = (a, b) if a.misses else (b, a)
    if not hidden.misses:
        return False
    return bool(shown.misses) or may_continue(hidden, shown)
