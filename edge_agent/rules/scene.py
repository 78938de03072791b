"""The scene of one camera: its places and timetables, who stands where in it, and who belongs
together. What every rule asks: does it hold now, and does it hold here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from edge_agent.config.behaviours import Behaviour, Rules
from edge_agent.config.schema import Calibration
from edge_agent.config.timetables import timetables
from edge_agent.core.geometry import Size
from edge_agent.core.time import Instant
from edge_agent.core.timetable import Timetable, holds
from edge_agent.rules.ground import GroundPlane
from edge_agent.rules.places import Area, Border, Sides, View, area_of, border_of, looked
from edge_agent.rules.trail import Trail


@dataclass(frozen=True)
class Scene:
    """Places that this camera can judge, and after the last frame: everybody's side of every edge
    (`before`: at the frame before).
    """

    rules: Rules
    zone: tzinfo
    areas: Mapping[str, Area]
    borders: Mapping[str, Border]
    tables: Mapping[str | None, Timetable]
    inside: Sides = field(default_factory=dict)
    beyond: Sides = field(default_factory=dict)
    before: Sides = field(default_factory=dict)


def new_scene(
    rules: Rules,
    view: View,
    plane: GroundPlane | None,
    calibration: Calibration | None,
    size: Size,
    zone: tzinfo,
) -> Scene:
    """A scene in which nobody was seen. Places in metres need a floor; without one they are out."""
    areas = [area_of(one, plane, calibration, size) for one in view.zones]
    borders = [border_of(one, plane, calibration, size) for one in view.lines]
    return Scene(
        rules,
        zone,
        {one.id: one for one in areas if one is not None},
        {one.id: one for one in borders if one is not None},
        timetables(rules),
    )


def stepped(scene: Scene, trails: Sequence[Trail], at: Instant) -> Scene:
    """The scene after one analysed frame."""
    settings = scene.rules.places
    return replace(
        scene,
        inside=looked(scene.inside, tuple(scene.areas.values()), trails, settings, at),
        beyond=looked(scene.beyond, tuple(scene.borders.values()), trails, settings, at),
        before=scene.beyond,
    )


def emptied(scene: Scene) -> Scene:
    """The scene after looking ended: nobody is known any more."""
    return replace(scene, inside={}, beyond={}, before={})


def in_time(scene: Scene, when: str | None, at: Instant) -> bool:
    """Whether the schedule of this name holds now; None always does."""
    if when is None:
        return True
    table = scene.tables.get(when)
    return table is not None and holds(table, at.wall, scene.zone)


def in_force(scene: Scene, rule: Behaviour, at: Instant) -> bool:
    """Whether the rule holds now."""
    if not rule.enabled or not in_time(scene, rule.when, at):
        return False
    return rule.unless is None or not in_time(scene, rule.unless, at)


def within(scene: Scene, trail: Trail, zones: Collection[str]) -> bool:
    """Whether somebody is surely inside one of these zones."""
    return any(
        (side := scene.inside.get((trail.id, zone))) is not None and side.within for zone in zones
    )


def outside(scene: Scene, trail: Trail, zones: Collection[str]) -> bool:
    """Whether somebody is surely outside all of these zones that this camera can judge."""
    sides = [scene.inside.get((trail.id, zone)) for zone in zones if zone in scene.areas]
    return bool(sides) and all(side is not None and not side.within for side in sides)


def here(scene: Scene, rule: Behaviour, trail: Trail) -> bool:
    """Whether the rule is about somebody who stands there."""
    return not rule.zones or within(scene, trail, rule.zones)
