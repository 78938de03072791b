"""The zones and lines of one camera, on its floor where that is known and else in its picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.config import behaviours
from edge_agent.config.schema import Calibration
from edge_agent.core.geometry import Size
from edge_agent.core.outline import Point, Segment, area, cross, depth, side
from edge_agent.core.time import Instant
from edge_agent.rules.ground import GroundPlane, to_ground
from edge_agent.rules.motion import STATURE
from edge_agent.rules.presence import Side, settled
from edge_agent.rules.trail import Trail

Sides = Mapping[tuple[int, str], Side]  # track and place → side


@dataclass(frozen=True, slots=True)
class View:
    """The zones and lines that a camera's entry lists, and the picture of its calibration."""

    zones: tuple[behaviours.Zone, ...] = ()
    lines: tuple[behaviours.Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """A zone: its corners on the floor (metres), in the frame (pixels), or both."""

    id: str
    floor: tuple[Point, ...] = ()
    picture: tuple[Point, ...] = ()

    @property
    def square_metres(self) -> float | None:
        """Its area; None without a floor."""
        return area(self.floor) if self.floor else None


@dataclass(frozen=True, slots=True)
class Border:
    """A line: its ends on the floor or in the frame; `inward` 1 or -1 turns the side of `inside`
    positive, 0 where nothing says which side is inside.
    """

    id: str
    ends: Segment
    metric: bool
    inward: int


def area_of(
    zone: behaviours.Zone, plane: GroundPlane | None, calibration: Calibration | None, size: Size
) -> Area | None:
    """The zone in this camera's terms; None when it is given in metres and there is no floor."""
    if zone.metres:
        return Area(zone.id, floor=zone.metres) if plane is not None else None
    picture = _scaled(zone.pixels, zone.size, calibration, size)
    return Area(zone.id, floor=_on_floor(picture, plane), picture=picture)


def border_of(
    line: behaviours.Line, plane: GroundPlane | None, calibration: Calibration | None, size: Size
) -> Border | None:
    """The line in this camera's terms; None when it is given in metres and there is no floor."""
    inside = (line.inside,) if line.inside else ()
    if line.metres:
        if plane is None:
            return None
        return _border(line.id, (*line.metres, *inside), metric=True)
    picture = _scaled((*line.pixels, *inside), line.size, calibration, size)
    floor = _on_floor(picture, plane)
    return _border(line.id, floor or picture, metric=bool(floor))


def in_area(area: Area, trail: Trail) -> tuple[float, Point, float] | None:
    """How deep somebody stands in a zone, where, and one metre there, all in one unit; None where
    that cannot be said.
    """
    if area.floor and trail.ground is not None:
        spot = (trail.ground.x, trail.ground.y)
        return depth(area.floor, spot), spot, 1.0
    if area.picture:
        spot = trail.box.foot
        return depth(area.picture, spot), spot, _metre(trail)
    return None


def at_border(border: Border, trail: Trail) -> tuple[float, Point, float] | None:
    """How far somebody stands beyond a line (positive: inside), where, and one metre there."""
    turn = border.inward or 1
    if not border.metric:
        return turn * side(border.ends, trail.box.foot), trail.box.foot, _metre(trail)
    if trail.ground is None:
        return None
    spot = (trail.ground.x, trail.ground.y)
    return turn * side(border.ends, spot), spot, 1.0


def looked(
    sides: Sides,
    places: Sequence[Area | Border],
    trails: Iterable[Trail],
    rule: behaviours.Places,
    at: Instant,
) -> dict[tuple[int, str], Side]:
    """Everybody's sides after one frame: of those seen in it judged anew, of the others kept."""
    found: dict[tuple[int, str], Side] = {}
    for trail in trails:
        for place in places:
            key = (trail.id, place.id)
            before = sides.get(key)
            after = _after(before, place, trail, rule, at)
            if after is not None:
                found[key] = after
    return found


def crossed(border: Border, before: Side | None, after: Side | None) -> int:
    """1 when somebody just crossed the line inward (or to its positive side), -1 outward, else 0.

    Walking around its ends is no crossing.
    """
    if before is None or after is None or not after.changed:
        return 0
    if not cross(border.ends, (before.spot, after.spot)):
        return 0
    return 1 if after.within else -1


def _after(
    before: Side | None, place: Area | Border, trail: Trail, rule: behaviours.Places, at: Instant
) -> Side | None:
    unseen = Side(before.within, before.spot, before.doubt) if before else None
    if trail.misses or not trail.confirmed:
        return unseen
    stand = in_area(place, trail) if isinstance(place, Area) else at_border(place, trail)
    if stand is None:
        return unseen
    deep, spot, metre = stand
    sigma = trail.ground.sigma if trail.ground is not None else 0.0
    return settled(before, deep, metre * max(rule.margin, sigma), spot, at, rule.settle)


def _border(name: str, spots: tuple[Point, ...], *, metric: bool) -> Border:
    a, b, *inside = spots
    inward = math.copysign(1, side((a, b), inside[0])) if inside else 0
    return Border(name, (a, b), metric, int(inward))


def _scaled(
    spots: Iterable[Point],
    picture: tuple[int, int] | None,
    calibration: Calibration | None,
    size: Size,
) -> tuple[Point, ...]:
    width, height = picture or (calibration.size if calibration else (size.width, size.height))
    return tuple((x * size.width / width, y * size.height / height) for x, y in spots)


def _on_floor(picture: Sequence[Point], plane: GroundPlane | None) -> tuple[Point, ...]:
    """The spots in metres; empty when one of them is not on the known floor."""
    if plane is None:
        return ()
    ground = [to_ground(plane, spot, 0.0) for spot in picture]
    return tuple((g.x, g.y) for g in ground if g is not None) if all(ground) else ()


def _metre(trail: Trail) -> float:
    """Pixels in a metre where somebody stands, as far as their height tells."""
    return trail.box.height / STATURE
