"""Scores person detectors and keeps a log of every scoring run."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.train.boxes import curve
from models.train.detector import Detector

LOG = Path(__file__).with_name("scores.jsonl")
OPERATING_POINT = 0.4
Frames = Iterable[tuple[np.ndarray, np.ndarray]]


def pets_frames(shared: Path, every: int = 5) -> Frames:
    """PETS 2009 S2.L1 (University of Reading) with true boxes: reported, never learnt from."""
    folder = shared / "data" / "cctv_pets09"
    truth: dict[int, list[list[float]]] = defaultdict(list)
    with (folder / "gt.csv").open() as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[key]) for key in "xywh")
            truth[int(row["frame"])].append([x, y, x + w, y + h])
    video = cv2.VideoCapture(str(folder / "pets09_s2l1_view001_480x360.mp4"))
    index = 0
    while True:
        good, frame = video.read()
        if not good:
            return
        if index % every == 0:
            yield frame, np.array(truth[index]).reshape(-1, 4)
        index += 1


def score_persons(detector: Detector, frames: Frames) -> dict[str, float]:
    """AP50, recall at precision 0.9, and precision and recall at the operating point."""
    results = [(detector(image), truth) for image, truth in frames]
    line = curve(results)
    recall, at = line.recall_at(0.9)
    precision_op, recall_op = line.at_score(OPERATING_POINT)
    figures = {
        "frames": len(results),
        "boxes": sum(len(truth) for _, truth in results),
        "ap50": line.ap(),
        "recall_at_p90": recall,
        "score_at_p90": at,
        "precision_at_0.4": precision_op,
        "recall_at_0.4": recall_op,
    }
    return {key: round(value, 4) for key, value in figures.items()}


def log(model: str, data: str, **figures: Any) -> None:
    """Appends one scoring run to the log beside the scripts."""
    row = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "model": model, "data": data}
    with LOG.open("a") as file:
        file.write(json.dumps({**row, **figures}) + "\n")
