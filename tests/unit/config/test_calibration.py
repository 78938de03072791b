"""Whether floor points can carry a ground plane."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config.calibration import spread

SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]


@pytest.mark.parametrize(
    "points",
    [
        [(0, 0), (0, 1), (0, 2), (0, 3)],
        [(0, 0), (1, 1), (2, 2), (3, 3)],
        [(0, 0), (1, 1), (2, 2), (5, 0)],
        [(0, 0), (0, 0), (1, 0), (1, 1)],
        [(3, 3), (3, 3), (3, 3), (3, 3)],
    ],
)
def test_points_in_line_or_on_each_other_carry_nothing(points: list[tuple[float, float]]) -> None:
    assert not spread(points)


def test_a_fifth_point_mends_a_line() -> None:
    assert spread([(0, 0), (1, 0), (2, 0), (0, 3), (2, 3)])


def test_a_long_narrow_corridor_carries() -> None:
    assert spread([(0, 0), (1.2, 0), (1.2, 60), (0, 60)])


@given(st.floats(0.1, 1000), st.floats(0.1, 1000), st.floats(-500, 500), st.permutations(SQUARE))
def test_size_place_and_order_of_a_rectangle_do_not_matter(
    wide: float, high: float, at: float, points: list[tuple[float, float]]
) -> None:
    assert spread([(at + x * wide, at + y * high) for x, y in points])


@given(st.lists(st.floats(-100, 100), min_size=4, max_size=8), st.floats(-3, 3))
def test_points_of_one_line_never_carry(xs: list[float], slope: float) -> None:
    assert not spread([(x, slope * x) for x in xs])
