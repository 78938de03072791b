"""The optional detector: a `.pt` file on Ultralytics and PyTorch (extra `yolo`, AGPL-3.0).

Only the network is Ultralytics' here. Its `predict()` is not used: that imports torchvision, which
does not load beside CPU builds of PyTorch, and letterbox and suppression are the same as
OpenVINO's anyway, so both backends agree.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.config.environment import quiet_ultralytics
from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Size
from edge_agent.core.perception import Detection
from edge_agent.core.trouble import Trouble
from edge_agent.vision.detector.boxes import floor_of, letterbox, persons
from edge_agent.vision.detector.graph import unusable
from edge_agent.vision.detector.shapes import input_for
from edge_agent.vision.frame import Image, size_of
from edge_agent.vision.models import PERSON, CheckedModel

_SIZE = Size(640, 384)  # the own input of the OpenVINO export


class UltralyticsDetector:
    """Persons by a YOLO network in PyTorch, on the CPU."""

    def __init__(self, model: CheckedModel, vision: Vision, scratch: Path) -> None:
        quiet_ultralytics(scratch)
        try:
            # Heavy, optional, and only to be imported when the environment says so.
            import torch  # noqa: PLC0415
            from ultralytics.models import YOLO  # noqa: PLC0415
        except ImportError as error:
            raise _not_installed() from error
        torch.set_num_threads(vision.threads)
        try:
            network: Any = YOLO(str(model.path)).model
        except (RuntimeError, ValueError, TypeError, OSError, pickle.UnpicklingError) as error:
            raise unusable(model, str(error)) from error
        self._torch = torch
        self._network = network.float().fuse().eval()
        names = list(dict(network.names).values())
        if PERSON not in names:
            raise unusable(model, f"labels {names[:5]}")
        self._column = names.index(PERSON)
        self._floor = floor_of(model)
        self._model = model.mark
        if self._run(np.zeros((_SIZE.height, _SIZE.width, 3), np.uint8)).shape[0] != 4 + len(names):
            raise unusable(model, "not a YOLO head with one row a class")

    @property
    def model(self) -> str:
        """Name and hash of the weights."""
        return self._model

    def detect(self, image: Image) -> list[Detection]:
        """The persons of a BGR picture of any size, best score first."""
        canvas, fit = letterbox(image, input_for(size_of(image), _SIZE))
        return persons(self._run(canvas), self._column, self._floor, fit, size_of(image))

    def _run(self, canvas: Image) -> Any:
        """The network's rows, (4 + classes) × n, for one canvas."""
        torch = self._torch
        rgb = np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1))
        with torch.inference_mode():
            output = self._network(torch.from_numpy(rgb)[None].float() / 255.0)
        return (output[0] if isinstance(output, tuple | list) else output)[0].numpy()


def _not_installed() -> Trouble:
    return Trouble(
        "model.backend_missing",
        "vision.backend là ultralytics nhưng gói này chưa được cài. Chạy: "
        "pip install edge-agent[yolo], hoặc đặt vision.backend: openvino.",
        "vision.backend is ultralytics, which is not installed. Run: pip install "
        "edge-agent[yolo], or set vision.backend: openvino.",
    )
