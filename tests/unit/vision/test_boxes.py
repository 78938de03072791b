"""Letterbox, suppression, and rows back into boxes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.geometry import Box, Size
from edge_agent.vision.detector.boxes import PAD, Letterbox, letterbox, persons, suppress
from tests.unit.vision.pictures import noise, scene

INPUT = Size(640, 384)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (640, 360, Letterbox(1.0, 0, 12)),
        (1280, 720, Letterbox(0.5, 0, 12)),
        (1920, 1080, Letterbox(1 / 3, 0, 12)),
        (384, 384, Letterbox(1.0, 128, 0)),
        (360, 640, Letterbox(0.6, 212, 0)),
        (160, 120, Letterbox(3.2, 64, 0)),
        (3840, 2160, Letterbox(1 / 6, 0, 12)),
    ],
)
def test_a_picture_is_centred_in_the_input(width: int, height: int, expected: Letterbox) -> None:
    canvas, fit = letterbox(noise(width, height), INPUT)
    assert canvas.shape == (384, 640, 3)
    assert (fit.left, fit.top) == (expected.left, expected.top)
    assert fit.scale == pytest.approx(expected.scale)


def test_a_picture_of_the_right_width_keeps_its_pixels_and_gets_grey_bars() -> None:
    image = noise()
    canvas, _ = letterbox(image, INPUT)
    assert (canvas[12:372] == image).all()
    assert (canvas[:12] == PAD).all()
    assert (canvas[372:] == PAD).all()


@given(
    st.integers(40, 4000),
    st.integers(40, 4000),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_boxes_survive_the_way_in_and_back(width: int, height: int, share: list[float]) -> None:
    scale = min(INPUT.width / width, INPUT.height / height)
    fit = Letterbox(scale, 7, 9)
    box = np.array([[share[0] * width, share[1] * height, share[2] * width, share[3] * height]])
    there = (box * scale + [7, 9, 7, 9]).astype(np.float32)
    assert np.allclose(fit.back(there), box, atol=0.01 + 1e-4 * max(width, height))


@pytest.mark.parametrize(
    ("boxes", "scores", "kept"),
    [
        ([], [], []),
        ([[0, 0, 10, 10]], [0.9], [0]),
        ([[0, 0, 10, 10], [1, 0, 11, 10]], [0.5, 0.9], [1]),
        ([[0, 0, 10, 10], [20, 0, 30, 10]], [0.5, 0.9], [1, 0]),
        ([[0, 0, 10, 10], [5, 0, 15, 10]], [0.9, 0.5], [0, 1]),
        ([[0, 0, 10, 10], [2, 0, 12, 10], [4, 0, 14, 10]], [0.9, 0.8, 0.7], [0, 2]),
        ([[0, 0, 10, 10], [0, 0, 10, 10]], [0.5, 0.5], [0]),
    ],
)
def test_of_boxes_on_one_person_the_best_is_kept(
    boxes: list[list[float]], scores: list[float], kept: list[int]
) -> None:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    assert suppress(array, np.array(scores, np.float32)) == kept


@given(
    st.lists(
        st.tuples(st.floats(0, 600), st.floats(0, 300), st.floats(1, 200), st.floats(1, 200)),
        max_size=30,
    )
)
def test_kept_boxes_never_overlap_more_than_allowed(
    corners: list[tuple[float, float, float, float]],
) -> None:
    boxes = np.array([[x, y, x + w, y + h] for x, y, w, h in corners], np.float32).reshape(-1, 4)
    scores = np.linspace(1, 0.1, len(boxes), dtype=np.float32)
    kept = [Box(*(float(value) for value in boxes[index])) for index in suppress(boxes, scores)]
    assert bool(kept) == bool(corners)
    assert all(
        one.iou(other) <= 0.601 for index, one in enumerate(kept) for other in kept[index + 1 :]
    )


def test_rows_of_the_network_become_persons_of_the_picture() -> None:
    image = scene()
    _, fit = letterbox(image, INPUT)
    rows = np.array(
        [
            [100, 200, 40, 80, 0.02, 0.9],  # class 1 is the person
            [101, 201, 40, 80, 0.02, 0.8],
            [400, 200, 40, 80, 0.99, 0.05],
            [0, 200, 40, 80, 0.0, 0.3],
        ],
        np.float32,
    )
    found = persons(rows.T, 1, 0.1, fit, Size(640, 360))
    assert [round(one.score, 2) for one in found] == [0.9, 0.3]
    assert found[0].box == Box(80, 148, 120, 228)
    assert found[1].box == Box(0, 148, 20, 228)
