"""Calibrates the mask-state network and reports it per class and face size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from models.train.crops import Head, covers, cut, empty_spot, resized, shrunk, square
from models.train.headregion import Box, head_region
from models.train.masknet import ABSENT, INCORRECT, LABELS, SIDE, UNKNOWN, WORN, MaskNet
from models.train.scores import log

SLICES = ((12, 20), (20, 32), (32, 48), (48, 96), (96, 10_000))
SHRINK_TO = (14.0, 18.0, 26.0, 40.0)
WANTED = {WORN: 0.95, INCORRECT: 0.85, ABSENT: 0.95}
LEAST, MOST = 0.40, 0.90
SEED = 20213


@dataclass(frozen=True)
class Settings:
    """What calibration decided: one temperature, and a threshold for each claim."""

    temperature: float
    thresholds: dict[int, float]

    def named(self) -> dict[str, float]:
        """Thresholds by label."""
        return {LABELS[label]: round(value, 3) for label, value in self.thresholds.items()}


@dataclass(frozen=True)
class Item:
    """One scoring crop: pixels, truth, face side in source pixels, and how it was made."""

    crop: np.ndarray
    label: int
    side: float
    kind: str


def scoring_box(head: Head) -> Box:
    """The product's crop where a person was found, else a centred one of the same share."""
    height, width = head.image.shape[:2]
    if head.person is not None:
        return head_region(head.person, width, height)
    assert head.face is not None
    x1, y1, x2, y2 = head.face
    return square((x1 + x2) / 2, (y1 + y2) / 2, head.face_side * 2.4)


def items_of(heads: list[Head]) -> list[Item]:
    """Crops at their own size, shrunk to given face sizes, and empty spots; fixed seed."""
    rng = np.random.default_rng(SEED)
    items = []
    for head in heads:
        box = scoring_box(head)
        if head.face is not None and not covers(box, head.face, 0.6):
            x1, y1, x2, y2 = head.face
            box = square((x1 + x2) / 2, (y1 + y2) / 2, head.face_side * 2.4)
        crop, side = cut(head.image, box), box[2] - box[0]
        if head.face is None:
            items.append(Item(resized(crop, SIDE), UNKNOWN, 0.0, "faceless head"))
            continue
        if head.face_side >= 12:
            items.append(Item(resized(crop, SIDE), head.label, head.face_side, "own size"))
        for pixels in SHRINK_TO:
            if head.face_side >= 1.4 * pixels:
                small = shrunk(crop, head.face_side / side, pixels)
                items.append(Item(resized(small, SIDE), head.label, pixels, "shrunk"))
        spot = empty_spot(head, rng)
        others = [h.face for h in heads if h.image is head.image and h.face is not None]
        if not any(covers(spot, face, 0.3) for face in others):
            items.append(Item(resized(cut(head.image, spot), SIDE), UNKNOWN, 0.0, "empty spot"))
    return items


@torch.no_grad()
def logits_of(network: MaskNet, items: list[Item]) -> torch.Tensor:
    """Logits of many crops."""
    parts = []
    for start in range(0, len(items), 256):
        crops = np.stack([item.crop for item in items[start : start + 256]])
        pixels = np.ascontiguousarray(crops[:, :, :, ::-1].transpose(0, 3, 1, 2))
        parts.append(network(torch.from_numpy(pixels).float() / 255))
    return torch.cat(parts)


def fit_temperature(logits: torch.Tensor, truth: torch.Tensor) -> float:
    """The temperature with the least negative log likelihood."""
    grid = np.exp(np.linspace(np.log(0.4), np.log(4.0), 93))
    losses = [float(torch.nn.functional.cross_entropy(logits / t, truth)) for t in grid]
    return round(float(grid[int(np.argmin(losses))]), 4)


