"""The head square: where a person's face should be, always inside the frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.geometry import Box, Size
from edge_agent.rules.head import head_region

SIDES = st.integers(32, 2000)


@given(st.floats(-50, 700), st.floats(-50, 700), st.floats(0, 700), st.floats(0, 700), SIDES, SIDES)
def test_the_square_is_a_square_inside_the_frame(
    x: float, y: float, w: float, h: float, wide: int, high: int
) -> None:
    square = head_region(Box(x, y, x + w, y + h), Size(wide, high))
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
