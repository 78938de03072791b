"""Box arithmetic and average precision on plain arrays; boxes are x1, y1, x2, y2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def iou_matrix(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of every box in `first` with every box in `second`."""
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:4], second[None, :, 2:4])
    overlap = np.clip(bottom_right - top_left, 0, None).prod(axis=2)
    area_first = (first[:, 2:4] - first[:, :2]).prod(axis=1)
    area_second = (second[:, 2:4] - second[:, :2]).prod(axis=1)
    return overlap / np.maximum(area_first[:, None] + area_second[None] - overlap, 1e-9)


def suppress(boxes: np.ndarray, overlap: float) -> np.ndarray:
    """Greedy non-maximum suppression of rows x1, y1, x2, y2, score; best first."""
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    kept: list[int] = []
    overlaps = iou_matrix(boxes, boxes)
    for index in range(len(boxes)):
        if not kept or overlaps[index, kept].max() <= overlap:
            kept.append(index)
    return boxes[kept]


@dataclass(frozen=True)
class Curve:
    """Precision and recall over falling score, with the scores they belong to."""

    precision: np.ndarray
    recall: np.ndarray
    score: np.ndarray

    def ap(self) -> float:
        """Area under the curve with precision made monotone (all-point AP)."""
        recall = np.concatenate(([0.0], self.recall, [1.0]))
        precision = np.concatenate(([1.0], self.precision, [0.0]))
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        steps = np.flatnonzero(recall[1:] != recall[:-1])
        return float(((recall[steps + 1] - recall[steps]) * precision[steps + 1]).sum())

    def recall_at(self, precision: float) -> tuple[float, float]:
        """Best recall where precision is at least this, and the score that gives it."""
        good = np.flatnonzero(self.precision >= precision)
        if not len(good):
            return 0.0, 1.0
        return float(self.recall[good[-1]]), float(self.score[good[-1]])

    def at_score(self, score: float) -> tuple[float, float]:
        """Precision and recall of everything that scores at least this."""
        count = int((self.score >= score).sum())
        if not count:
            return 1.0, 0.0
        return float(self.precision[count - 1]), float(self.recall[count - 1])


def match(found: np.ndarray, truth: np.ndarray, overlap: float) -> np.ndarray:
    """For each found row, best score first, whether it takes a still free true box."""
    hits = np.zeros(len(found), bool)
    if not len(found) or not len(truth):
        return hits
    overlaps = iou_matrix(found, truth)
    for row in np.argsort(-found[:, 4], kind="stable"):
        best = int(overlaps[row].argmax())
        if overlaps[row, best] >= overlap:
            hits[row] = True
            overlaps[:, best] = 0.0
    return hits


def curve(frames: list[tuple[np.ndarray, np.ndarray]], overlap: float = 0.5) -> Curve:
    """Precision-recall curve over frames of (found rows with score, true boxes)."""
    scores = np.concatenate([found[:, 4] for found, _ in frames])
    hits = np.concatenate([match(found, truth, overlap) for found, truth in frames])
    total = sum(len(truth) for _, truth in frames)
    order = np.argsort(-scores, kind="stable")
    good = np.cumsum(hits[order])
    return Curve(good / np.arange(1, len(good) + 1), good / max(total, 1), scores[order])
