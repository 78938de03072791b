"""Faces and how their masks are worn, from the undecoded output of the face network (pure).

The graph ends before its boxes are decoded, so that it takes any input whose sides are multiples of
32: a head crop costs a hundredth of a picture. Where no face is found there is no mask state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import MaskState
from edge_agent.vision.detector.boxes import PAD, Letterbox, letterbox, suppress
from edge_agent.vision.frame import Image, size_of

Rows = NDArray[np.float32]

STRIDES = (8, 16, 32)
BINS = 16  # of the distribution that a side's distance is read from (generalised focal loss)
OVERLAP = 0.45
INSIDE = 0.7


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture's pixels; `found` is the score that it is one, `states` how likely each
    state is (they sum to 1).
    """

    box: Box
    found: float
    states: dict[MaskState, float]

    @property
    def state(self) -> MaskState:
        """The likeliest state."""
        return max(self.states, key=lambda state: self.states[state])

    @property
    def raw(self) -> float:
        """The uncalibrated score of that state: a face, and so worn."""
        return self.found * self.states[self.state]


@cache
def anchors(size: Size) -> tuple[Rows, Rows]:
    """Cell centres (n × 2, input pixels) and strides (n) of an input, in the graph's order."""
    centres, strides = [], []
    for stride in STRIDES:
        ys, xs = np.mgrid[0 : size.height // stride, 0 : size.width // stride]
        centres.append((np.stack([xs.ravel(), ys.ravel()], 1) + 0.5) * stride)
        strides.append(np.full(xs.size, stride))
    return np.concatenate(centres).astype(np.float32), np.concatenate(strides).astype(np.float32)


def decode(
    raw: Rows,
    size: Size,
    fit: Letterbox,
    of: Size,
    states: Sequence[MaskState],
    floor: float,
) -> list[Face]:
    """Faces from the graph's output ((4 × bins + states) × n) of one input, best first."""
    logits = raw[4 * BINS :]
    best = logits.max(axis=0)
    chosen = np.flatnonzero(best >= np.log(floor / (1 - floor)))
    if not len(chosen):
        return []
    centres, strides = (part[chosen] for part in anchors(size))
    sides = _distances(raw[: 4 * BINS, chosen]) * strides[:, None]
    corners = np.concatenate([centres - sides[:, :2], centres + sides[:, 2:]], axis=1)
    corners, found = fit.back(corners), 1 / (1 + np.exp(-best[chosen]))
    likely = _softmax(logits[:, chosen])
    faces = []
    for index in suppress(corners, found, OVERLAP):
        box = Box(*(float(value) for value in corners[index])).clipped(of)
        if box.area > 0:
            shares = dict(zip(states, map(float, likely[:, index]), strict=True))
            faces.append(Face(box, float(found[index]), shares))
    return faces


def _distances(bins: Rows) -> Rows:
    """Left, top, right, bottom in strides (n × 4): the mean of each side's distribution."""
    spread = _softmax(bins.reshape(4, BINS, -1).transpose(1, 0, 2))
    means: Rows = np.tensordot(np.arange(BINS, dtype=np.float32), spread, axes=1).T
    return means


def _softmax(values: Rows) -> Rows:
    raised = np.exp(values - values.max(axis=0, keepdims=True))
    shares: Rows = raised / raised.sum(axis=0, keepdims=True)
    return shares


def tiles(size: Size, side: int, scale: float, lap: float = 0.2) -> Iterator[Box]:
    """The windows of a picture of `size` that become inputs of `side` pixels at `scale`, in the
    picture's pixels, overlapping by `lap` of their side.
    """
    span = side / scale
    for top in _starts(size.height, span, lap):
        for left in _starts(size.width, span, lap):
            yield Box(left, top, min(left + span, size.width), min(top + span, size.height))


def _starts(length: float, span: float, lap: float) -> list[float]:
    if length <= span:
        return [0.0]
    count = int(np.ceil((length - span) / (span * (1 - lap)))) + 1
    return [float(start) for start in np.linspace(0, length - span, count)]


def merged(faces: Sequence[Face], overlap: float = OVERLAP) -> list[Face]:
    """The faces of several windows, each once, best first."""
    if not faces:
        return []
    boxes = np.array([(f.box.x1, f.box.y1, f.box.x2, f.box.y2) for f in faces], np.float32)
    scores = np.array([face.found for face in faces], np.float32)
    return [faces[index] for index in suppress(boxes, scores, overlap)]


def distinct(faces: Sequence[Face], inside: float = INSIDE) -> list[Face]:
    """Best first, without those that are a part of a better one, or it of them: of a large face
    the windows at the picture's own size see an eye, an ear, a half.
    """
    kept: list[Face] = []
    for face in sorted(faces, key=lambda one: -one.found):
        if all(_shared(face.box, other.box) < inside for other in kept):
            kept.append(face)
    return kept


def _shared(first: Box, second: Box) -> float:
    """The share of the smaller box that lies in the other one."""
    wide = min(first.x2, second.x2) - max(first.x1, second.x1)
    high = min(first.y2, second.y2) - max(first.y1, second.y1)
    return max(wide, 0.0) * max(high, 0.0) / max(min(first.area, second.area), 1e-9)


def scales(length: int, side: int, least: int) -> list[float]:
    """The copies of a picture `length` pixels long to look at: its own size, or enlarged up to
    twice towards `side`; then halves until one is at most `least` long.
    """
    chosen = [min(max(side / length, 1.0), 2.0)]
    while chosen[-1] * length > least:
        chosen.append(chosen[-1] / 2)
    return chosen


def side_of(box: Box) -> float:
    """The mean side of a face in pixels: by it faces are small or large."""
    return (box.width + box.height) / 2


def fitted(image: Image, side: int, scale: float | None = None) -> tuple[Image, Letterbox]:
    """A window of a picture as an input of `side` × `side`: at this scale or as large as can be."""
    own = size_of(image)
    if scale is None or scale * max(own.width, own.height) >= side:
        return letterbox(image, Size(side, side))
    wide, high = max(1, round(own.width * scale)), max(1, round(own.height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.full((side, side, 3), PAD, np.uint8)
    fit = Letterbox(scale, (side - wide) // 2, (side - high) // 2)
    inner = canvas[fit.top : fit.top + high, fit.left : fit.left + wide]
    cv2.resize(image, (wide, high), dst=inner, interpolation=method)
    return canvas, fit


def window(image: Image, box: Box) -> tuple[Image, Box]:
    """The part of the picture inside a box, and where it really begins and ends."""
    inside = box.clipped(size_of(image))
    x1, y1, x2, y2 = (round(value) for value in (inside.x1, inside.y1, inside.x2, inside.y2))
    return image[y1:y2, x1:x2], Box(x1, y1, x2, y2)


def calibrated(raw: float, platt: tuple[float, float]) -> float:
    """The share of answers with this raw score that are right, as the manifest's figures say."""
    inside = min(max(raw, 1e-6), 1 - 1e-6)
    slope, offset = platt
    return float(1 / (1 + np.exp(-(slope * np.log(inside / (1 - inside)) + offset))))
