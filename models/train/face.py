"""Trains the face-state detector: `python -m models.train.face --shared ../shared`.

A YOLO11n that says where a face is and how its mask is worn (worn, absent, incorrect). It starts
from the COCO weights; where it finds no face, nothing can be said of a mask: that is `unknown`.
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

from models.train.course import batches, course
from models.train.crops import kept_as, learnt
from models.train.facecanvas import SIDE, Album, compose, faces_of
from models.train.faceexport import save
from models.train.person import follow, one_step, optimiser_for, set_rate, thaw
from models.train.pictures import load_pictures, without_copies
from models.train.transplant import detection_loss, load_network, save_network

SEED = 20231
STATES = ("worn", "absent", "incorrect")


def face_network(coco: Path) -> Any:
    """The COCO network with a head for three states; its rows start as the person row, lowered."""
    network = load_network(coco)
    head = network.model[-1]
    for branch in head.cv3:
        old = branch[-1]
        new = torch.nn.Conv2d(old.in_channels, len(STATES), 1)
        new.weight.data = old.weight.data[:1].repeat(len(STATES), 1, 1, 1) * 0.1
        new.bias.data = torch.full((len(STATES),), -6.0)
        branch[-1] = new
    head.nc, head.no = len(STATES), len(STATES) + 4 * head.reg_max
    network.yaml["nc"], network.nc = len(STATES), len(STATES)
    network.names = dict(enumerate(STATES))
    return network


def batch_of(album: Album, step: int, size: int, seed: int) -> dict[str, torch.Tensor]:
    """The batch of one step; the same step always gives the same batch."""
    rng = np.random.default_rng([seed, step])
    images, rows = [], []
    for index in range(size):
        canvas, boxes = compose(album, rng)
        images.append(canvas[:, :, ::-1].transpose(2, 0, 1))
        for x1, y1, x2, y2, state in boxes:
            rows.append([index, state, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    table[:, 2:] /= SIDE
    pixels = torch.from_numpy(np.ascontiguousarray(images)).float() / 255
    return {"img": pixels, "batch_idx": table[:, 0], "cls": table[:, 1], "bboxes": table[:, 2:]}


def fit(network: Any, album: Album, options: argparse.Namespace, kept: Path) -> Any:
    """Trains until the last step; keeps everything every 100 steps, and goes on from there."""
    thaw(network)
    criterion, optimiser = detection_loss(network), optimiser_for(network, options.rate)
    average, first = copy.deepcopy(network).eval(), 0
    if kept.exists() and options.go_on:
        state = torch.load(kept, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["step"]
    made = partial(batch_of, album, size=options.batch, seed=SEED)
    with course("face", options.steps, first) as note:
        for step, batch in enumerate(batches(made, options.steps, first), start=first):
            set_rate(optimiser, options.rate, step, options.steps, warm=60, least=0.03)
            note(one_step(network, criterion, optimiser, batch))
            follow(average, network, min(0.998, (step + 1) / (step + 20)))
            if (step + 1) % 100 == 0 or step + 1 == options.steps:
                states = {
                    "network": network.state_dict(),
                    "average": average.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "step": step + 1,
                }
                torch.save(states, kept)
    return average


def main() -> None:
    """Train, and keep the network and its graph; `models.train.facescore` says how good it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, default=Path("build/train"))
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--go-on", action="store_true", help="from the last checkpoint")
    parser.add_argument("--source", default="", help="train on one source only (cross-source)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.manual_seed(SEED)
    options.work.mkdir(parents=True, exist_ok=True)
    pictures = without_copies(load_pictures(options.shared))
    train = learnt(pictures, options.source)
    album = Album.of([faces_of(p) for p in train])
    Console().print(f"{len(train)} pictures, faces {[len(f) for f in album.by_state.values()]}")
    name = kept_as("face", options.source)
    network = face_network(options.shared / "weights" / "yolo11n_coco.pt")
    average = fit(network, album, options, options.work / f"{name}.ckpt")
    save_network(average, options.work / f"{name}.pt")
    save(average, options.work / f"{name}.xml")


if __name__ == "__main__":
    main()
