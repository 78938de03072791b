"""Whose clock is wrong."""

import pytest

from edge_agent.center.clocks import Offsets, judge


@pytest.mark.parametrize(
    ("offsets", "center", "skewed"),
    [
        ({}, None, {}),
        ({"a": 0.4, "b": 1.9}, None, {}),
        ({"a": 0.1, "b": -7.0}, None, {"b": 7.0}),
        ({"a": 60.0, "b": 61.0}, None, {"a": -60.0, "b": -61.0}),  # two do not outvote us
        ({"a": 60.0, "b": 60.5, "c": 61.0}, 60.5, {}),
        ({"a": 60.0, "b": 60.0, "c": 60.0, "d": 0.0}, 60.0, {"d": 60.0}),
        ({"a": 60.0, "b": -60.0, "c": 30.0, "d": 0.0}, None, {"a": -60.0, "b": 60.0, "c": -30.0}),
    ],
)
def test_a_majority_that_agrees_outvotes_the_center(
    offsets: dict[str, float], center: float | None, skewed: dict[str, float]
) -> None:
    found = judge(offsets, 2.0)
    assert (found.center, found.skewed) == (center, skewed)


def test_a_slow_line_is_no_skewed_clock() -> None:
    offsets = Offsets()
    best = [offsets.add(delay) for delay in (9.0, 4.0, 0.3, 8.0, 7.0, 6.0)]
    assert best == [9.0, 4.0, 0.3, 0.3, 0.3, 0.3]
    assert [offsets.add(5.0), offsets.add(5.0)] == [0.3, 5.0]  # in the end it is forgotten