def lowest_threshold(scores: np.ndarray, good: np.ndarray, wanted: float) -> float:
    """Smallest threshold from 0.40 to 0.90 that reaches a precision; the strictest if none."""
    for threshold in np.arange(LEAST, MOST, 0.02):
        taken = scores >= threshold
        if not taken.any() or good[taken].mean() >= wanted:
            return round(float(threshold), 2)
    return MOST


def decide(probabilities: np.ndarray, settings: Settings) -> np.ndarray:
    """The product's rule: the best label, or unknown where it is under its threshold."""
    best = probabilities.argmax(axis=1)
    limits = np.array([settings.thresholds.get(label, 0.0) for label in range(len(LABELS))])
    return np.where(probabilities.max(axis=1) >= limits[best], best, UNKNOWN)


def calibrate(network: MaskNet, heads: list[Head], note: Console) -> Settings:
    """Temperature and thresholds from the held-out fold of the train split."""
    items = items_of(heads)
    logits = logits_of(network, items)
    truth = torch.tensor([item.label for item in items])
    temperature = fit_temperature(logits, truth)
    probabilities = torch.softmax(logits / temperature, dim=1).numpy()
    best = probabilities.argmax(axis=1)
    thresholds = {}
    for label, wanted in WANTED.items():
        mine = best == label
        thresholds[label] = lowest_threshold(
            probabilities[mine, label], truth.numpy()[mine] == label, wanted
        )
    settings = Settings(temperature, thresholds)
    note.print(f"{len(items)} calibration crops: temperature {temperature}, {settings.named()}")
    return settings


def figures_of(truth: np.ndarray, said: np.ndarray) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and count per label, and the share answered unknown."""
    figures = {}
    for label, name in enumerate(LABELS):
        both = int(((said == label) & (truth == label)).sum())
        claimed, real = int((said == label).sum()), int((truth == label).sum())
        precision, recall = both / max(claimed, 1), both / max(real, 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        unknown = float((said[truth == label] == UNKNOWN).mean()) if real else 0.0
        figures[name] = {
            "n": real,
            "precision": round(precision, 3),
            "recall": round(recall, 3),
            "f1": round(f1, 3),
            "unknown": round(unknown, 3),
        }
    return figures


def show(title: str, figures: dict[str, dict[str, float]], note: Console) -> None:
    """One table per slice."""
    table = Table(title=title)
    for column in ("label", "n", "precision", "recall", "f1", "unknown"):
        table.add_column(column)
    for name, row in figures.items():
        table.add_row(name, *(str(row[key]) for key in row))
    note.print(table)


def in_slice(item: Item, low: float, high: float) -> bool:
    """Whether a readable face of this size, at its own size or shrunk to it."""
    return low <= item.side < high


def report(
    network: MaskNet, settings: Settings, heads: list[Head], note: Console, label: str = "mask fp32"
) -> None:
    """Scores val as a whole, per size slice (own size and shrunk), and the unknown kinds."""
    items = items_of(heads)
    logits = logits_of(network, items)
    said = decide(torch.softmax(logits / settings.temperature, dim=1).numpy(), settings)
    truth = np.array([item.label for item in items])
    kinds = np.array([item.kind for item in items])
    groups = {"val own size and unknowns": kinds != "shrunk"}
    for low, high in SLICES:
        sized = np.array([in_slice(item, low, high) for item in items])
        for kind in ("own size", "shrunk"):
            groups[f"val {kind} {low}-{high} px"] = sized & (kinds == kind)
    for kind in ("faceless head", "empty spot"):
        groups[f"val {kind}"] = kinds == kind
    for name, chosen in groups.items():
        if chosen.any():
            figures = figures_of(truth[chosen], said[chosen])
            log(label, name, **figures)
            show(name, figures, note)
    whole = groups["val own size and unknowns"]
    confusion = np.zeros((4, 4), int)
    np.add.at(confusion, (truth[whole], said[whole]), 1)
    log(label, "val confusion (rows truth)", labels=list(LABELS), rows=confusion.tolist())
    note.print(confusion)
