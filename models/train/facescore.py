"""How good both looks at faces are together, and what their scores mean:

    python -m models.train.facescore [--export]

Calibration and thresholds come from the held-out fold of train, never from val. `--export` writes
the product's graphs and their manifest entries.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from edge_agent.config.schema import Vision
from edge_agent.core.perception import MaskState
from edge_agent.vision.facecells import Face, calibrated
from edge_agent.vision.faces import FaceReader
from edge_agent.vision.models import CheckedModel
from models.train.crops import held_out
from models.train.face import face_network
from models.train.faceexport import export, save, save_second
from models.train.facejudge import STATES, Answer, Claim, Judged, figures, judge
from models.train.pictures import Picture, load_pictures, read_image, without_copies
from models.train.scores import log
from models.train.second import LABELS, SecondLook

ORDER = tuple(MaskState(name) for name in STATES)
SHOWN = ("worn_f1", "absent_f1", "incorrect_f1", "macro_f1", "worn_r", "incorrect_r")
SHOWN += ("violation_p", "violation_r", "violation_p_at_r90", "unknown", "ece")
GRID = tuple(round(float(at), 2) for at in np.arange(0.2, 0.97, 0.01))
NEAR = 0.01
Platt = tuple[float, float]


def reader_of(face: Path, second: Path) -> FaceReader:
    """The product's own reader, on one thread, the same numbers on every processor."""
    first = CheckedModel("face", "scored", face, "0" * 64, STATES, None, {})
    again = CheckedModel("mask", "scored", second, "0" * 64, LABELS, None, {})
    return FaceReader(first, again, Vision(threads=1, precision="f32"))


def claims_of(faces: Sequence[Face]) -> list[Claim]:
    """Every face with its likeliest state and its raw score."""
    return [
        Claim((f.box.x1, f.box.y1, f.box.x2, f.box.y2), ORDER.index(f.state), f.raw) for f in faces
    ]


def look(reader: FaceReader, pictures: Sequence[Picture]) -> Judged:
    """What the product finds in these pictures at their own size, scores raw."""
    return judge((claims_of(reader.faces(read_image(p.path))), p.faces) for p in pictures)


def fit_platt(judged: Judged, floor: float = 0.02) -> Platt:
    """Slope and offset by logistic regression over the fold's answers (Platt 1999)."""
    kept = [one for one in judged.answers if one.score >= floor]
    raw = torch.tensor([one.score for one in kept]).clamp(1e-6, 1 - 1e-6).logit()
    right = torch.tensor([float(one.right) for one in kept])
    line = torch.tensor([1.0, 0.0], requires_grad=True)
    search = torch.optim.LBFGS([line], max_iter=100)

    def loss() -> Any:
        search.zero_grad()
        out = torch.nn.functional.binary_cross_entropy_with_logits(line[0] * raw + line[1], right)
        out.backward()
        return out

    search.step(loss)
    slope, offset = (round(float(value), 4) for value in line.detach())
    return slope, offset


def meant(judged: Judged, platt: Platt) -> Judged:
    """The same answers with calibrated scores."""
    return Judged(
        tuple(
            Answer(one.state, calibrated(one.score, platt), one.real, one.side)
            for one in judged.answers
        ),
        judged.there,
    )


def choose(judged: Judged) -> list[float]:
    """The threshold of each state where its F1 on the fold is best; of a violation the highest that
    is a point from it at most: nobody is accused for a figure's sake.
    """
    chosen = [0.5] * len(STATES)
    for state, name in enumerate(STATES):
        tried = {at: [*chosen[:state], at, *chosen[state + 1 :]] for at in GRID}
        reached = {at: figures(judged.counted(t))[f"{name}_f1"] for at, t in tried.items()}
        good = [at for at in GRID if reached[at] >= max(reached.values()) - NEAR]
        chosen[state] = max(good) if state else max(GRID, key=lambda at: reached[at])
    return chosen


def networks(options: argparse.Namespace) -> tuple[Any, SecondLook]:
    """The running averages as the trainings last kept them."""
    coco = options.shared / "weights" / "yolo11n_coco.pt"
    first = face_network(coco)
    state = torch.load(options.work / "face.ckpt", weights_only=True)
    first.load_state_dict(state["average"])
    second = SecondLook(coco)
    second.load_state_dict(torch.load(options.work / "second.pt", weights_only=True))
    Console().print(f"face network at step {state['step']}")
    return first, second


def main() -> None:
    """Score what training kept on the fold and on val; with --export put it into the product."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, default=Path("build/train"))
    parser.add_argument("--export", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    face, mask = options.work / "face.xml", options.work / "mask.xml"
    first, second = networks(options)
    save(first, face)
    save_second(second, mask)
    reader = reader_of(face, mask)
    pictures = without_copies(load_pictures(options.shared))
    fold = look(reader, [p for p in pictures if p.split == "train" and held_out(p.name)])
    platt = fit_platt(fold)
    thresholds = choose(meant(fold, platt))
    table = Table("set", *SHOWN)
    val = look(reader, [p for p in pictures if p.split == "val"])
    for name, judged in (("fold", fold), ("val", val)):
        row = figures(meant(judged, platt).counted(thresholds))
        log("face and mask", name, **row)
        table.add_row(name, *(f"{row[key]:.3f}" for key in SHOWN))
    console = Console(width=200)
    console.print(table)
    console.print(f"platt {platt}  thresholds {thresholds}")
    if options.export:
        export(face, mask, platt, dict(zip(STATES, thresholds, strict=True)))


if __name__ == "__main__":
    main()
