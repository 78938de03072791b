"""From the network's cells to faces, and windows over a picture."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import MaskState
from edge_agent.vision.detector.boxes import Letterbox
from edge_agent.vision.facecells import (
    BINS,
    Face,
    Rows,
    anchors,
    calibrated,
    decode,
    distinct,
    fitted,
    merged,
    scales,
    tiles,
)

STATES = (MaskState.WORN, MaskState.ABSENT, MaskState.INCORRECT)
INPUT = Size(64, 64)
AS_IT_IS = Letterbox(1.0, 0, 0)


def cells(size: Size = INPUT) -> Rows:
    """The output of a network that sees nothing."""
    raw = np.zeros((4 * BINS + 3, len(anchors(size)[0])), np.float32)
    raw[4 * BINS :] = -9.0
    return raw


def put(raw: Rows, cell: int, sides: tuple[int, int, int, int], state: int, logit: float) -> None:
    """A face at a cell: distances to its sides in strides, sure of them."""
    for side, bins in enumerate(sides):
        raw[side * BINS + bins, cell] = 60.0
    raw[4 * BINS + state, cell] = logit


def found(raw: Rows, fit: Letterbox = AS_IT_IS, of: Size = INPUT) -> list[Face]:
    return decode(raw, INPUT, fit, of, STATES, 0.1)


def test_a_cell_says_where_its_face_is_and_how_the_mask_is_worn() -> None:
    raw = cells()
    put(raw, 8 * 3 + 4, (1, 2, 3, 2), 1, 4.0)  # stride 8, row 3, column 4: centre 36, 28
    (face,) = found(raw)
    assert (face.box.x1, face.box.y1, face.box.x2, face.box.y2) == pytest.approx((28, 12, 60, 44))
    assert face.state is MaskState.ABSENT
    assert face.found == pytest.approx(1 / (1 + np.exp(-4.0)))
    assert sum(face.states.values()) == pytest.approx(1.0)


def test_strides_follow_one_another() -> None:
    centres, strides = anchors(INPUT)
    assert len(centres) == 64 + 16 + 4
    assert strides.tolist() == [8] * 64 + [16] * 16 + [32] * 4
    assert centres[64].tolist() == [8, 8]


def test_a_face_is_told_in_the_pixels_of_the_picture() -> None:
    raw = cells()
    put(raw, 8 * 3 + 4, (1, 1, 1, 1), 0, 4.0)
    (face,) = found(raw, Letterbox(0.5, 0, 8), Size(128, 96))
    assert (face.box.x1, face.box.y1) == pytest.approx((56, 24))


def test_one_face_that_two_cells_see_is_one() -> None:
    raw = cells()
    put(raw, 8 * 3 + 4, (2, 2, 2, 2), 0, 4.0)
    put(raw, 8 * 3 + 5, (3, 2, 1, 2), 2, 3.0)
    (face,) = found(raw)
    assert face.state is MaskState.WORN


def test_nothing_is_nothing() -> None:
    assert found(cells()) == []


def test_a_score_is_calibrated_as_the_manifest_says() -> None:
    assert calibrated(0.3, (1.0, 0.0)) == pytest.approx(0.3)
    assert calibrated(0.5, (2.0, 1.0)) == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert 0 <= calibrated(0.0, (3.0, 0.0)) < calibrated(1.0, (3.0, 0.0)) <= 1


@given(
    width=st.integers(1, 4000),
    height=st.integers(1, 3000),
    scale=st.floats(0.25, 2.0),
)
def test_every_pixel_lies_in_a_window_of_the_input_size(
    width: int, height: int, scale: float
) -> None:
    windows = list(tiles(Size(width, height), 640, scale))
    xs, ys = sorted({(w.x1, w.x2) for w in windows}), sorted({(w.y1, w.y2) for w in windows})
    for spans, length in ((xs, width), (ys, height)):
        assert spans[0][0] == 0
        assert spans[-1][1] == pytest.approx(length)
        for (_, end), (start, _) in pairwise(spans):
            assert start <= end
        assert all(end - start <= 640 / scale + 1e-6 for start, end in spans)


def test_a_face_in_two_windows_is_one() -> None:
    box = Box(10, 10, 30, 30)
    twice = [Face(box, 0.8, {}), Face(box.moved(1, 1), 0.9, {}), Face(box.moved(50, 0), 0.3, {})]
    assert [face.found for face in merged(twice)] == [0.9, 0.3]
    assert merged([]) == []


def test_a_part_of_a_better_face_is_no_face_and_a_neighbour_is() -> None:
    whole, ear = Face(Box(0, 0, 100, 100), 0.9, {}), Face(Box(5, 20, 40, 60), 0.6, {})
    neighbour = Face(Box(80, 0, 160, 90), 0.4, {})
    assert distinct([ear, neighbour, whole]) == [whole, neighbour]
    surer = Face(ear.box, 0.95, {})
    assert distinct([whole, surer]) == [surer]


@pytest.mark.parametrize(
    ("length", "expected"),
    [(400, [1.6, 0.8]), (720, [1.0, 0.5]), (1920, [1.0, 0.5, 0.25, 0.125]), (100, [2.0])],
)
def test_copies_shrink_until_one_is_small(length: int, expected: list[float]) -> None:
    assert scales(length, 640, 384) == pytest.approx(expected)


def test_a_copy_is_placed_in_the_middle_at_its_scale_and_found_again() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    canvas, fit = fitted(image, 384, 0.5)
    assert canvas.shape == (384, 384, 3)
    inner = np.argwhere((canvas == 0).all(axis=2))
    assert (inner.max(axis=0) - inner.min(axis=0) + 1).tolist() == [50, 100]
    corners = fit.back(np.array([[fit.left, fit.top, fit.left + 100, fit.top + 50]], np.float32))
    assert corners[0].tolist() == [0, 0, 200, 100]
    assert fitted(image, 384)[1].scale == pytest.approx(1.92)
