"""The default detector: a YOLO graph on OpenVINO."""

from __future__ import annotations

from typing import Any

from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Size
from edge_agent.core.perception import Detection
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.logs import log
from edge_agent.vision.detector.boxes import floor_of, letterbox, persons
from edge_agent.vision.detector.graph import compile_graph, unusable
from edge_agent.vision.detector.shapes import input_for
from edge_agent.vision.frame import Image, size_of
from edge_agent.vision.models import PERSON, CheckedModel

_MOST = 3  # shapes of pictures that are kept compiled, about 30 MB each; the oldest goes


class OpenVinoDetector:
    """Persons by a YOLO graph: input 1 × 3 × height × width, output 1 × (4 + labels) × n.

    Compiled again for every other shape of picture that comes; a graph that has no other size
    looks at all of them in its own.
    """

    def __init__(self, model: CheckedModel, vision: Vision) -> None:
        compiled = compile_graph(model, vision)
        try:
            _, height, width, channels = compiled.input().shape
            shape = list(compiled.output(0).shape)
        except (RuntimeError, ValueError) as error:  # several inputs, or sizes that are left open
            raise unusable(model, str(error)) from error
        if channels != 3 or len(shape) != 3 or shape[1] != 4 + len(model.labels):
            raise unusable(model, f"output {shape}, labels {list(model.labels)}")
        if PERSON not in model.labels:
            raise unusable(model, f"labels {list(model.labels)}")
        self._given, self._vision = model, vision
        self._own = Size(width, height)
        self._requests: dict[Size, Any] = {self._own: compiled.create_infer_request()}
        self._one_size = False
        self._column = model.labels.index(PERSON)
        self._floor = floor_of(model)

    @property
    def model(self) -> str:
        """Name and hash of the weights."""
        return self._given.mark

    def detect(self, image: Image) -> list[Detection]:
        """The persons of a BGR picture of any size, best score first."""
        request, size = self._ready(input_for(size_of(image), self._own))
        canvas, fit = letterbox(image, size)
        request.infer([canvas[None]], share_inputs=True)
        output = request.get_output_tensor(0).data[0]
        return persons(output, self._column, self._floor, fit, size_of(image))

    def _ready(self, size: Size) -> tuple[Any, Size]:
        """The network for this input, or for its own where it has no other."""
        if size not in self._requests and not self._one_size:
            self._compile(size)
        if size not in self._requests:
            size = self._own
        return self._requests[size], size

    def _compile(self, size: Size) -> None:
        try:
            compiled = compile_graph(self._given, self._vision, size)
        except (ValueError, Trouble) as error:
            self._one_size = True
            log.warning(
                "model.one_size", model=self._given.mark, error=" ".join(str(error).split())
            )
            return
        others = [known for known in self._requests if known != self._own]
        if len(others) >= _MOST:
            del self._requests[others[0]]
        self._requests[size] = compiled.create_infer_request()
