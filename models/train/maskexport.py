"""Writes the mask-state graphs and their manifest entry."""

from __future__ import annotations

from typing import Any

import openvino as ov
import torch
from rich.console import Console

from models.train.manifest import FOLDER, put, variant
from models.train.masknet import LABELS, SIDE, Calibrated, MaskNet
from models.train.maskscore import Settings

PROVENANCE = (
    "Own network, trained from random weights by models/train/mask.py (2600 steps with "
    "seed 20212, --go-on for 2300 with 20222 and 900 with 20232; 2026-11-24, 2-core CPU) on crops "
    "of the train splits of masks_kaggle853 (CC0) and masks_ilc (no "
    "licence stated, images not published) and on mask_crops (MIT repository, photo rights "
    "unknown, crops not published); repeated pictures removed by perceptual hash. Head places "
    "come from person boxes of the YOLO11n COCO weights."
)


def graph_of(network: MaskNet, temperature: float) -> ov.Model:
    """`images` 1x3x96x96 in, `probabilities` 1x4 out."""
    shipped = Calibrated(network, temperature).eval()
    example = torch.zeros(1, 3, SIDE, SIDE)
    with torch.no_grad():
        graph = ov.convert_model(shipped, example_input=example, input=[1, 3, SIDE, SIDE])
    graph.inputs[0].get_tensor().set_names({"images"})
    graph.inputs[0].get_node().set_friendly_name("images")
    graph.outputs[0].get_tensor().set_names({"probabilities"})
    return graph


def entry(settings: Settings, variants: dict[str, Any]) -> dict[str, Any]:
    """The manifest entry of the mask-state network."""
    return {
        "default": "fp32",
        "labels": list(LABELS),
        "input": {
            "name": "images",
            "shape": [1, 3, SIDE, SIDE],
            "layout": "NCHW",
            "color": "RGB",
            "scale": "0..1",
            "resize": "square crop of head_region; area when it shrinks, linear when it grows",
        },
        "output": {
            "name": "probabilities",
            "shape": [1, 4],
            "rows": list(LABELS),
            "units": "probability, temperature included",
        },
        "temperature": settings.temperature,
        "thresholds": settings.named(),
        "least_face_px": 12,
        "licence": "AGPL-3.0-or-later",
        "provenance": PROVENANCE,
        "variants": variants,
    }


def export(network: MaskNet, settings: Settings, note: Console) -> None:
    """Saves the FP32 graph (weights stored in half precision) and describes it."""
    ov.save_model(
        graph_of(network, settings.temperature), FOLDER / "mask.fp32.xml", compress_to_fp16=True
    )
    files = ["mask.fp32.xml", "mask.fp32.bin"]
    put("mask", entry(settings, {"fp32": variant("openvino", files)}))
    size = sum((FOLDER / name).stat().st_size for name in files)
    parameters = sum(p.numel() for p in network.parameters())
    note.print(f"mask.fp32: {parameters} parameters, {size} bytes")
