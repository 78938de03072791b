"""Distances that are only estimates."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.geometry import Box
from edge_agent.rules.estimate import estimate_distance
from tests.bench.calibration_scenes import SUB, cameras, pairs_at

SIDES = st.floats(1, 600)


@given(SIDES, SIDES, st.floats(2, 300), st.floats(2, 300))
def test_an_estimate_is_symmetric_and_has_a_sigma(
    x: float, other: float, tall: float, taller: float
) -> None:
    a, b = Box(x, 0, x + tall / 3, tall), Box(other, 0, other + taller / 3, taller)
    here, there = estimate_distance(a, b, SUB), estimate_distance(b, a, SUB)
    assert here is not None
    assert there is not None
    assert here.metres == there.metres
    assert here.sigma == there.sigma > 0


def test_a_box_without_height_is_no_estimate() -> None:
    assert estimate_distance(Box(0, 0, 9, 0), Box(0, 0, 9, 90), SUB) is None


def test_most_people_are_within_two_sigmas_of_the_estimate() -> None:
    dice = np.random.default_rng(2)
    inside = []
    for scene in cameras(dice, 12):
        for one, other in zip(*pairs_at(scene, dice, 20), strict=True):
            boxes = []
            for spot in (one, other):
                (foot,) = scene.pixels(spot[None], SUB)
                depth = scene.pose.focal * dice.normal(1.66, 0.09)
                tall = depth / np.hypot(np.hypot(*spot), scene.pose.height)
                boxes.append(Box(foot[0] - tall / 6, foot[1] - tall, foot[0] + tall / 6, foot[1]))
            guess = estimate_distance(boxes[0], boxes[1], SUB)
            assert guess is not None
            inside.append(abs(guess.metres - np.hypot(*(one - other))) <= 2 * guess.sigma)
    assert np.mean(inside) > 0.8
