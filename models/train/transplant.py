"""Turns the 80-class COCO network into a one-class person network of equal quality.

All dealings with Ultralytics are here; its import waits until its settings are made.
"""

from __future__ import annotations

import copy
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from models.train.keeprow import keep_row


def quiet_ultralytics() -> None:
    """Settings that keep Ultralytics from asking the network; call before its import."""
    os.environ.setdefault("YOLO_OFFLINE", "1")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.gettempdir())
    os.environ.setdefault("YOLO_VERBOSE", "false")


def load_network(path: Path) -> Any:
    """The float network of a `.pt` file."""
    quiet_ultralytics()
    from ultralytics import YOLO  # noqa: PLC0415  its settings come first

    return YOLO(str(path)).model.float()


def person_network(coco: Path) -> Any:
    """The COCO network with a head that answers for persons alone.

    The hidden width of the class branch is kept (80 channels), so the person score is the
    COCO person score bit for bit; only the other 79 rows go.
    """
    network = load_network(coco)
    head = network.model[-1]
    for branch in head.cv3:
        old = branch[-1]
        new = torch.nn.Conv2d(old.in_channels, 1, 1)
        new.weight.data, new.bias.data = keep_row(old.weight.data, old.bias.data)
        branch[-1] = new
    head.nc, head.no = 1, 1 + 4 * head.reg_max
    network.yaml["nc"], network.nc = 1, 1
    network.names = {0: "person"}
    return network


def detection_loss(network: Any) -> Any:
    """Ultralytics' loss of box, class and distribution with its usual gains."""
    quiet_ultralytics()
    from ultralytics.utils.loss import v8DetectionLoss  # noqa: PLC0415  its settings come first

    network.args = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5)
    return v8DetectionLoss(network)


def save_network(network: Any, path: Path) -> None:
    """Writes a small checkpoint: half precision, no optimiser, no average copy."""
    quiet_ultralytics()
    from ultralytics import __version__  # noqa: PLC0415  its settings come first

    small = copy.deepcopy(network).half().eval()
    for parameter in small.parameters():
        parameter.requires_grad = False
    small.args = {"task": "detect", "imgsz": 640, "single_cls": False, "model": path.name}
    small.criterion = None
    torch.save(
        {
            "model": small,
            "ema": None,
            "optimizer": None,
            "epoch": -1,
            "updates": None,
            "train_args": small.args,
            "date": datetime.now(UTC).isoformat(),
            "version": __version__,
            "license": "AGPL-3.0",
        },
        path,
    )
