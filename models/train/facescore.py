"""How good both looks at faces are together, and what their scores mean:

    python -m models.train.facescore [--export | --source NAME]

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
from models.train.crops import fold_of, kept_as
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
    face, again = kept_as("face", options.source), kept_as("second", options.source)
    first = face_network(coco)
    state = torch.load(options.work / f"{face}.ckpt", weights_only=True)
    first.load_state_dict(state["average"])
    second = SecondLook(coco)
    second.load_state_dict(torch.load(options.work / f"{again}.pt", weights_only=True))
    Console().print(f"face network at step {state['step']}")
    return first, second


def scored_on(pictures: list[Picture], source: str) -> dict[str, list[Picture]]:
    """What the figures are of: val; for a network of one source every picture of the other."""
    if not source:
        return {"val": [p for p in pictures if p.split == "val"]}
    others = [p for p in pictures if p.source != source]
    return {
        f"val of what {source} is not": [p for p in others if p.split == "val"],
        f"all of what {source} is not": others,
    }


def options_of() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, default=Path("build/train"))
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--export", action="store_true")
    end.add_argument("--source", default="", help="networks of one source, scored on the other")
    return parser.parse_args()


def main() -> None:
    """Score what training kept on the fold and on val; with --export put it into the product."""
    options = options_of()
    cv2.setNumThreads(1)
    face, mask = (options.work / f"{kept_as(n, options.source)}.xml" for n in ("face", "mask"))
    first, second = networks(options)
    save(first, face)
    save_second(second, mask)
    reader = reader_of(face, mask)
    pictures = without_copies(load_pictures(options.shared))
    fold = look(reader, fold_of(pictures, options.source))
    platt = fit_platt(fold)
    thresholds = choose(meant(fold, platt))
    table = Table("set", *SHOWN)
    judged = {"fold": fold}
    judged |= {n: look(reader, some) for n, some in scored_on(pictures, options.source).items()}
    for name, answers in judged.items():
        row = figures(meant(answers, platt).counted(thresholds))
        log(f"{kept_as('face', options.source)} and {kept_as('mask', options.source)}", name, **row)
        table.add_row(name, *(f"{row[key]:.3f}" for key in SHOWN))
    console = Console(width=200)
    console.print(table)
    console.print(f"platt {platt}  thresholds {thresholds}")
    if options.export:
        export(face, mask, platt, dict(zip(STATES, thresholds, strict=True)))


if __name__ == "__main__":
    main()
