"""At the fence from both sides: people close to each other with the fence between them.

A proxy for what is handed over it. One claim for a fence, whoever is there: people change places.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from edge_agent.config.behaviours import FenceRule
from edge_agent.core.event import Rule, Severity
from edge_agent.core.outline import cross
from edge_agent.core.time import Instant
from edge_agent.rules.ground import pair_distance, probability_closer
from edge_agent.rules.observation import Observation, Patience
from edge_agent.rules.scene import Scene, here, in_force
from edge_agent.rules.trail import Trail

LIKELY = 0.5  # probability that they are closer than the distance
Close = tuple[float, float, Trail, Trail]  # metres, sigma, and who


def observe_fences(scene: Scene, trails: Sequence[Trail], at: Instant) -> tuple[Observation, ...]:
    """One claim for each fence with people close on both sides; needs a floor."""
    claims = []
    for rule in scene.rules.fence:
        if not in_force(scene, rule, at):
            continue
        present = [trail for trail in trails if trail.confirmed and here(scene, rule, trail)]
        for line in rule.lines:
            pairs = sorted(_across(scene, line, present, rule), key=lambda pair: pair[:2])
            if pairs:
                claims.append(_claim(rule, line, pairs))
    return tuple(claims)


def _across(scene: Scene, line: str, trails: Sequence[Trail], rule: FenceRule) -> Iterator[Close]:
    """Pairs closer than the distance whose sides differ and between whom the fence stands."""
    border = scene.borders.get(line)
    if border is None or not border.metric:
        return
    for a, b in combinations(trails, 2):
        mine, theirs = scene.beyond.get((a.id, line)), scene.beyond.get((b.id, line))
        if a.ground is None or b.ground is None or mine is None or theirs is None:
            continue
        if mine.within is theirs.within or (a.misses and b.misses):
            continue
        metres, sigma = pair_distance(a.ground, b.ground)
        if probability_closer(metres, sigma, rule.distance) <= LIKELY:
            continue
        if cross(border.ends, (mine.spot, theirs.spot)):
            yield metres, sigma, a, b


def _claim(rule: FenceRule, line: str, pairs: Sequence[Close]) -> Observation:
    metres, sigma, _, _ = pairs[0]
    people = {trail.id: trail for _, _, a, b in pairs for trail in (a, b)}
    return Observation(
        Rule.FENCE,
        tuple(people[number] for number in sorted(people)),
        -metres,
        {"min_distance_m": round(metres, 2), "sigma_m": round(sigma, 2), "people": len(people)},
        {"line": line, "limit_m": rule.distance},
        f"{rule.id}/{line}",
        Severity(rule.severity),
        reach=math.inf,
        patience=Patience(rule.duration, rule.bridge, rule.cooldown),
    )
