"""Fine-tunes the person detector: `python -m models.train.person --shared ../shared`.

COCO weights with the person row kept, self-training on the mask photographs, small steps,
frozen batch statistics, and a blend with the start that the validation split chooses.
"""

from __future__ import annotations

import argparse
import copy
import math
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from rich.console import Console

from models.train.compose import Scene, compose, plain, scene_of
from models.train.course import batches, course
from models.train.detector import SIZE, Detector, convert
from models.train.pictures import Picture, load_pictures, without_copies
from models.train.scores import log, pets_frames, score_persons
from models.train.teacher import label_all
from models.train.transplant import detection_loss, load_network, person_network, save_network

SEED = 20211
BLENDS = (0.0, 0.25, 0.5, 0.75, 1.0)
EQUAL = 0.015
HARD_VAL = 160


def clip_pictures(shared: Path, work: Path, every: int = 25) -> list[Picture]:
    """Some frames of the indoor clip (Intel Corporation, CC BY 4.0): a fixed camera's look."""
    work.mkdir(parents=True, exist_ok=True)
    video = cv2.VideoCapture(str(shared / "data/clips/one-by-one-person-detection.mp4"))
    pictures, index = [], 0
    while True:
        good, frame = video.read()
        if not good:
            return pictures
        if index % every == 0:
            path = work / f"clip_{index:05d}.png"
            cv2.imwrite(str(path), frame)
            pictures.append(Picture(path.stem, path, "clips", "train", ()))
        index += 1


def load_scenes(shared: Path, work: Path) -> tuple[list[Scene], list[Scene]]:
    """Train and val scenes with teacher labels."""
    coco = shared / "weights" / "yolo11n_coco.pt"
    photos = without_copies(load_pictures(shared))
    clips = clip_pictures(shared, work / "clips")
    labels = label_all(photos, coco, work / "teacher.json")
    labels |= label_all(clips, coco, work / "teacher_clips.json")
    train = [scene_of(p, labels[p.name]) for p in [*photos, *clips] if p.split == "train"]
    val = [scene_of(p, labels[p.name]) for p in photos if p.split == "val"]
    return train, val


