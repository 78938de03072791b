"""The motion gate: which frames are worth the detector's time."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size
from edge_agent.vision.frame import Image
from edge_agent.vision.shrink import shrunk

_WIDTH = 160  # pixels of the small grey copy: a person of 30 px in 640 still covers a dozen
_LEVELS = 14  # grey levels out of 255; sensor noise and H.264 pumping stay below
_PIXELS = 8  # changed pixels of the small copy that count as motion
_ADAPTS = 0.2  # share of each new frame in the background, at the camera's full rate
_LINGERS = 2.0  # seconds of full attention after the last motion
_FORCED = 2.0  # seconds after which a still scene is looked at anyway


class MotionGate:
    """Every frame while something moves or somebody is tracked, `idle_fps` otherwise, and a look
    every two seconds whatever the configuration says: a person sitting still is not lost.
    """

    def __init__(self, idle_fps: float) -> None:
        self._idle = min(1.0 / idle_fps, _FORCED)
        self._background: NDArray[np.float32] | None = None
        self._moved = float("-inf")
        self._looked = float("-inf")

    def wants(self, image: Image, mono: float, live: bool) -> bool:
        """Whether to analyse this frame, seen at monotonic second `mono`; `live` says that
        somebody is being tracked.
        """
        if self._moves(image):
            self._moved = mono
        attentive = live or mono - self._moved < _LINGERS
        # A tenth of slack: frames of an even stream must not miss their turn by a jitter.
        if not attentive and mono - self._looked < 0.9 * self._idle:
            return False
        self._looked = mono
        return True

    def _moves(self, image: Image) -> bool:
        """Whether the picture differs from the slowly following background (a new shape,
        or the first picture, does).
        """
        small = _grey(image)
        if self._background is None or self._background.shape != small.shape:
            self._background = small
            return True
        changed = np.count_nonzero(cv2.absdiff(small, self._background) > _LEVELS)
        cv2.accumulateWeighted(small, self._background, _ADAPTS)
        return int(changed) >= _PIXELS


def _grey(image: Image) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    rows = max(1, round(height * _WIDTH / width))
    small = shrunk(image, Size(_WIDTH, rows))
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
