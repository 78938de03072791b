"""Runs the face network: in a head crop of the main stream, or over a whole picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import MaskState
from edge_agent.vision.detector.graph import compile_graph, unusable
from edge_agent.vision.facecells import (
    BINS,
    Face,
    decode,
    fitted,
    merged,
    scales,
    side_of,
    tiles,
    window,
)
from edge_agent.vision.frame import Image, size_of
from edge_agent.vision.models import CheckedModel

CROP, COPY, PICTURE = 160, 384, 640  # sides of the inputs, in pixels
SMALL, LARGE = 120.0, 40.0  # pixels of an input: what a copy leaves to the next smaller one
FLOOR = 0.05


class FaceFinder:
    """Input 1 × 3 × side × side, output (64 + states) × cells. Owned by one thread."""

    def __init__(self, model: CheckedModel, vision: Vision) -> None:
        self._model, self._vision = model, vision
        try:
            self.states = tuple(MaskState(label) for label in model.labels)
        except ValueError as error:
            raise unusable(model, str(error)) from error
        self.model = model.mark
        self._requests: dict[int, Any] = {}
        self._request(CROP)

    def near(self, image: Image, place: Box) -> list[Face]:
        """The faces in one place of a picture (its pixels), best first; as large as they get."""
        part, inside = window(image, place)
        if min(part.shape[:2]) < 2:
            return []
        return [_moved(face, inside) for face in self._look(part, CROP)]

    def everywhere(self, image: Image) -> list[Face]:
        """All faces of a whole picture, best first: small ones in windows at its own size (small
        pictures enlarged), larger ones in ever smaller copies.
        """
        size = size_of(image)
        levels = scales(max(size.width, size.height), PICTURE, COPY)
        faces = []
        for scale in levels:
            low = 0.0 if scale == levels[0] else LARGE / scale
            high = math.inf if scale == levels[-1] else SMALL / scale
            faces += [f for f in self._at(image, size, scale) if low <= side_of(f.box) <= high]
        return merged(faces)

    def _at(self, image: Image, size: Size, scale: float) -> list[Face]:
        side = COPY if scale * max(size.width, size.height) <= COPY else PICTURE
        found = []
        for box in tiles(size, side, scale):
            part, place = window(image, box)
            found += [_moved(face, place) for face in self._look(part, side, scale)]
        return found

    def _look(self, part: Image, side: int, scale: float | None = None) -> list[Face]:
        canvas, fit = fitted(part, side, scale)
        request = self._request(side)
        request.infer([canvas[None]], share_inputs=True)
        raw = np.asarray(request.get_output_tensor(0).data, np.float32)[0]
        return decode(raw, Size(side, side), fit, size_of(part), self.states, FLOOR)

    def _request(self, side: int) -> Any:
        if side not in self._requests:
            compiled = compile_graph(self._model, self._vision, Size(side, side))
            rows = list(compiled.output(0).shape)[1]
            if rows != 4 * BINS + len(self.states):
                raise unusable(self._model, f"{rows} rows, labels {list(self._model.labels)}")
            self._requests[side] = compiled.create_infer_request()
        return self._requests[side]


def _moved(face: Face, place: Box) -> Face:
    return Face(face.box.moved(place.x1, place.y1), face.found, face.states)
