"""Outlines: polygons and segments on a flat floor or in a picture; the plain geometry of places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

Point = tuple[float, float]
Segment = tuple[Point, Point]

GRID = 20  # spots a side at which two polygons are compared


def edges(polygon: Sequence[Point]) -> Iterator[Segment]:
    """The sides of a closed polygon, the last one back to its first corner."""
    yield from zip(polygon, (*polygon[1:], polygon[0]), strict=True)


def area(polygon: Sequence[Point]) -> float:
    """The area of a polygon that does not cross itself, in the square of its unit."""
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in edges(polygon))) / 2


def depth(polygon: Sequence[Point], point: Point) -> float:
    """How far inside a point lies: distance to the nearest side, negative outside."""
    nearest = min(distance(side, point) for side in edges(polygon))
    return nearest if _contains(polygon, point) else -nearest


def distance(segment: Segment, point: Point) -> float:
    """From a point to the nearest spot of a segment."""
    (ax, ay), (bx, by) = segment
    dx, dy = bx - ax, by - ay
    long = dx * dx + dy * dy
    along = ((point[0] - ax) * dx + (point[1] - ay) * dy) / long if long else 0.0
    along = min(max(along, 0.0), 1.0)
    return math.hypot(point[0] - ax - along * dx, point[1] - ay - along * dy)


def side(segment: Segment, point: Point) -> float:
    """Distance to the line through a segment: positive on the right of somebody who walks from
    its first end to its second as the picture and the plan are drawn (y down or y forward alike
    keep one sign per side), negative on the left.
    """
    (ax, ay), (bx, by) = segment
    long = math.hypot(bx - ax, by - ay)
    return ((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)) / long


def cross(a: Segment, b: Segment) -> bool:
    """Whether two segments share a spot; ends that touch count."""
    turns = [_turn(*a, b[0]), _turn(*a, b[1]), _turn(*b, a[0]), _turn(*b, a[1])]
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    spots = ((a, b[0]), (a, b[1]), (b, a[0]), (b, a[1]))
    return any(
        turn == 0 and _between(segment, spot)
        for turn, (segment, spot) in zip(turns, spots, strict=True)
    )


def crosses_itself(polygon: Sequence[Point]) -> bool:
    """Whether two sides meet that are not neighbours, or a corner stands twice."""
    if len(set(polygon)) < len(polygon):
        return True
    sides = list(edges(polygon))
    return any(
        cross(one, other)
        for (i, one), (j, other) in combinations(enumerate(sides), 2)
        if j - i > 1 and (i, j) != (0, len(sides) - 1)
    )


def share_ground(one: Sequence[Point], other: Sequence[Point]) -> bool:
    """Whether some spot of a grid over both lies inside both polygons; an edge that both have, or
    a strip thinner than the grid, is no spot to stand on.
    """
    return any(
        _contains(one, (x, y)) and _contains(other, (x, y))
        for x in _between_both(one, other, 0)
        for y in _between_both(one, other, 1)
    )


def _between_both(one: Sequence[Point], other: Sequence[Point], axis: int) -> list[float]:
    """Where the lines of a grid meet this axis, within the extent that two polygons share."""
    extents = [[spot[axis] for spot in polygon] for polygon in (one, other)]
    low, high = max(map(min, extents)), min(map(max, extents))
    return [low + (n + 0.5) * (high - low) / GRID for n in range(GRID) if low < high]


def _contains(polygon: Sequence[Point], point: Point) -> bool:
    """The even-odd rule."""
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in edges(polygon):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _between(segment: Segment, spot: Point) -> bool:
    (ax, ay), (bx, by) = segment
    return min(ax, bx) <= spot[0] <= max(ax, bx) and min(ay, by) <= spot[1] <= max(ay, by)
