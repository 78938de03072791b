"""Out of room, out of zone: somebody is where, or not where, a zone rule wants nobody now."""

from __future__ import annotations

from collections.abc import Sequence

from edge_agent.config.behaviours import ZoneRule
from edge_agent.core.event import Rule, Severity
from edge_agent.core.time import Instant
from edge_agent.rules.observation import Observation, Patience
from edge_agent.rules.scene import Scene, in_force, outside, within
from edge_agent.rules.trail import Trail


def observe_zones(scene: Scene, trails: Sequence[Trail], at: Instant) -> tuple[Observation, ...]:
    """One claim for each person seen in a wrong place, for each rule that holds now."""
    seen = [trail for trail in trails if trail.confirmed and not trail.misses]
    return tuple(
        _claim(rule, trail, zone)
        for rule in scene.rules.zone
        if in_force(scene, rule, at)
        for trail in seen
        for zone in _wrong(scene, rule, trail)
    )


def _wrong(scene: Scene, rule: ZoneRule, trail: Trail) -> list[str]:
    """The zone in which somebody must not be, or all zones together outside of which they are."""
    if rule.nobody == "outside":
        return ["+".join(rule.zones)] if outside(scene, trail, rule.zones) else []
    return [zone for zone in rule.zones if within(scene, trail, (zone,))][:1]


def _claim(rule: ZoneRule, trail: Trail, zone: str) -> Observation:
    return Observation(
        Rule.ZONE,
        (trail,),
        0.0,
        {},
        {"zone": zone, "nobody": rule.nobody},
        f"{rule.id}/{zone}",
        Severity(rule.severity),
        patience=Patience(rule.duration, rule.bridge, rule.cooldown),
    )
