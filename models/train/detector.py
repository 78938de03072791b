"""Runs a one-class YOLO graph in OpenVINO the way the product does: letterbox, then NMS."""

from __future__ import annotations

import copy
import time
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
import torch

from edge_agent.vision.detector.graph import engine
from models.train.boxes import suppress

PAD = 114
SIZE = (384, 640)


def letterbox(image: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, float, int, int]:
    """Fits a picture into `size` (height, width), centred on grey; also scale and offsets."""
    height, width = image.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    new = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size[1] - new[0]) // 2, (size[0] - new[1]) // 2
    canvas = np.full((*size, 3), PAD, np.uint8)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas[top : top + new[1], left : left + new[0]] = cv2.resize(image, new, interpolation=method)
    return canvas, scale, left, top


def to_input(canvas: np.ndarray) -> np.ndarray:
    """BGR bytes to the 1x3xHxW RGB 0..1 tensor that the graph takes."""
    rgb = canvas[:, :, ::-1].transpose(2, 0, 1)
    return np.ascontiguousarray(rgb, np.float32)[None] / 255.0


def convert(network: torch.nn.Module, size: tuple[int, int]) -> ov.Model:
    """The Ultralytics module as an OpenVINO graph: `images` in, `output0` out."""
    network = copy.deepcopy(network).float().eval()
    head = network.model[-1]
    head.export, head.format = True, "openvino"
    example = torch.zeros(1, 3, *size)
    network(example)
    with torch.no_grad():
        graph = ov.convert_model(network, example_input=example, input=[1, 3, *size])
    graph.inputs[0].get_tensor().set_names({"images"})
    graph.outputs[0].get_tensor().set_names({"output0"})
    graph.inputs[0].get_node().set_friendly_name("images")
    return graph


class Detector:
    """Finds persons in BGR pictures; rows are x1, y1, x2, y2, score in picture pixels."""

    def __init__(
        self, graph: ov.Model | Path, threads: int = 2, floor: float = 0.05, overlap: float = 0.6
    ) -> None:
        options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self._compiled = engine().compile_model(graph, "CPU", options)
        shape = self._compiled.inputs[0].shape
        self._size = int(shape[2]), int(shape[3])
        self._floor, self._overlap = floor, overlap

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Persons of one picture, best first."""
        canvas, scale, left, top = letterbox(image, self._size)
        rows = self._compiled(to_input(canvas))[0][0].T
        rows = rows[rows[:, 4] >= self._floor]
        half = rows[:, 2:4] / 2
        boxes = np.concatenate([rows[:, :2] - half, rows[:, :2] + half, rows[:, 4:5]], axis=1)
        boxes = suppress(boxes, self._overlap)
        boxes[:, :4] = (boxes[:, :4] - [left, top, left, top]) / scale
        limit = [image.shape[1], image.shape[0]] * 2
        boxes[:, :4] = np.clip(boxes[:, :4], 0, limit)
        return boxes

    def milliseconds(self, rounds: int = 60) -> float:
        """Median time of one bare inference."""
        tensor = np.random.default_rng(0).random((1, 3, *self._size), np.float32)
        spent = []
        for _ in range(rounds):
            start = time.perf_counter()
            self._compiled(tensor)
            spent.append(time.perf_counter() - start)
        return float(np.median(spent) * 1000)
