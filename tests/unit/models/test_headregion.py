"""The head square: where it lies, that it stays square and inside the frame."""

import pytest

from models.train.headregion import head_region

FRAME = 1920, 1080
BOXES = {
    "standing": (900.0, 300.0, 1000.0, 640.0),
    "half body": (400.0, 300.0, 600.0, 600.0),
    "close up": (300.0, 100.0, 1200.0, 900.0),
    "lying": (300.0, 500.0, 900.0, 650.0),
    "at the top edge": (900.0, 0.0, 1000.0, 300.0),
    "at the left edge": (0.0, 300.0, 30.0, 600.0),
    "whole frame": (0.0, 0.0, 1920.0, 1080.0),
    "one pixel": (1919.0, 1079.0, 1920.0, 1080.0),
}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES.keys())
def test_is_a_square_inside_the_frame(box):
    x1, y1, x2, y2 = head_region(box, *FRAME)
    assert x2 - x1 == pytest.approx(y2 - y1)
    assert x2 - x1 > 0
    assert min(x1, y1) >= 0
    assert x2 <= FRAME[0] + 1e-6
    assert y2 <= FRAME[1] + 1e-6


def test_of_a_standing_person_holds_the_head_and_not_the_body():
    x1, y1, x2, y2 = head_region(BOXES["standing"], *FRAME)
    assert (x1 + x2) / 2 == pytest.approx(950.0)
    assert y1 == pytest.approx(300 - 0.1 * 34, abs=0.01)
    assert y2 - y1 == pytest.approx(2.4 * 34)
    assert y2 < 300 + 0.25 * 340


def test_of_a_half_body_is_larger_relative_to_its_box():
    standing = head_region(BOXES["standing"], *FRAME)
    half = head_region(BOXES["half body"], *FRAME)
    assert (half[3] - half[1]) / 300 > (standing[3] - standing[1]) / 340


def test_a_very_thin_person_keeps_a_head_of_a_share_of_the_height():
    x1, _, x2, _ = head_region((500.0, 100.0, 540.0, 700.0), *FRAME)
    assert x2 - x1 == pytest.approx(2.4 * 0.09 * 600)


def test_a_very_wide_box_does_not_ask_for_more_face_than_its_height_allows():
    x1, _, x2, _ = head_region((100.0, 500.0, 1100.0, 700.0), *FRAME)
    assert x2 - x1 == pytest.approx(2.4 * 0.40 * 200)


def test_shrinks_to_the_short_side_of_a_small_frame():
    assert head_region((0.0, 0.0, 600.0, 600.0), 320, 180) == pytest.approx((140, 0, 320, 180))


def test_scales_with_the_picture():
    small = head_region(BOXES["standing"], *FRAME)
    large = head_region(tuple(3 * v for v in BOXES["standing"]), 3 * FRAME[0], 3 * FRAME[1])
    assert large == pytest.approx(tuple(3 * v for v in small))
