"""Persons in one picture: the seam, and the backend that the configuration names."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from edge_agent.config.schema import Vision
from edge_agent.core.perception import Detection
from edge_agent.vision.detector import alone  # noqa: F401  (before OpenVINO itself)
from edge_agent.vision.detector.openvino_detector import OpenVinoDetector
from edge_agent.vision.detector.ultralytics_detector import UltralyticsDetector
from edge_agent.vision.frame import Image
from edge_agent.vision.models import CheckedModel


class Detector(Protocol):
    """Finds persons; a fake in `tests/fakes` stands in for it. Owned by one thread."""

    @property
    def model(self) -> str:
        """Name and hash of the weights, as every event states them."""
        ...

    def detect(self, image: Image) -> list[Detection]:
        """The persons of a BGR picture, best score first, boxes inside it in its pixels.

        Down to a quarter of the model's own threshold: the tracker follows a doubtful person on
        but begins no track with one.
        """
        ...


def load_detector(model: CheckedModel, vision: Vision, scratch: Path) -> Detector:
    """The detector of this configuration; `scratch` is a folder that a backend may write to.

    Raises Trouble `model.unusable` for a model that is no person detector, and
    `model.backend_missing` for a backend that is not installed.
    """
    if vision.backend == "ultralytics":
        return UltralyticsDetector(model, vision, scratch)
    return OpenVinoDetector(model, vision)
