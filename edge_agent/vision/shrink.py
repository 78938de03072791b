"""A small copy of a picture, for what looks at the whole of it."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.core.geometry import Size
from edge_agent.vision.frame import Image


def shrunk(image: Image, to: Size) -> Image:
    """The picture in a smaller size, every pixel the mean of those that it stands for.

    By half first where that is exact: the mean of two by two has code of its own in OpenCV, and
    both steps together take a third of one (0.08 instead of 0.25 ms from 640 × 360 to 160 × 90).
    """
    height, width = image.shape[:2]
    if height % 2 == width % 2 == 0 and width >= 2 * to.width and height >= 2 * to.height:
        image = _resized(image, Size(width // 2, height // 2))
    return _resized(image, to)


def _resized(image: Image, to: Size) -> Image:
    small = cv2.resize(image, (to.width, to.height), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False)
