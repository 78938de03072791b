"""Distancing: which pairs stand closer than the limit now, more probably than not.

Without a calibration there are no places on the floor, so there is no claim either.
"""

from __future__ import annotations

import math
from collections.abc import Set

from edge_agent.config.behaviours import DistancingRule
from edge_agent.core.event import Rule, Severity
from edge_agent.rules.ground import pair_distance, probability_closer
from edge_agent.rules.observation import Key, Observation
from edge_agent.rules.placed import Placed, pairs
from edge_agent.rules.trail import Trail, may_continue


def observe_distances(
    people: Placed, rule: DistancingRule, together: Set[Key], companions: Set[Key] = frozenset()
) -> tuple[Observation, ...]:
    """One claim for each pair closer than the limit; pairs already `together` (track ids,
    ascending) must part by `hysteresis` more. Of two people one may be hidden for a moment. Pairs
    of `companions` are labelled and matter a level less.
    """
    if not rule.enabled:
        return ()
    # Above the limit it is less probable than not; this spares most pairs of a full yard the rest.
    near = rule.limit + rule.hysteresis if rule.probability >= 0.5 else math.inf
    claims = [
        _claim(people, i, j, rule, together, companions)
        for i, j in pairs(people.apart < near)
        if i < j
    ]
    return tuple([claim for claim in claims if claim is not None])


def _claim(
    people: Placed,
    i: int,
    j: int,
    rule: DistancingRule,
    together: Set[Key],
    companions: Set[Key],
) -> Observation | None:
    a, b = people.trails[i], people.trails[j]
    pair = (a.id, b.id)
    limit = rule.limit + (rule.hysteresis if pair in together else 0.0)
    here, there = people.spots[i], people.spots[j]
    metres, sigma = pair_distance(here, there)
    if probability_closer(metres, sigma, limit) <= rule.probability or one_person(a, b):
        return None
    worst = {"min_distance_m": round(metres, 2), "sigma_m": round(sigma, 2)}
    companion, severity = pair in companions, Severity(rule.severity)
    return Observation(
        Rule.DISTANCING,
        (a, b),
        -metres,
        worst,
        {"limit_m": rule.limit, "companions": companion},
        severity=severity.lowered if companion else severity,
        spot=((here.x + there.x) / 2, (here.y + there.y) / 2),
    )


def one_person(a: Trail, b: Trail) -> bool:
    """Both unseen is no evidence; a hidden track beside one that began there is one person."""
    hidden, shown = (a, b) if a.misses else (b, a)
    if not hidden.misses:
        return False
    return bool(shown.misses) or may_continue(hidden, shown)
