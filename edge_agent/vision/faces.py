"""Mask states: head crops of the main stream, classified one by one."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskReading, MaskState
from edge_agent.vision.detector.graph import compile_graph, unusable
from edge_agent.vision.frame import Image, size_of
from edge_agent.vision.models import CheckedModel

THRESHOLD = 0.5  # for a state whose manifest entry names none


class MaskReader:
    """Reads the mask of one head by a classifier: input 1 × 3 × side × side, output a probability
    a label. Owned by one thread.
    """

    def __init__(self, model: CheckedModel, vision: Vision) -> None:
        compiled = compile_graph(model, vision)
        _, self._side, width, channels = compiled.input().shape
        outputs = int(np.prod(list(compiled.output(0).shape)))
        if channels != 3 or width != self._side or outputs != len(model.labels):
            raise unusable(model, f"{outputs} outputs, labels {list(model.labels)}")
        try:
            self._states = tuple(MaskState(label) for label in model.labels)
        except ValueError as error:
            raise unusable(model, str(error)) from error
        self._request = compiled.create_infer_request()
        self._thresholds = dict(model.thresholds)
        self._model = model.mark

    @property
    def model(self) -> str:
        """Name and hash of the weights."""
        return self._model

    def read(self, image: Image, head: Box) -> MaskReading:
        """The mask state of the head in this square of the picture (its pixels).

        A score below its state's threshold, and a head outside the picture, read as unknown.
        """
        crop = square(image, head, self._side)
        if crop is None:
            return MaskReading(MaskState.UNKNOWN, 0.0, head.width)
        self._request.infer([crop[None]], share_inputs=True)
        scores = np.asarray(self._request.get_output_tensor(0).data, np.float32).reshape(-1)
        return verdict(self._states, scores, self._thresholds, head.width)


def verdict(
    states: tuple[MaskState, ...],
    scores: NDArray[np.float32],
    thresholds: dict[str, float],
    head_px: float,
) -> MaskReading:
    """The likeliest state, or unknown where it is not likely enough."""
    best = int(np.argmax(scores))
    state, score = states[best], float(scores[best])
    if score < thresholds.get(state.value, THRESHOLD):
        return MaskReading(MaskState.UNKNOWN, score, head_px)
    return MaskReading(state, score, head_px)


def square(image: Image, head: Box, side: int) -> Image | None:
    """The head as a square picture of `side` pixels; what lies beyond the border repeats it.

    None for a head whose centre is outside the picture or that is less than two pixels wide.
    """
    size = size_of(image)
    x, y = head.centre
    span = round(max(head.width, head.height))
    if span < 2 or not (0 <= x < size.width and 0 <= y < size.height):
        return None
    left, top = math.floor(x - span / 2), math.floor(y - span / 2)
    right, bottom = left + span, top + span
    inner: Any = image[
        max(top, 0) : min(bottom, size.height), max(left, 0) : min(right, size.width)
    ]
    beyond = (
        max(-top, 0),
        max(bottom - size.height, 0),
        max(-left, 0),
        max(right - size.width, 0),
    )
    if any(beyond):
        inner = cv2.copyMakeBorder(inner, *beyond, cv2.BORDER_REPLICATE)
    method = cv2.INTER_AREA if span > side else cv2.INTER_LINEAR
    crop: Image = cv2.resize(inner, (side, side), interpolation=method).astype(np.uint8, copy=False)
    return crop
