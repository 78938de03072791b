"""Bending and straightening, and finding the bend from edges that are straight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.geometry import Size
from edge_agent.rules.lens import bent, fit_lens, straightened

SIZE = Size(640, 360)
BENDS = st.floats(-0.4, 0.4)


@given(st.floats(0, 640), st.floats(0, 360), BENDS)
def test_bending_undoes_straightening(x: float, y: float, lens: float) -> None:
    pixel = np.array([x, y])
    assert bent(straightened(pixel, lens, SIZE), lens, SIZE) == pytest.approx(pixel, abs=1e-6)


@given(st.floats(0, 640), st.floats(0, 360))
def test_no_bend_changes_nothing(x: float, y: float) -> None:
    assert straightened(np.array([x, y]), 0.0, SIZE) == pytest.approx([x, y])


@given(st.floats(0, 640), st.floats(0, 360), BENDS, st.floats(0.5, 4))
def test_the_same_lens_bends_a_larger_copy_of_the_picture_alike(
    x: float, y: float, lens: float, times: float
) -> None:
    large = Size(round(640 * times), round(360 * times))
    scale = np.array([large.width / 640, large.height / 360])
    small = straightened(np.array([x, y]), lens, SIZE)
    assert straightened(np.array([x, y]) * scale, lens, large) / scale == pytest.approx(
        small, abs=1.5
    )


@pytest.mark.parametrize("lens", [-0.3, -0.1, 0.0, 0.15])
def test_edges_that_are_straight_tell_the_bend(lens: float) -> None:
    dice = np.random.default_rng(1)
    edges = [[(40, 30), (320, 50), (600, 70)], [(60, 330), (75, 180), (90, 30)]]
    read = [bent(np.array(edge, float), lens, SIZE) + dice.normal(0, 0.3, (3, 2)) for edge in edges]
    found = fit_lens([[(float(x), float(y)) for x, y in edge] for edge in read], SIZE)
    assert found == pytest.approx(lens, abs=0.02)
