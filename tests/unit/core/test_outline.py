"""Polygons and segments on a flat floor."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.outline import (
    area,
    cross,
    crosses_itself,
    depth,
    distance,
    share_ground,
    side,
)

SQUARE = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
BOW_TIE = ((0.0, 0.0), (4.0, 4.0), (4.0, 0.0), (0.0, 4.0))
ELL = ((0.0, 0.0), (4.0, 0.0), (4.0, 2.0), (2.0, 2.0), (2.0, 4.0), (0.0, 4.0))
SPOTS = st.tuples(st.floats(-10, 10), st.floats(-10, 10))


@pytest.mark.parametrize(
    ("spot", "deep"),
    [((2, 2), 2.0), ((1, 2), 1.0), ((-1, 2), -1.0), ((7, 8), -5.0), ((4, 2), 0.0)],
)
def test_depth_is_the_distance_to_the_nearest_side(spot: tuple[float, float], deep: float) -> None:
    assert depth(SQUARE, spot) == pytest.approx(deep)


def test_a_corner_that_turns_inward_is_outside() -> None:
    assert depth(ELL, (3.0, 3.0)) == pytest.approx(-1.0)
    assert depth(ELL, (1.0, 3.0)) == pytest.approx(1.0)
    assert area(ELL) == 12.0


def test_sides_that_cross_and_corners_that_stand_twice_are_seen() -> None:
    assert not crosses_itself(SQUARE)
    assert not crosses_itself(ELL)
    assert crosses_itself(BOW_TIE)
    assert crosses_itself((*SQUARE, SQUARE[0]))
    assert not crosses_itself(SQUARE[:3])


def test_the_two_sides_of_a_line_have_two_signs() -> None:
    gate = ((0.0, 5.0), (4.0, 5.0))
    assert side(gate, (2.0, 7.0)) == pytest.approx(-side(gate, (2.0, 3.0)))
    assert abs(side(gate, (9.0, 6.5))) == pytest.approx(1.5)
    assert distance(gate, (7.0, 9.0)) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("other", "meets"),
    [
        (((2.0, 3.0), (2.0, 7.0)), True),
        (((6.0, 3.0), (6.0, 7.0)), False),
        (((4.0, 5.0), (4.0, 9.0)), True),
        (((0.0, 6.0), (4.0, 6.0)), False),
    ],
)
def test_walking_around_the_end_of_a_line_does_not_cross_it(
    other: tuple[tuple[float, float], tuple[float, float]], meets: bool
) -> None:
    assert cross(((0.0, 5.0), (4.0, 5.0)), other) is meets


@given(SPOTS, st.floats(0, 2 * math.pi), SPOTS)
def test_depth_does_not_care_how_the_floor_is_turned_or_moved(
    spot: tuple[float, float], angle: float, shift: tuple[float, float]
) -> None:
    def turned(point: tuple[float, float]) -> tuple[float, float]:
        x, y = point
        c, s = math.cos(angle), math.sin(angle)
        return c * x - s * y + shift[0], s * x + c * y + shift[1]

    there = depth([turned(corner) for corner in ELL], turned(spot))
    assert abs(there) == pytest.approx(abs(depth(ELL, spot)), abs=1e-6)
    if abs(there) > 1e-6:
        assert (there > 0) == (depth(ELL, spot) > 0)


def moved(polygon: tuple[tuple[float, float], ...], by: float) -> list[tuple[float, float]]:
    return [(x + by, y) for x, y in polygon]


def test_two_places_share_ground_where_somebody_can_stand_in_both() -> None:
    assert share_ground(SQUARE, SQUARE)
    assert share_ground(SQUARE, moved(SQUARE, 3.0))
    assert share_ground(SQUARE, [(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)]), "one within the other"
    assert not share_ground(SQUARE, moved(SQUARE, 4.0)), "an edge is no place"
    assert not share_ground(SQUARE, moved(SQUARE, 9.0))
    assert not share_ground(ELL, [(2.0, 2.0), (4.0, 2.0), (4.0, 4.0), (2.0, 4.0)])
