"""Frame signals: what a frame says of the view, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest

from edge_agent.core.time import Instant
from edge_agent.core.view import COLUMNS, EDGE_COLUMNS, EDGE_ROWS, ROWS, FrameSignals
from edge_agent.vision.frame import Image
from edge_agent.vision.signals import ViewSignals

START = Instant(datetime(2026, 11, 28, tzinfo=UTC), 50.0)


def room(width: int = 640, height: int = 360) -> Image:
    """Something with borders everywhere, coloured."""
    draw, picture = np.random.default_rng(3), np.zeros((height, width, 3), np.uint8)
    for _ in range(400):
        x, y = (float(part) for part in draw.uniform(-0.1, 1.0, 2))
        w, h = (float(part) for part in draw.uniform(0.02, 0.2, 2))
        corners = [(round(a * width), round(b * height)) for a, b in ((x, y), (x + w, y + h))]
        colour = tuple(int(part) for part in draw.integers(20, 230, 3))
        cv2.rectangle(picture, corners[0], corners[1], colour, -1)
    return picture


def measured(*pictures: Image) -> FrameSignals:
    """The signals of the last of these pictures, a second apart."""
    signals = ViewSignals()
    found = [signals.take(picture, START.plus(i)) for i, picture in enumerate(pictures)]
    last = found[-1]
    assert last is not None
    return last


def still(picture: Image) -> FrameSignals:
    return measured(*[picture] * 4)


def edges(signals: FrameSignals) -> Any:
    return np.frombuffer(signals.edges, np.uint8).astype(float)


def test_the_first_looks_say_nothing_and_then_one_comes_each_second() -> None:
    signals, picture = ViewSignals(), room()
    found = [signals.take(picture, START.plus(i / 5)) is not None for i in range(31)]
    assert sum(found) == 5
    assert not any(found[:10])


@pytest.mark.parametrize("size", [(640, 360), (3840, 2160), (160, 120), (360, 640)])
def test_any_picture_gives_maps_of_the_same_shape(size: tuple[int, int]) -> None:
    signals = still(room(*size))
    assert len(signals.edges) == EDGE_COLUMNS * EDGE_ROWS
    assert len(signals.light) == len(signals.fine) == len(signals.coarse) == COLUMNS * ROWS


def test_half_the_light_moves_no_border() -> None:
    bright = room()
    dim = (bright * 0.5).astype(np.uint8)
    agreement = np.corrcoef(edges(still(bright)), edges(still(dim)))[0, 1]
    assert agreement > 0.95


def test_blur_takes_the_fine_detail_and_leaves_the_coarse() -> None:
    sharp, soft = still(room()), still(np.asarray(cv2.GaussianBlur(room(), (0, 0), 6), np.uint8))
    assert np.median(soft.fine) < 0.5 * np.median(sharp.fine)
    assert np.median(soft.coarse) > 0.6 * np.median(sharp.coarse)


def test_noise_is_no_detail() -> None:
    draw = np.random.default_rng(1)

    def night() -> Image:
        return np.asarray(np.clip(draw.normal(60, 12, (360, 640, 3)), 0, 255), np.uint8)

    assert np.median(measured(*[night() for _ in range(4)]).fine) < 0.5


def test_a_grey_picture_has_no_colour() -> None:
    grey = cv2.cvtColor(cv2.cvtColor(room(), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert still(np.asarray(grey, np.uint8)).colour < 1.0
    assert still(room()).colour > 20.0


def test_who_walks_by_is_not_in_the_view() -> None:
    empty, busy = room(), room()
    busy[100:300, 300:360] = 255
    assert measured(empty, empty, busy, empty, empty).light == still(empty).light


def test_equal_pictures_do_not_change_and_one_digit_stirs() -> None:
    ticked = room()
    ticked[10:20, 10:18] = 255 - ticked[10:20, 10:18]
    same, other = still(room()), measured(room(), room(), room(), ticked)
    assert (same.change, same.stir) == (0.0, 0.0)
    assert other.stir > 24.0
