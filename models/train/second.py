"""Trains the second look: `python -m models.train.second --shared ../shared`.

A face that the face network found is cut out, twice its side wide, and looked at once more at one
size: worn, absent, incorrect, or nobody's face. Its `nobody` are what the face network takes for a
face in the train pictures and nobody labelled: patterns, hands, blurred passers-by.
"""

from __future__ import annotations

import argparse
import copy
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from edge_agent.config.schema import Vision
from edge_agent.vision.facefinder import FaceFinder
from edge_agent.vision.models import CheckedModel
from models.train.boxes import iou_matrix
from models.train.course import batches, course
from models.train.crops import Spot, cut, kept_as, learnt, loose_crops, resized, shrunk, square
from models.train.degrade import Rng, like_a_camera
from models.train.facejudge import STATES
from models.train.person import follow, optimiser_for, set_rate, thaw
from models.train.pictures import (
    FACE_ABSENT,
    FACE_INCORRECT,
    FACE_WORN,
    Picture,
    load_pictures,
    read_image,
    without_copies,
)
from models.train.transplant import load_network

SEED = 20232
SIDE = 128
AROUND = 2.0  # the crop's side in face sides
NOBODY = 3
LABELS = (*STATES, "unknown")  # as the product calls them
MIX = {FACE_WORN: 0.27, FACE_ABSENT: 0.25, FACE_INCORRECT: 0.22, NOBODY: 0.26}
LOOSE = 0.12  # of worn and absent come from the two-class crops
BACKBONE = 11  # layers of YOLO11 before its neck


class SecondLook(torch.nn.Module):
    """Four logits for RGB 0..1 crops of 128 × 128: YOLO11n's backbone, pooled by mean and most."""

    def __init__(self, coco: Path) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(*load_network(coco).model[:BACKBONE])
        self.drop = torch.nn.Dropout(0.2)
        self.answer = torch.nn.Linear(2 * 256, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of worn, absent, incorrect, nobody."""
        seen = self.body(images)
        pooled = torch.cat([seen.mean(dim=(2, 3)), seen.amax(dim=(2, 3))], 1)
        return self.answer(self.drop(pooled))


def finder_of(graph: Path) -> FaceFinder:
    """The face network alone, as the product runs it."""
    model = CheckedModel("face", "trained", graph, "0" * 64, STATES, None, {})
    return FaceFinder(model, Vision(threads=1, precision="f32"))


def spots_of(picture: Picture, finder: FaceFinder) -> list[Spot]:
    """The labelled faces of a picture, and what the face network finds where none is labelled."""
    image = read_image(picture.path)
    spots = [Spot(image, face.box, face.state) for face in picture.faces if face.side >= 10]
    truth = np.array([face.box for face in picture.faces], np.float32).reshape(-1, 4)
    for found in finder.everywhere(image):
        box = (found.box.x1, found.box.y1, found.box.x2, found.box.y2)
        spot = Spot(image, box, NOBODY)
        overlaps = iou_matrix(np.array([box], np.float32), truth)[0] if len(truth) else np.zeros(1)
        if spot.side >= 10 and overlaps.max(initial=0) < 0.2:
            spots.append(spot)
    return spots


def sample(spot: Spot, rng: Rng) -> np.ndarray:
    """One spoilt crop: about where the face network would have found it, at any distance."""
    x1, y1, x2, y2 = spot.box
    side = AROUND * max(x2 - x1, y2 - y1) * float(np.exp(rng.normal(0, 0.1)))
    cx = (x1 + x2) / 2 + rng.normal(0, 0.05) * spot.side
    cy = (y1 + y2) / 2 + rng.normal(0, 0.05) * spot.side
    crop = cut(spot.image, square(cx, cy, side))
    seen = float(np.exp(rng.uniform(np.log(10.0), np.log(160.0))))
    crop = shrunk(crop, 1 / AROUND, seen)
    if rng.random() < 0.5:
        crop = np.ascontiguousarray(crop[:, ::-1])
    if rng.random() < 0.25:
        turn = cv2.getRotationMatrix2D((crop.shape[1] / 2,) * 2, rng.uniform(-20, 20), 1.0)
        crop = cv2.warpAffine(crop, turn, crop.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    return resized(like_a_camera(crop, rng, 0.7 if rng.random() < 0.6 else 0.0), SIDE)


class Stock:
    """What can be drawn, by state."""

    def __init__(self, spots: list[Spot], loose: list[Spot]) -> None:
        self._known = {state: [s for s in spots if s.state == state] for state in MIX}
        self._loose = {state: [s for s in loose if s.state == state] for state in MIX}

    def sizes(self) -> dict[int, int]:
        """How many spots of each state."""
        return {state: len(spots) for state, spots in self._known.items()}

    def draw(self, rng: Rng) -> tuple[np.ndarray, int]:
        """A crop and its state, the states in their shares."""
        state = int(rng.choice(list(MIX), p=list(MIX.values())))
        loose = self._loose[state] if rng.random() < LOOSE else []
        spots = loose or self._known[state]
        return sample(spots[int(rng.integers(len(spots)))], rng), state

    def batch(self, step: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The batch of one step; the same step always gives the same batch."""
        rng = np.random.default_rng([SEED, step])
        drawn = [self.draw(rng) for _ in range(size)]
        pixels = np.stack([crop[:, :, ::-1].transpose(2, 0, 1) for crop, _ in drawn])
        return torch.from_numpy(pixels).float() / 255, torch.tensor([state for _, state in drawn])


def fit(network: SecondLook, stock: Stock, options: argparse.Namespace, kept: Path) -> Any:
    """Trains to the last step; returns the running average of the weights."""
    thaw(network)
    optimiser = optimiser_for(network, options.rate)
    average = copy.deepcopy(network).eval()
    made = partial(stock.batch, size=options.batch)
    with course("second", options.steps) as note:
        for step, (pixels, states) in enumerate(batches(made, options.steps)):
            set_rate(optimiser, options.rate, step, options.steps, warm=60, least=0.02)
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(pixels).float()
            loss = torch.nn.functional.cross_entropy(logits, states, label_smoothing=0.05)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
            optimiser.step()
            follow(average, network, min(0.998, (step + 1) / (step + 20)))
            note(float(loss.detach()))
            if (step + 1) % 100 == 0:
                torch.save(average.state_dict(), kept)
    return average


def main() -> None:
    """Train, and keep the weights; `models.train.facescore` says how good both are together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, default=Path("build/train"))
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--source", default="", help="train on one source only (cross-source)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.manual_seed(SEED)
    pictures = without_copies(load_pictures(options.shared))
    train = learnt(pictures, options.source)
    name = kept_as("second", options.source)
    finder = finder_of(options.work / f"{kept_as('face', options.source)}.xml")
    spots = [spot for p in track(train, "faces") for spot in spots_of(p, finder)]
    loose = loose_crops(options.shared, pictures)
    stock = Stock(spots, loose)
    Console().print(f"{len(train)} pictures, spots {stock.sizes()}, loose {len(loose)}")
    network = SecondLook(options.shared / "weights" / "yolo11n_coco.pt")
    average = fit(network, stock, options, options.work / f"{name}.part")
    torch.save(average.state_dict(), options.work / f"{name}.pt")


if __name__ == "__main__":
    main()
