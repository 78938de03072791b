"""Around a YOLO network: the picture into its input, its rows back into boxes of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection
from edge_agent.vision.frame import Image, size_of
from edge_agent.vision.models import CheckedModel

Rows = NDArray[np.float32]

PAD = 114  # the grey that the network was trained with
OVERLAP = 0.6  # IoU above which two boxes are one person
MOST = 300  # persons in one picture
THRESHOLD = 0.4  # for a model whose manifest states none
DOUBTFUL = 0.25  # share of the threshold down to which a person is reported (ByteTrack)


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture was fitted into the network's input: scale, then an offset in its pixels."""

    scale: float
    left: int
    top: int

    def back(self, boxes: Rows) -> Rows:
        """Corner boxes (n × 4) of the input in the pixels of the picture."""
        offset = np.array([self.left, self.top, self.left, self.top], np.float32)
        fitted: Rows = (boxes - offset) / np.float32(self.scale)
        return fitted


def floor_of(model: CheckedModel) -> float:
    """The lowest score that a detector reports with this model."""
    return DOUBTFUL * (THRESHOLD if model.threshold is None else model.threshold)


def letterbox(image: Image, size: Size) -> tuple[Image, Letterbox]:
    """The picture centred on grey in a canvas of `size`, its shape kept."""
    own = size_of(image)
    scale = min(size.width / own.width, size.height / own.height)
    wide, high = max(1, round(own.width * scale)), max(1, round(own.height * scale))
    fit = Letterbox(scale, (size.width - wide) // 2, (size.height - high) // 2)
    canvas = np.full((size.height, size.width, 3), PAD, np.uint8)
    inner = canvas[fit.top : fit.top + high, fit.left : fit.left + wide]
    if (wide, high) == (own.width, own.height):
        inner[:] = image
    else:
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        cv2.resize(image, (wide, high), dst=inner, interpolation=method)
    return canvas, fit


def suppress(boxes: Rows, scores: Rows, overlap: float = OVERLAP) -> list[int]:
    """Non-maximum suppression: the indices of the boxes to keep, best score first."""
    order = np.argsort(-scores, kind="stable")[: MOST * 4]
    x1, y1, x2, y2 = boxes[order].T
    areas = np.maximum(x2 - x1, 0) * np.maximum(y2 - y1, 0)
    alive = np.ones(len(order), bool)
    kept: list[int] = []
    for i, index in enumerate(order):
        if not alive[i]:
            continue
        kept.append(int(index))
        wide = np.minimum(x2[i], x2) - np.maximum(x1[i], x1)
        high = np.minimum(y2[i], y2) - np.maximum(y1[i], y1)
        shared = np.maximum(wide, 0) * np.maximum(high, 0)
        alive &= shared <= overlap * (areas[i] + areas - shared)
    return kept[:MOST]


def persons(output: Rows, column: int, floor: float, fit: Letterbox, of: Size) -> list[Detection]:
    """Detections from a network's output (4 + classes) × n: centre x, centre y, width, height in
    input pixels, then a score a class, of which `column` is the person's.
    """
    chosen = np.flatnonzero(output[4 + column] >= floor)
    centres, sizes = output[:2, chosen].T, output[2:4, chosen].T
    corners = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    corners, scores = fit.back(corners), output[4 + column, chosen]
    found = []
    for index in suppress(corners, scores):
        x1, y1, x2, y2 = (float(value) for value in corners[index])
        box = Box(x1, y1, x2, y2).clipped(of)
        if box.area > 0:
            found.append(Detection(box, min(1.0, float(scores[index]))))
    return found