def batch_of(scenes: list[Scene], step: int, size: int, seed: int) -> dict[str, torch.Tensor]:
    """The batch of one step; the same step always gives the same batch."""
    rng = np.random.default_rng([seed, step])
    images, rows = [], []
    for index in range(size):
        canvas, boxes = compose(scenes, rng)
        images.append(canvas[:, :, ::-1].transpose(2, 0, 1))
        for x1, y1, x2, y2 in boxes:
            rows.append([index, 0, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    table[:, 2:] /= torch.tensor([SIZE[1], SIZE[0], SIZE[1], SIZE[0]])
    pixels = torch.from_numpy(np.ascontiguousarray(images)).float() / 255
    return {"img": pixels, "batch_idx": table[:, 0], "cls": table[:, 1], "bboxes": table[:, 2:]}


def thaw(network: Any) -> Any:
    """Makes all weights trainable but keeps batch-norm as the fixed scale and shift it is.

    The start weights have batch-norm folded in, so its running statistics are not real ones:
    in training mode the layer would normalise something else and destroy the network.
    """
    network.train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    for name, parameter in network.named_parameters():
        parameter.requires_grad = ".dfl" not in name
    return network


def optimiser_for(network: Any, rate: float) -> torch.optim.Optimizer:
    """AdamW with decay on kernels only."""
    free = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in free if p.ndim > 1], "weight_decay": 5e-4},
        {"params": [p for p in free if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate)


def fit(network: Any, scenes: list[Scene], options: argparse.Namespace) -> Any:
    """Trains for a fixed number of steps; returns the running average of the weights."""
    thaw(network)
    criterion = detection_loss(network)
    optimiser = optimiser_for(network, options.rate)
    average = copy.deepcopy(network).eval()
    made = partial(batch_of, scenes, size=options.batch, seed=SEED)
    with course("person", options.steps) as note:
        for step, batch in enumerate(batches(made, options.steps)):
            set_rate(optimiser, options.rate, step, options.steps, warm=40, least=0.05)
            note(one_step(network, criterion, optimiser, batch))
            follow(average, network, min(0.995, (step + 1) / (step + 20)))
    return average


def set_rate(
    optimiser: torch.optim.Optimizer, rate: float, step: int, steps: int, *, warm: int, least: float
) -> None:
    """The rate of this step: rising over the first `warm`, then a cosine down to `least` of it."""
    falling = least + (1 - least) * (1 + math.cos(math.pi * step / steps)) / 2
    for group in optimiser.param_groups:
        group["lr"] = rate * min(1.0, (step + 1) / warm) * falling


def one_step(network: Any, criterion: Any, optimiser: Any, batch: dict[str, Any]) -> float:
    """Forward in bfloat16 where that is faster, loss in float, one update."""
    with torch.autocast("cpu", torch.bfloat16):
        raw = network(batch["img"])
    raw = {
        key: [f.float() for f in value] if isinstance(value, (list, tuple)) else value.float()
        for key, value in raw.items()
    }
    losses, _ = criterion(raw, batch)
    optimiser.zero_grad(set_to_none=True)
    losses.sum().backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
    optimiser.step()
    return float(losses.detach().sum()) / len(batch["img"])


@torch.no_grad()
def follow(average: Any, network: Any, decay: float) -> None:
    """Moves the averaged weights a little towards the network."""
    for old, new in zip(average.parameters(), network.parameters(), strict=True):
        old.lerp_(new.detach(), 1 - decay)


def blend(start: Any, end: Any, share: float) -> Any:
    """Weights on the straight line from start (0) to end (1)."""
    mixed = copy.deepcopy(start)
    pairs = zip(mixed.parameters(), end.parameters(), strict=True)
    with torch.no_grad():
        for parameter, other in pairs:
            parameter.lerp_(other.detach(), share)
    return mixed


def val_frames(val: list[Scene]) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """The val split as it is, and as small, cut, degraded persons (fixed seed)."""
    rng = np.random.default_rng(SEED)
    return {
        "val": [plain(scene) for scene in val],
        "val_hard": [compose(val, rng) for _ in range(HARD_VAL)],
    }


def choose(start: Any, end: Any, val: list[Scene], note: Console) -> tuple[Any, float]:
    """The smallest blend within 1.5 points of the best mean AP50 on both val sets.

    The val labels are the teacher's and half of the canvases are composed, so a point there
    is no reason to move further from a start that has seen far more of the world. PETS has
    no say between blends.
    """
    frames = val_frames(val)
    tried: list[tuple[float, float, Any]] = []
    for share in BLENDS:
        candidate = blend(start, end, share)
        detector = Detector(convert(candidate, SIZE))
        figures = {name: score_persons(detector, rows) for name, rows in frames.items()}
        for name, row in figures.items():
            log(f"person blend {share}", name, **row)
            note.print(f"blend {share:.2f} {name:9} {row}")
        mean = float(np.mean([row["ap50"] for row in figures.values()]))
        tried.append((share, mean, candidate))
    best = max(mean for _, mean, _ in tried)
    share, _, chosen = next(row for row in tried if row[1] >= best - EQUAL)
    return chosen, share


def main() -> None:
    """Trains, chooses, saves `person.pt` to the work folder and reports PETS."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, default=Path("build/train"))
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--reuse", action="store_true", help="choose again from person_end.pt")
    options = parser.parse_args()
    note = Console()
    torch.manual_seed(SEED)
    train, val = load_scenes(options.shared, options.work)
    note.print(f"{len(train)} train and {len(val)} val pictures")
    start = person_network(options.shared / "weights" / "yolo11n_coco.pt")
    trained = options.work / "person_end.pt"
    if not options.reuse:
        save_network(fit(copy.deepcopy(start), train, options), trained)
    end = load_network(trained)
    chosen, share = choose(start, end, val, note)
    save_network(chosen, options.work / "person.pt")
    pets = score_persons(Detector(convert(chosen, SIZE)), pets_frames(options.shared))
    log(f"person blend {share}", "pets", **pets)
    note.print(f"chosen blend {share}; PETS {pets}")


if __name__ == "__main__":
    main()
