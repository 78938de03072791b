"""Frame signals: a frame as the few numbers from which tampering is judged (`core.view`).

Every frame is compared with the one before it; once a second the whole view is measured, on a small
copy. 1.1 ms a second and camera.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size
from edge_agent.core.time import Instant
from edge_agent.core.view import COLUMNS, EDGE_COLUMNS, EDGE_ROWS, ROWS, FrameSignals
from edge_agent.vision.frame import Image
from edge_agent.vision.shrink import shrunk

Map = NDArray[Any]

EVERY = 1.0  # seconds between two looks at the view
_SMALL = Size(160, 90)  # pixels of the small copy: noise and H.264's blocks are averaged away
_LOOKS = 3  # of which the median is taken: who walks by is gone, a cover is there after two
_FLOOR = 12.0  # grey levels added before the logarithm, so that noise in the dark is no edge
_EDGE = 40.0  # Sobel response of a border of about 12 % in brightness, which counts as half
_AROUND = (13, 13)  # points of the edge map: shading and noise that change slowly across it go
_STRIDE = 3  # pixels from one compared pixel to the next
_NOISE = 0.47  # of the difference in fine detail of two looks is in that of the median of three
_LEVELS = np.arange(256, dtype=np.float32)
_LOG = 64.0 * np.log2(_LEVELS + _FLOOR)


class ViewSignals:
    """The signals of one camera's frames."""

    def __init__(self) -> None:
        self._looks: deque[Map] = deque(maxlen=_LOOKS)
        self._before: Map | None = None
        self._changes: list[tuple[float, float]] = []
        self._looked = float("-inf")

    def take(self, image: Image, at: Instant) -> FrameSignals | None:
        """What this frame says of the view; None between two looks and for the first frames."""
        self._compare(image)
        # A tenth of slack: frames of an even stream must not miss their turn by a jitter.
        if at.mono - self._looked < 0.9 * EVERY:
            return None
        self._looked = at.mono
        small = shrunk(image, _SMALL)
        self._looks.append(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)))
        changes, self._changes = self._changes, []
        if len(self._looks) < _LOOKS or not changes:
            return None
        change, stir = min(mean for mean, _ in changes), max(most for _, most in changes)
        return _measured(tuple(self._looks), _colour(small), at, (change, stir))

    def _compare(self, image: Image) -> None:
        """Note how much differs from the frame before; every third pixel tells it."""
        green = np.ascontiguousarray(image[::_STRIDE, ::_STRIDE, 1])
        if self._before is not None and self._before.shape == green.shape:
            apart = cv2.absdiff(green, self._before)
            self._changes.append((float(cv2.mean(apart)[0]), float(apart.max())))
        self._before = green


def _median(a: Map, b: Map, c: Map) -> Map:
    return cv2.max(cv2.min(a, b), cv2.min(cv2.max(a, b), c))


def _measured(
    looks: tuple[Map, ...], colour: float, at: Instant, moves: tuple[float, float]
) -> FrameSignals:
    grey = _median(*looks)
    fine, coarse = _detail(grey)
    noise = _cells(cv2.absdiff(_fine(looks[-1]), _fine(looks[-2])))
    below = np.cumsum(np.bincount(grey.reshape(-1), minlength=256)) / grey.size
    return FrameSignals(
        at=at,
        edges=_edges(grey).tobytes(),
        light=_told(_cells(grey.astype(np.float32))),
        fine=_told(_without(noise, _cells(fine))),
        coarse=_told(_cells(coarse)),
        dim=float(np.searchsorted(below, 0.05)),
        bright=float(np.searchsorted(below, 0.95)),
        colour=colour,
        change=moves[0],
        stir=moves[1],
    )


def _edges(grey: Map) -> Map:
    """Borders by their contrast, not by their brightness: half the light moves no edge."""
    light = cv2.LUT(grey, _LOG)
    strength = np.abs(cv2.Sobel(light, cv2.CV_32F, 1, 0))
    strength += np.abs(cv2.Sobel(light, cv2.CV_32F, 0, 1))
    share = cv2.blur(strength / (strength + _EDGE), (3, 3))
    small = cv2.resize(share, (EDGE_COLUMNS, EDGE_ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(128.0 + 127.0 * (small - cv2.blur(small, _AROUND)), np.uint8)


def _fine(grey: Map) -> Map:
    full = grey.astype(np.float32)
    return np.asarray(full - cv2.GaussianBlur(full, (0, 0), 1.2))


def _detail(grey: Map) -> tuple[Map, Map]:
    """Detail of one to two pixels of the small copy, and of about six: blur takes the first."""
    fine = _fine(grey)
    size = _SMALL.width // 2, _SMALL.height // 2
    half = cv2.resize(grey - fine, size, interpolation=cv2.INTER_AREA)
    return np.abs(fine), cv2.absdiff(half, cv2.GaussianBlur(half, (0, 0), 3.0))


def _without(noise: Map, fine: Map) -> Map:
    """Fine detail without what the sensor's noise, as two looks differ, adds to it."""
    return np.sqrt(np.maximum(0.0, fine * fine - (_NOISE * noise) ** 2))


def _cells(values: Map) -> Map:
    means = cv2.resize(values, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return means.reshape(-1).astype(np.float64)


def _told(cells: Map) -> tuple[float, ...]:
    return tuple(cells.round(3).tolist())


def _colour(small: Map) -> float:
    cells = cv2.resize(small, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA).astype(np.int16)
    spread = np.sort((cells.max(axis=2) - cells.min(axis=2)).reshape(-1))
    return float(spread[-(spread.size // 10)])
