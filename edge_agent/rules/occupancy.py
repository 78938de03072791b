"""Occupancy: more people in a zone than it may hold."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge_agent.config.behaviours import OccupancyRule
from edge_agent.core.event import Rule, Severity
from edge_agent.core.time import Instant
from edge_agent.rules.observation import Observation, Patience
from edge_agent.rules.scene import Scene, in_force, within
from edge_agent.rules.trail import Trail


def observe_occupancy(
    scene: Scene, trails: Sequence[Trail], at: Instant
) -> tuple[Observation, ...]:
    """One claim for each zone that holds too many now; who is hidden for a moment still counts."""
    claims = []
    for rule in scene.rules.occupancy:
        if not in_force(scene, rule, at):
            continue
        for zone in rule.zones:
            people = [t for t in trails if t.confirmed and within(scene, t, (zone,))]
            if len(people) > rule.most:
                claims.append(_claim(rule, zone, people))
    return tuple(claims)


def _claim(rule: OccupancyRule, zone: str, people: Sequence[Trail]) -> Observation:
    return Observation(
        Rule.OCCUPANCY,
        tuple(people),
        float(len(people)),
        {"people": len(people)},
        {"zone": zone, "limit_people": rule.most},
        f"{rule.id}/{zone}",
        Severity(rule.severity),
        reach=math.inf,
        patience=Patience(rule.duration, rule.bridge, rule.cooldown),
    )
