"""Writes the face network as an OpenVINO graph that ends before its boxes are decoded."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import openvino as ov
import torch

from models.train.facejudge import STATES
from models.train.manifest import FOLDER, put, variant
from models.train.second import LABELS, SIDE

PICTURES = (
    "the train splits of masks_kaggle853 (CC0) and masks_ilc (no licence stated, images not "
    "published); repeated pictures removed by perceptual hash."
)


class Undecoded(torch.nn.Module):
    """The network up to its heads: 1 × (64 + states) × cells, for any input size."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).float().eval()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Distances and state logits of every cell, strides 8, 16, 32 one after another."""
        kept: list[torch.Tensor] = []
        x = images
        for module in self.network.model[:-1]:
            if module.f != -1:
                wanted = [module.f] if isinstance(module.f, int) else module.f
                found = [x if index == -1 else kept[index] for index in wanted]
                x = found[0] if isinstance(module.f, int) else found
            x = module(x)
            kept.append(x)
        head = self.network.model[-1]
        parts = [
            torch.cat([head.cv2[row](kept[index]), head.cv3[row](kept[index])], 1).flatten(2)
            for row, index in enumerate(head.f)
        ]
        return torch.cat(parts, 2)


def save(network: Any, path: Path) -> None:
    """The graph at `path` (.xml), weights stored in half precision beside it."""
    example = torch.zeros(1, 3, 320, 320)
    with torch.no_grad():
        graph = ov.convert_model(Undecoded(network), example_input=example, input=[1, 3, -1, -1])
    graph.inputs[0].get_tensor().set_names({"images"})
    graph.inputs[0].get_node().set_friendly_name("images")
    graph.outputs[0].get_tensor().set_names({"cells"})
    ov.save_model(graph, path, compress_to_fp16=True)


def save_second(network: Any, path: Path) -> None:
    """The second look as a graph of fixed size; its answer is shares, not logits."""
    whole = torch.nn.Sequential(copy.deepcopy(network).float().eval(), torch.nn.Softmax(1))
    with torch.no_grad():
        graph = ov.convert_model(
            whole, example_input=torch.zeros(1, 3, SIDE, SIDE), input=[1, 3, SIDE, SIDE]
        )
    graph.inputs[0].get_tensor().set_names({"images"})
    graph.inputs[0].get_node().set_friendly_name("images")
    graph.outputs[0].get_tensor().set_names({"shares"})
    ov.save_model(graph, path, compress_to_fp16=True)


def export(
    face: Path, mask: Path, platt: tuple[float, float], thresholds: dict[str, float]
) -> None:
    """Put both scored graphs into the product: their files and manifest entries."""
    for name, graph, entry in (
        ("face", face, FACE_ENTRY),
        ("mask", mask, MASK_ENTRY | {"platt": list(platt), "thresholds": thresholds}),
    ):
        files = [f"{name}.fp32.xml", f"{name}.fp32.bin"]
        for file in files:
            shutil.copyfile(graph.with_suffix(Path(file).suffix), FOLDER / file)
        put(name, entry | {"variants": {"fp32": variant("openvino", files)}})


IMAGES = {"name": "images", "layout": "NCHW", "color": "RGB", "scale": "0..1"}
FACE_ENTRY: dict[str, Any] = {
    "default": "fp32",
    "labels": list(STATES),
    "input": IMAGES
    | {
        "shape": [1, 3, "multiple of 32", "multiple of 32"],
        "resize": "letterbox",
        "align": "center",
        "pad": 114,
    },
    "output": {
        "name": "cells",
        "shape": [1, 67, "cells of strides 8, 16, 32"],
        "rows": ["4 x 16 bins of the distances to left, top, right, bottom", *STATES],
        "units": "logits; distances in strides",
    },
    "licence": "AGPL-3.0-or-later",
    "provenance": "Start: YOLO11n COCO weights (Ultralytics, AGPL-3.0), a new head for three "
    "states. models/train/face.py (seed 20231, 2026-11-28, 2-core CPU) on canvases of " + PICTURES,
}
MASK_ENTRY: dict[str, Any] = {
    "default": "fp32",
    "labels": list(LABELS),
    "input": IMAGES | {"shape": [1, 3, SIDE, SIDE], "resize": "square, twice the face's side"},
    "output": {"name": "shares", "shape": [1, len(LABELS)], "units": "shares that sum to 1"},
    "licence": "AGPL-3.0-or-later",
    "provenance": "Start: backbone of YOLO11n COCO weights (Ultralytics, AGPL-3.0). "
    "models/train/second.py (seed 20232, 2026-11-28, 2-core CPU) on faces of " + PICTURES + " Also "
    "mask_crops (MIT repository, photo rights unknown; images not published). Calibration and "
    "thresholds, of both networks together: the held-out fold of train.",
}
