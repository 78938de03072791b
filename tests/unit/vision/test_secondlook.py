"""Places cut out as squares, and two looks at one face joined into one answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskState
from edge_agent.vision.facecells import Face
from edge_agent.vision.secondlook import joined, square
from tests.unit.vision.pictures import noise

STATES = (MaskState.WORN, MaskState.ABSENT, MaskState.INCORRECT)
SHARE = st.floats(0.0, 1.0)


def face(found: float, worn: float, absent: float, incorrect: float) -> Face:
    return Face(Box(0, 0, 20, 20), found, dict(zip(STATES, (worn, absent, incorrect), strict=True)))


def again(worn: float, absent: float, incorrect: float, unknown: float) -> dict[MaskState, float]:
    return dict(zip((*STATES, MaskState.UNKNOWN), (worn, absent, incorrect, unknown), strict=True))


def test_what_both_say_is_said_more_surely() -> None:
    both = joined(face(0.8, 0.7, 0.2, 0.1), again(0.9, 0.04, 0.03, 0.03), STATES)
    assert both.state is MaskState.WORN
    assert both.found > 0.8
    assert both.states[MaskState.WORN] > 0.7


def test_the_second_look_corrects_how_the_mask_sits() -> None:
    both = joined(face(0.9, 0.55, 0.05, 0.4), again(0.1, 0.05, 0.8, 0.05), STATES)
    assert both.state is MaskState.INCORRECT


def test_who_is_nobody_the_second_time_is_hardly_found() -> None:
    both = joined(face(0.4, 0.1, 0.8, 0.1), again(0.01, 0.02, 0.01, 0.96), STATES)
    assert both.found < 0.3


@given(SHARE, SHARE, SHARE, SHARE)
def test_shares_stay_shares(found: float, a: float, b: float, c: float) -> None:
    total = a + b + c
    first = (a / total, b / total, c / total) if total > 1e-6 else (1.0, 0.0, 0.0)
    both = joined(face(found, *first), again(0.0, 0.0, 0.0, 1.0), STATES)
    assert 0 < both.found < 1
    assert sum(both.states.values()) == pytest.approx(1.0)


def test_a_place_inside_the_picture_is_cut_as_it_is() -> None:
    image = noise()
    crop = square(image, Box(100, 50, 196, 146), 96)
    assert crop is not None
    assert (crop == image[50:146, 100:196]).all()


def test_beyond_the_border_the_border_is_repeated() -> None:
    image = noise()
    crop = square(image, Box(-20, -10, 76, 86), 96)
    assert crop is not None
    assert (crop[10:, 20:] == image[:86, :76]).all()
    assert (np.diff(crop[10:, :21].astype(int), axis=1) == 0).all()


@pytest.mark.parametrize(
    "place",
    [Box(-100, 0, -10, 90), Box(10, 10, 11, 11), Box(600, 400, 700, 500), Box(10, 10, 5, 5)],
)
def test_a_place_that_is_not_there_gives_no_crop(place: Box) -> None:
    assert square(noise(), place, 96) is None


@pytest.mark.parametrize("side", [10, 95, 400])
def test_every_crop_has_the_asked_side(side: int) -> None:
    crop = square(noise(), Box(20, 20, 20 + side, 20 + side), 96)
    assert crop is not None
    assert crop.shape == (96, 96, 3)
