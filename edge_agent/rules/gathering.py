"""Gathering: so many people within a radius of one of them, or a zone too full to tell them apart.

A person with `people` others and themselves within `radius` is at the heart of a gathering; who
is near a heart belongs to it (DBSCAN, Ester et al. 1996). Needs a floor: an estimate is no alarm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from edge_agent.config.behaviours import GatheringRule
from edge_agent.core.event import Rule, Severity
from edge_agent.core.geometry import GroundPoint
from edge_agent.core.outline import Point
from edge_agent.core.time import Instant
from edge_agent.rules.cohorts import excused
from edge_agent.rules.observation import Observation, Patience
from edge_agent.rules.placed import Placed, pairs, placed
from edge_agent.rules.scene import Scene, here, in_force, within
from edge_agent.rules.trail import Trail

Standing = tuple[Trail, GroundPoint]


def observe_gatherings(
    scene: Scene, trails: Sequence[Trail], people: Placed, at: Instant
) -> tuple[Observation, ...]:
    """One claim for each group on the floor, and for each zone that is too full without one;
    `people` are those of the trails who have a place.
    """
    rule = scene.rules.gathering
    if not in_force(scene, rule, at):
        return ()
    counted = [trail for trail in trails if trail.confirmed and here(scene, rule, trail)]
    there = placed(counted) if rule.zones else people
    groups = [
        group
        for group in gatherings(there, rule.people, rule.radius)
        if _shown(group) and not excused(scene, [trail for trail, _ in group], at)
    ]
    claims = [_group_claim(group, rule) for group in groups]
    grouped = {trail.id for group in groups for trail, _ in group}
    return (*claims, *_full_zones(scene, counted, grouped, rule, at))


def gatherings(there: Placed, people: int, radius: float) -> list[list[Standing]]:
    """The groups among placed people, each with at least `people`; in the order of their ids."""
    around: dict[int, list[int]] = {}
    for person, other in pairs(there.apart <= radius):
        around.setdefault(person, []).append(other)
    near = {person: others for person, others in around.items() if len(others) >= people}
    group_of: dict[int, int] = {}
    for heart in near:
        _spread(heart, near, group_of)
    members: dict[int, list[int]] = {}
    for person, group in sorted(group_of.items()):
        members.setdefault(group, []).append(person)
    everybody = list(zip(there.trails, there.spots, strict=True))
    return [[everybody[person] for person in group] for group in members.values()]


def _shown(group: Sequence[Standing]) -> bool:
    """Whether most of them are seen, not just remembered."""
    return 2 * sum(not trail.misses for trail, _ in group) >= len(group)


def _spread(start: int, near: Mapping[int, list[int]], group_of: dict[int, int]) -> None:
    """Give the group of this heart everybody who is near its hearts, heart by heart."""
    waiting = [start]
    while waiting:
        person = waiting.pop()
        if person in group_of:
            continue
        group_of[person] = start
        waiting += near.get(person, ())


def _group_claim(group: Sequence[Standing], rule: GatheringRule) -> Observation:
    x = sum(ground.x for _, ground in group) / len(group)
    y = sum(ground.y for _, ground in group) / len(group)
    wide = max(math.hypot(ground.x - x, ground.y - y) for _, ground in group)
    figures = {"people": len(group), "spread_m": round(wide, 2)}
    persons = sorted((trail for trail, _ in group), key=lambda trail: trail.id)
    return _claim(rule, persons, figures, "", (x, y), 2 * rule.radius)


def _full_zones(
    scene: Scene, counted: Sequence[Trail], grouped: set[int], rule: GatheringRule, at: Instant
) -> list[Observation]:
    """Zones with more people a square metre than allowed, where no group says so already."""
    claims = []
    for area in scene.areas.values():
        people = [trail for trail in counted if within(scene, trail, (area.id,))]
        room = area.square_metres
        if room is None or len(people) < max(rule.people, rule.density * room):
            continue
        if grouped.isdisjoint(trail.id for trail in people) and not excused(scene, people, at):
            figures = {"people": len(people), "density": round(len(people) / room, 2)}
            claims.append(_claim(rule, people, figures, area.id, None, math.inf))
    return claims


def _claim(
    rule: GatheringRule,
    persons: Sequence[Trail],
    figures: dict[str, float],
    place: str,
    spot: Point | None,
    reach: float,
) -> Observation:
    return Observation(
        Rule.GATHERING,
        tuple(persons),
        float(len(persons)),
        figures,
        {"limit_people": rule.people, "radius_m": rule.radius},
        place,
        Severity(rule.severity),
        reach,
        spot,
        Patience(rule.duration, rule.bridge, rule.cooldown),
    )
