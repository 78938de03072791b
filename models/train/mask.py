"""Trains the mask-state network: `python -m models.train.mask --shared ../shared`.

Needs the teacher labels that `models.train.person` keeps in the work folder (made when they
are missing). Trains, calibrates on a held-out fold of train, reports on val, exports.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.train.crops import Head, heads_of, loose_crops, negative, sample
from models.train.headregion import Box
from models.train.maskexport import export
from models.train.masknet import ABSENT, INCORRECT, UNKNOWN, WORN, MaskNet
from models.train.maskscore import calibrate, report
from models.train.pictures import load_pictures, without_copies
from models.train.teacher import label_all

SEED = 20212
SETTLING = 60
MIX = {WORN: 0.27, ABSENT: 0.30, INCORRECT: 0.18, UNKNOWN: 0.10}  # the rest: empty spots
Batch = tuple[torch.Tensor, torch.Tensor]


class Faces:
    """Which faces lie in the same picture as a head, so that no empty spot shows one."""

    def __init__(self, heads: list[Head]) -> None:
        self._of: dict[int, list[Box]] = {}
        for head in heads:
            faces = self._of.setdefault(id(head.image), [])
            if head.face is not None:
                faces.append(head.face)

    def __call__(self, head: Head) -> list[Box]:
        """All faces of the picture this head is in."""
        return self._of[id(head.image)]


def draw(
    groups: dict[int, list[Head]], faces: Faces, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """One training crop: a class by the mix, a head of it, or an empty spot of any picture."""
    kinds = [*MIX, None]
    chances = [*MIX.values(), 1 - sum(MIX.values())]
    while True:
        kind = kinds[int(rng.choice(len(kinds), p=chances))]
        if kind is not None and groups[kind]:
            heads = groups[kind]
            return sample(heads[int(rng.integers(len(heads)))], rng)
        heads = groups[int(rng.integers(3))]
        crop = negative(heads[int(rng.integers(len(heads)))], faces, rng)
        if crop is not None:
            return crop, UNKNOWN


def batch_of(groups: dict[int, list[Head]], faces: Faces, size: int, key: tuple[int, int]) -> Batch:
    """The batch of one seed and step; the same key always gives the same batch."""
    rng = np.random.default_rng(key)
    drawn = [draw(groups, faces, rng) for _ in range(size)]
    pixels = np.stack([crop[:, :, ::-1].transpose(2, 0, 1) for crop, _ in drawn])
    return torch.from_numpy(pixels).float() / 255, torch.tensor([label for _, label in drawn])


def batches(heads: list[Head], steps: int, size: int, seed: int) -> Iterator[Batch]:
    """Batches in order, prepared ahead in the background."""
    groups = {label: [h for h in heads if h.label == label] for label in range(4)}
    faces = Faces(heads)
    with ThreadPoolExecutor(1) as pool:
        ahead = [pool.submit(batch_of, groups, faces, size, (seed, step)) for step in range(3)]
        for step in range(steps):
            ahead.append(pool.submit(batch_of, groups, faces, size, (seed, step + 3)))
            yield ahead.pop(0).result()


def fit(heads: list[Head], options: argparse.Namespace) -> MaskNet:
    """Trains from random weights or goes on from earlier ones; returns the running average."""
    network = MaskNet().train()
    if options.go_on:
        network.load_state_dict(torch.load(options.work / "mask.pt", weights_only=True))
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.02)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    smooth = 0.25
    with Progress(*columns, refresh_per_second=0.5) as progress:
        task = progress.add_task("mask", total=options.steps)
        for step, (pixels, labels) in enumerate(
            batches(heads, options.steps, options.batch, options.seed)
        ):
            falling = 0.02 + 0.98 * (1 + math.cos(math.pi * step / options.steps)) / 2
            for group in optimiser.param_groups:
                group["lr"] = options.rate * min(1.0, (step + 1) / 60) * falling
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(pixels).float()
            loss = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.03)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            average.update_parameters(network)
            progress.update(task, advance=1, description=f"mask  loss {float(loss.detach()):.3f}")
            right = float((logits.argmax(dim=1) == labels).float().mean())
            smooth = 0.98 * smooth + 0.02 * right
            if step % 250 == 249:
                progress.console.print(f"step {step + 1}: {smooth:.3f} of training crops right")
    return settle(average.module, heads, options)


@torch.no_grad()
def settle(network: MaskNet, heads: list[Head], options: argparse.Namespace) -> MaskNet:
    """Measures batch-norm statistics anew: those gathered on the way belong to other weights."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    network.train()
    for pixels, _ in batches(heads, SETTLING, options.batch, options.seed):
        network(pixels)
    return network.eval()


def main() -> None:
    """Trains or loads the network, then calibrates, reports and exports it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, default=Path("build/train"))
    parser.add_argument("--steps", type=int, default=3500)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--go-on", action="store_true", help="train further from mask.pt")
    parser.add_argument("--reuse", action="store_true", help="score and export mask.pt as it is")
    options = parser.parse_args()
    note = Console(width=160)
    torch.manual_seed(options.seed)
    pictures = without_copies(load_pictures(options.shared))
    labels = label_all(
        pictures, options.shared / "weights" / "yolo11n_coco.pt", options.work / "teacher.json"
    )
    known = heads_of([p for p in pictures if p.split == "train"], labels)
    val = heads_of([p for p in pictures if p.split == "val"], labels)
    loose = loose_crops(options.shared, pictures)
    saved = options.work / "mask.pt"
    if options.reuse:
        network = MaskNet().eval()
        network.load_state_dict(torch.load(saved, weights_only=True))
    else:
        network = fit([head for head in [*known, *loose] if not head.held_out], options)
        torch.save(network.state_dict(), saved)
    settings = calibrate(network, [head for head in known if head.held_out], note)
    export(network, settings, note)
    report(network, settings, val, note)


if __name__ == "__main__":
    main()
