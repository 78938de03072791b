"""Crowds for training: who can be cut out, and whose box is asked for when others stand before."""

import cv2
import numpy as np
import pytest

from models.train.crowd import Cutout, crowded, cutouts_of
from models.train.degrade import Rng

WALL, COAT = (150, 160, 170), (40, 60, 200)
STANDING = np.array([[100.0, 40.0, 160.0, 200.0]])


def rng(seed: int) -> Rng:
    return np.random.default_rng(seed)


def somebody(box: np.ndarray, size: tuple[int, int] = (240, 320)) -> np.ndarray:
    """A figure in a coat before a wall, both a little uneven."""
    image = np.full((*size, 3), WALL, np.uint8)
    x1, y1, x2, y2 = box.astype(int)
    middle, head = (x1 + x2) // 2, (x2 - x1) // 4
    cv2.circle(image, (middle, y1 + head), head, COAT, cv2.FILLED)
    cv2.rectangle(image, (x1, y1 + 2 * head), (x2 - 1, y1 + 5 * head), COAT, cv2.FILLED)
    cv2.rectangle(image, (middle - head, y1 + 2 * head), (middle + head, y2 - 1), COAT, cv2.FILLED)
    noise = rng(1).normal(0, 3, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def test_who_stands_whole_and_alone_is_cut_out_along_the_outline() -> None:
    (one,) = cutouts_of([(somebody(STANDING[0]), STANDING)])
    height, width = one.body.shape
    assert height == pytest.approx(200, abs=4)
    assert width == pytest.approx(75, abs=4)
    assert np.abs(one.image[one.body > 0].astype(int) - COAT).mean() < 12
    assert one.body[:20, :10].max() == 0  # beside the head is wall


@pytest.mark.parametrize(
    "boxes",
    [
        np.array([[0.0, 40.0, 60.0, 200.0]]),  # cut by the picture's edge
        np.array([[100.0, 100.0, 160.0, 200.0]]),  # broad: not whole
        np.array([[100.0, 140.0, 125.0, 200.0]]),  # too small to be shown again
        np.array([[100.0, 40.0, 160.0, 200.0], [140.0, 40.0, 200.0, 200.0]]),  # not alone
        np.zeros((0, 4)),
    ],
    ids=["cut", "broad", "small", "not alone", "nobody"],
)
def test_nobody_else_is(boxes: np.ndarray) -> None:
    image = somebody(boxes[0]) if len(boxes) else somebody(STANDING[0])
    assert cutouts_of([(image, boxes)]) == []


def post() -> Cutout:
    """A "person" that is a plain post, five times as high as wide."""
    return Cutout(np.full((200, 40, 3), COAT, np.uint8), np.full((200, 40), 255, np.uint8))


@pytest.mark.parametrize("seed", range(8))
def test_who_is_half_hidden_keeps_the_box_of_the_whole_body(seed: int) -> None:
    bare = np.full((384, 640, 3), WALL, np.uint8)
    canvas, boxes = crowded(bare, np.zeros((0, 4), np.float32), [post()], rng(seed))
    assert (bare == WALL).all()
    assert len(boxes)
    inside = boxes[(boxes[:, 0] > 0) & (boxes[:, 2] < 640) & (boxes[:, 3] < 384)]
    width, height = (inside[:, 2:] - inside[:, :2]).T
    assert np.abs(width - height / 5).max(initial=0) <= 1.5
    for x1, y1, x2, y2 in boxes.astype(int):
        assert (canvas[y1:y2, x1:x2] != WALL).any(axis=2).mean() > 0.9


def test_a_person_of_the_picture_who_disappears_behind_a_crowd_is_not_asked_for() -> None:
    bare = np.full((384, 640, 3), WALL, np.uint8)
    tiles = [[x, y, x + 8, y + 8] for x in range(0, 640, 8) for y in range(0, 384, 8)]
    behind = np.array(tiles, np.float32)
    canvas, boxes = crowded(bare, behind, [post()], rng(3))
    kept = {tuple(box) for box in boxes.astype(int).tolist()} & {tuple(box) for box in tiles}
    for x1, y1, x2, y2 in tiles:
        hidden = (canvas[y1:y2, x1:x2] != WALL).any(axis=2).mean()
        assert ((x1, y1, x2, y2) in kept) == (hidden <= 0.7)
