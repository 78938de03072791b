"""The trial of a model file before it is installed: does it run here, see who is there, how fast.

A person detector must find everybody in the specimens and nobody in the empty one. Any other model
must take and give what the one in use does, in numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_agent.config.schema import Vision
from edge_agent.core.perception import Detection
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import SystemClock
from edge_agent.vision.detector import load_detector
from edge_agent.vision.detector.bare import BareModel
from edge_agent.vision.models import PERSON, CheckedModel
from edge_agent.vision.specimens import Specimen, specimens

_SURE = 0.4  # the score from which somebody begins to be followed
_SAME = 0.5  # IoU of a person who was found where they are
_ROUNDS = 5  # looks at each specimen, to tell the time of one


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model showed: milliseconds of a look (median), people found of those drawn."""

    ms: float
    found: int
    drawn: int


def try_model(
    model: CheckedModel, vision: Vision, scratch: Path, present: CheckedModel | None
) -> Trial:
    """Try the model on the specimens; `present` is the one that it would replace, if that runs.

    Raises Trouble `model.unusable` for a file that does not run here, `model.backend_missing`, and
    `model.refused` for one that runs and is not good enough.
    """
    if PERSON in model.labels:
        return _try_persons(model, load_detector(model, vision, scratch).detect)
    return _try_other(model, vision, present)


def _try_persons(model: CheckedModel, detect: Callable[[np.ndarray], list[Detection]]) -> Trial:
    shown, clock = specimens(), SystemClock()
    spent, found = [], 0
    for specimen in shown:
        for _ in range(_ROUNDS):
            began = clock.now()
            seen = detect(specimen.image)
            spent.append(clock.now().since(began))
        found += _judged(model, specimen, [one for one in seen if one.score >= _SURE])
    drawn = sum(len(specimen.people) for specimen in shown)
    return Trial(round(float(np.median(spent)) * 1000, 1), found, drawn)


def _judged(model: CheckedModel, specimen: Specimen, seen: list[Detection]) -> int:
    """How many are found. Raises Trouble where somebody is not, or where nobody is."""
    found = sum(any(one.box.iou(who) >= _SAME for one in seen) for who in specimen.people)
    false = sum(all(one.box.iou(who) < _SAME for who in specimen.people) for one in seen)
    drawn = len(specimen.people)
    if found < drawn or false:
        raise refused(
            model.path,
            f"ảnh thử '{specimen.name}': tìm thấy {found}/{drawn} người, báo nhầm {false}",
            f"test picture '{specimen.name}': {found} of {drawn} people found, {false} false",
        )
    return found


def _try_other(model: CheckedModel, vision: Vision, present: CheckedModel | None) -> Trial:
    network = BareModel(model, vision)
    if present is not None and (wanted := BareModel(present, vision).form) != network.form:
        raise refused(
            model.path,
            f"đầu vào và đầu ra là {network.form}, cần {wanted}",
            f"its input and outputs are {network.form}, not {wanted}",
        )
    spent, clock = [], SystemClock()
    for specimen in specimens():
        for _ in range(_ROUNDS):
            began = clock.now()
            answers = network.look(specimen.image)
            spent.append(clock.now().since(began))
        if not all(np.isfinite(answer).all() for answer in answers):
            raise refused(model.path, "kết quả không phải là số", "its output is not finite")
    return Trial(round(float(np.median(spent)) * 1000, 1), 0, 0)


def refused(file: Path, vi: str, en: str) -> Trouble:
    """A model file that is not installed, and why."""
    return Trouble(
        "model.refused",
        f"Không cài {file.name}: {vi}. Mô hình đang dùng được giữ nguyên.",
        f"{file.name} is not installed: {en}. The model in use stays as it is.",
    )
