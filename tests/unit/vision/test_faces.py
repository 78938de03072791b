"""Head crops and verdicts."""

import numpy as np
import pytest

from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskReading, MaskState
from edge_agent.vision.faces import square, verdict
from tests.unit.vision.pictures import noise

STATES = (MaskState.WORN, MaskState.INCORRECT, MaskState.ABSENT, MaskState.UNKNOWN)
THRESHOLDS = {"worn": 0.7, "incorrect": 0.9, "absent": 0.8}


@pytest.mark.parametrize(
    ("scores", "state"),
    [
        ([0.9, 0.0, 0.1, 0.0], MaskState.WORN),
        ([0.6, 0.0, 0.4, 0.0], MaskState.UNKNOWN),
        ([0.1, 0.85, 0.05, 0.0], MaskState.UNKNOWN),
        ([0.0, 0.95, 0.05, 0.0], MaskState.INCORRECT),
        ([0.1, 0.1, 0.8, 0.0], MaskState.ABSENT),
        ([0.0, 0.0, 0.1, 0.9], MaskState.UNKNOWN),
    ],
)
def test_a_state_counts_from_its_own_threshold_on(scores: list[float], state: MaskState) -> None:
    reading = verdict(STATES, np.array(scores, np.float32), THRESHOLDS, 48.0)
    assert reading == MaskReading(state, pytest.approx(max(scores)), 48.0)


def test_a_head_inside_the_picture_is_cut_as_it_is() -> None:
    image = noise()
    crop = square(image, Box(100, 50, 196, 146), 96)
    assert crop is not None
    assert (crop == image[50:146, 100:196]).all()


def test_beyond_the_border_the_border_is_repeated() -> None:
    image = noise()
    crop = square(image, Box(-20, -10, 76, 86), 96)
    assert crop is not None
    assert (crop[10:, 20:] == image[:86, :76]).all()
    assert (crop[:10, 20:] == image[0, :76]).all()


@pytest.mark.parametrize(
    "head",
    [Box(-100, 0, -10, 90), Box(10, 10, 11, 11), Box(600, 400, 700, 500), Box(10, 10, 5, 5)],
)
def test_a_head_that_is_not_there_gives_no_crop(head: Box) -> None:
    assert square(noise(), head, 96) is None


@pytest.mark.parametrize("side", [10, 95, 400])
def test_every_crop_has_the_asked_side(side: int) -> None:
    crop = square(noise(), Box(20, 20, 20 + side, 20 + side), 96)
    assert crop is not None
    assert crop.shape == (96, 96, 3)
