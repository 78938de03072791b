"""The default detector: a YOLO graph on OpenVINO."""

from __future__ import annotations

from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Size
from edge_agent.core.perception import Detection
from edge_agent.vision.detector.boxes import floor_of, letterbox, persons
from edge_agent.vision.detector.graph import compile_graph, unusable
from edge_agent.vision.frame import Image, size_of
from edge_agent.vision.models import PERSON, CheckedModel


class OpenVinoDetector:
    """Persons by a YOLO graph: input 1 × 3 × height × width, output 1 × (4 + labels) × n."""

    def __init__(self, model: CheckedModel, vision: Vision) -> None:
        compiled = compile_graph(model, vision)
        _, height, width, channels = compiled.input().shape
        shape = list(compiled.output(0).shape)
        if channels != 3 or len(shape) != 3 or shape[1] != 4 + len(model.labels):
            raise unusable(model, f"output {shape}, labels {list(model.labels)}")
        if PERSON not in model.labels:
            raise unusable(model, f"labels {list(model.labels)}")
        self._request = compiled.create_infer_request()
        self._size = Size(width, height)
        self._column = model.labels.index(PERSON)
        self._floor = floor_of(model)
        self._model = model.mark

    @property
    def model(self) -> str:
        """Name and hash of the weights."""
        return self._model

    def detect(self, image: Image) -> list[Detection]:
        """The persons of a BGR picture of any size, best score first."""
        canvas, fit = letterbox(image, self._size)
        self._request.infer([canvas[None]], share_inputs=True)
        output = self._request.get_output_tensor(0).data[0]
        return persons(output, self._column, self._floor, fit, size_of(image))
