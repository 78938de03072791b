"""A second look at a found face: cut out at one size, read once more, and both answers joined.

The face network answers for places of every size in one pass, so it takes patterns for faces and
confuses how a mask sits; a small network that sees nothing but one face corrects it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import MaskState
from edge_agent.vision.detector.graph import compile_graph, unusable
from edge_agent.vision.facecells import Face
from edge_agent.vision.frame import Image, size_of
from edge_agent.vision.models import CheckedModel

AROUND = 2.0  # the crop's side in face sides
LEAST = 1e-4  # a share of nothing would outvote any other answer


class SecondLook:
    """Input 1 × 3 × side × side; output the shares of worn, absent, incorrect, and of `unknown`:
    nobody's face, or one that cannot be read. Owned by one thread.
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
        self.model = model.mark

    def shares(self, image: Image, face: Box) -> Mapping[MaskState, float]:
        """How likely each state of the face in this box of the picture is; they sum to 1."""
        x, y = face.centre
        half = AROUND * max(face.width, face.height) / 2
        crop = square(image, Box(x - half, y - half, x + half, y + half), self._side)
        if crop is None:
            return {MaskState.UNKNOWN: 1.0}
        self._request.infer([crop[None]], share_inputs=True)
        scores = np.asarray(self._request.get_output_tensor(0).data, np.float32).reshape(-1)
        return dict(zip(self._states, map(float, scores), strict=True))


def joined(face: Face, again: Mapping[MaskState, float], states: Sequence[MaskState]) -> Face:
    """The face as both looks see it: the geometric mean of their shares, `unknown` among them."""
    first = [face.found * face.states[state] for state in states] + [1 - face.found]
    second = [again.get(state, 0.0) for state in (*states, MaskState.UNKNOWN)]
    both = [math.sqrt(max(a, LEAST) * max(b, LEAST)) for a, b in zip(first, second, strict=True)]
    known = sum(both[:-1])
    shares = {state: one / known for state, one in zip(states, both[:-1], strict=True)}
    return Face(face.box, known / sum(both), shares)


def square(image: Image, place: Box, side: int) -> Image | None:
    """A place as a square picture of `side` pixels; what lies beyond the border repeats it.

    None for a place whose centre is outside the picture or that is less than two pixels wide.
    """
    size = size_of(image)
    x, y = place.centre
    span = round(max(place.width, place.height))
    if span < 2 or not (0 <= x < size.width and 0 <= y < size.height):
        return None
    left, top = math.floor(x - span / 2), math.floor(y - span / 2)
    inner = _inside(image, left, top, span, size)
    method = cv2.INTER_AREA if span > side else cv2.INTER_LINEAR
    crop: Image = cv2.resize(inner, (side, side), interpolation=method).astype(np.uint8, copy=False)
    return crop


def _inside(image: Image, left: int, top: int, span: int, size: Size) -> NDArray[Any]:
    right, bottom = left + span, top + span
    inner: NDArray[Any] = image[
        max(top, 0) : min(bottom, size.height), max(left, 0) : min(right, size.width)
    ]
    beyond = (
        max(-top, 0),
        max(bottom - size.height, 0),
        max(-left, 0),
        max(right - size.width, 0),
    )
    return cv2.copyMakeBorder(inner, *beyond, cv2.BORDER_REPLICATE) if any(beyond) else inner
