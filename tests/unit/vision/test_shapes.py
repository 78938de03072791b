"""Which input fits which picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.geometry import Size
from edge_agent.vision.detector.shapes import input_for

OWN = Size(640, 384)


@pytest.mark.parametrize(
    ("picture", "wanted"),
    [
        (Size(640, 360), OWN),
        (Size(1920, 1080), OWN),
        (Size(480, 360), OWN),
        (Size(704, 576), OWN),
        (Size(360, 640), Size(384, 640)),
        (Size(810, 1080), Size(480, 640)),
        (Size(160, 120), OWN),
        (Size(500, 500), Size(640, 640)),
        (Size(4000, 100), Size(640, 256)),
    ],
)
def test_another_shape_of_picture_has_another_input(picture: Size, wanted: Size) -> None:
    assert input_for(picture, OWN) == wanted


@given(st.integers(1, 8000), st.integers(1, 8000))
def test_every_input_is_one_that_the_network_takes(width: int, height: int) -> None:
    size = input_for(Size(width, height), OWN)
    assert max(size.width, size.height) == 640
    assert min(size.width, size.height) >= 256
    assert size.width % 32 == size.height % 32 == 0
