"""The head square: inside the frame, and the very function that the mask model learnt with."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.core.geometry import Box, Size
from edge_agent.rules.head import head_region

TRAINING = Path(__file__).parents[3] / "models" / "train" / "headregion.py"


def training() -> ModuleType:
    spec = importlib.util.spec_from_file_location("headregion", TRAINING)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TRAINED = training()
SIDES = st.integers(32, 2000)


@settings(deadline=None)
@given(st.floats(-50, 700), st.floats(-50, 700), st.floats(0, 700), st.floats(0, 700), SIDES, SIDES)
def test_training_and_product_cut_the_same_square(
    x: float, y: float, w: float, h: float, wide: int, high: int
) -> None:
    square = head_region(Box(x, y, x + w, y + h), Size(wide, high))
    expected = TRAINED.head_region((x, y, x + w, y + h), wide, high)
    assert (square.x1, square.y1, square.x2, square.y2) == pytest.approx(expected)
    assert square.width == pytest.approx(square.height)
    assert square.x1 >= -1e-6
    assert square.x2 <= wide + 1e-6
    assert square.y1 >= -1e-6
    assert square.y2 <= high + 1e-6


@pytest.mark.parametrize("aspect", [1.0, 1.6, 2.6, 3.4])
def test_the_square_sits_at_the_top_middle_of_the_person(aspect: float) -> None:
    box = Box(300, 100, 360, 100 + 60 * aspect)
    square = head_region(box, Size(640, 480))
    assert square.centre[0] == pytest.approx(box.centre[0])
    assert square.y1 <= box.y1 + 1
    assert square.y2 < box.y2
