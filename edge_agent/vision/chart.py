"""Charts over a camera's picture: a grid to read pixels from, and the error of a calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from edge_agent.vision.frame import Image

_STEP = 10  # lines over the longer side, rounded to a number that is easy to count
_INK, _SHADE = (60, 255, 255), (0, 0, 0)  # BGR
GOOD, FAIR = 0.15, 0.40  # metres for two people 2 m apart: green, amber, beyond it red
_LIGHTS = ((GOOD, (70, 170, 60)), (FAIR, (0, 170, 240)), (math.inf, (50, 50, 220)))


def gridded(image: Image) -> bytes:
    """The picture with numbered lines every so many pixels (PNG); it keeps its size."""
    drawn = image.copy()
    height, width = drawn.shape[:2]
    step = grid_step(max(width, height))
    for x in range(0, width, step):
        cv2.line(drawn, (x, 0), (x, height), _INK, 1)
        _word(drawn, str(x), (x + 3, 14))
    for y in range(0, height, step):
        cv2.line(drawn, (0, y), (width, y), _INK, 1)
        _word(drawn, str(y), (3, y + 14))
    return _png(drawn)


def grid_step(side: int) -> int:
    """Pixels between two lines for a picture of this longer side: 20, 25, 50, 100, …"""
    wanted = side / _STEP
    unit = 10 ** math.floor(math.log10(max(wanted, 10)))
    return int(min((unit * n for n in (1, 2, 2.5, 5, 10)), key=lambda step: abs(step - wanted)))


def error_chart(
    image: Image, errors: Sequence[Sequence[float]], marks: Sequence[tuple[float, float]]
) -> bytes:
    """The picture under cells coloured by the error of a distance of 2 m in metres (PNG): green,
    amber, red, clear where the floor is not known; the centimetres in each, and the marked points.
    """
    height, width = image.shape[:2]
    tall, wide = height / len(errors), width / len(errors[0])
    veil = image.copy()
    for row, cells in enumerate(errors):
        for column, error in enumerate(cells):
            if math.isfinite(error):
                corner = (round(column * wide), round(row * tall))
                opposite = (round((column + 1) * wide), round((row + 1) * tall))
                cv2.rectangle(veil, corner, opposite, _light(error), -1)
    drawn = np.asarray(cv2.addWeighted(image, 0.55, veil, 0.45, 0), np.uint8)
    for row, cells in enumerate(errors):
        for column, error in enumerate(cells):
            if math.isfinite(error):
                where = (round(column * wide) + 3, round((row + 0.65) * tall))
                _word(drawn, f"{error * 100:.0f}", where)
    for number, (x, y) in enumerate(marks, start=1):
        cv2.drawMarker(drawn, (round(x), round(y)), _INK, cv2.MARKER_CROSS, 18, 2)
        _word(drawn, str(number), (round(x) + 8, round(y) - 8))
    return _png(drawn)


def _light(error: float) -> tuple[int, int, int]:
    return next(colour for limit, colour in _LIGHTS if error <= limit)


def _word(image: Image, text: str, where: tuple[int, int]) -> None:
    size = max(0.38, image.shape[1] / 2600)
    for colour, thick in ((_SHADE, 3), (_INK, 1)):
        cv2.putText(image, text, where, cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick, cv2.LINE_AA)


def _png(image: Image) -> bytes:
    _done, data = cv2.imencode(".png", image)
    return np.asarray(data).tobytes()
