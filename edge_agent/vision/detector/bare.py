"""A model by itself: pictures in, its raw answers out. For trials, where nobody reads them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Size
from edge_agent.vision.detector.graph import compile_graph, unusable
from edge_agent.vision.frame import Image
from edge_agent.vision.models import CheckedModel

OPEN = Size(160, 160)  # for a graph that takes any size


class BareModel:
    """An OpenVINO graph with one picture as input, whatever it answers.

    Raises Trouble `model.unusable` when it does not run here.
    """

    def __init__(self, model: CheckedModel, vision: Vision) -> None:
        compiled = compile_graph(model, vision)
        if compiled.input().partial_shape.is_dynamic:
            compiled = compile_graph(model, vision, OPEN)
        try:
            _, self._height, self._width, self._channels = compiled.input().shape
            shapes = [list(one.shape) for one in compiled.outputs]
        except (RuntimeError, ValueError) as error:
            raise unusable(model, str(error)) from error
        taken = [1, self._channels, self._height, self._width]
        self.form = f"{taken} → {' '.join(map(str, shapes))}"
        self._request: Any = compiled.create_infer_request()

    def look(self, image: Image) -> list[NDArray[Any]]:
        """Every output for this picture, stretched into the input."""
        fitted = cv2.resize(image, (self._width, self._height), interpolation=cv2.INTER_AREA)
        self._request.infer([np.ascontiguousarray(fitted)[None]])
        return [np.array(one.data) for one in self._request.output_tensors]
