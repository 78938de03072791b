"""How right answers about faces are, strictly: what training, its card and the bench all report.

A missed face, and one answered unknown, is a miss; an answer on no face is false; faces under 12 px
are nobody's concern. (numpy only: a bench needs no training extra.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from models.train.boxes import iou_matrix
from models.train.pictures import Face, side_of

LEAST, OVERLAP = 12.0, 0.3
STATES = ("worn", "absent", "incorrect")  # by their number in the labels
SLICES = ((12, 20), (20, 32), (32, 48), (48, 96), (96, 10_000))
UNKNOWN = -1


@dataclass(frozen=True)
class Claim:
    """What was said of one place (x1, y1, x2, y2): the number of a state or -1 for unknown, and
    the score of being right.
    """

    box: tuple[float, float, float, float]
    state: int
    score: float

    @property
    def side(self) -> float:
        """Mean side in pixels."""
        return side_of(self.box)


@dataclass(frozen=True)
class Answer:
    """A claim that was judged: the true state, or -1 where nobody's face is; and the side (pixels)
    of that face, of the claim where there is none.
    """

    state: int
    score: float
    real: int
    side: float

    @property
    def right(self) -> bool:
        """Whether it is what the label says."""
        return self.state == self.real


@dataclass(frozen=True)
class Judged:
    """All answers over some pictures, and the labelled faces: (state, side in pixels)."""

    answers: tuple[Answer, ...]
    there: tuple[tuple[int, float], ...]

    def within(self, low: float, high: float) -> Judged:
        """Only what has a side in this range of pixels."""
        return Judged(
            tuple(one for one in self.answers if low <= one.side < high),
            tuple(face for face in self.there if low <= face[1] < high),
        )

    def counted(self, thresholds: Sequence[float]) -> Judged:
        """Answers under the threshold of their state become unknown."""
        return Judged(
            tuple(
                one
                if one.state == UNKNOWN or one.score >= thresholds[one.state]
                else Answer(UNKNOWN, one.score, one.real, one.side)
                for one in self.answers
            ),
            self.there,
        )


def judge(found: Iterable[tuple[Sequence[Claim], Sequence[Face]]]) -> Judged:
    """Match claims to faces by overlap, best claims first, one to one."""
    answers: list[Answer] = []
    there: list[tuple[int, float]] = []
    for claims, faces in found:
        there += [(face.state, face.side) for face in faces if face.side >= LEAST]
        truth = np.array([face.box for face in faces], np.float32).reshape(-1, 4)
        free = set(range(len(faces)))
        for claim in sorted(claims, key=lambda one: -one.score):
            if claim.side >= LEAST:
                answers += _judged(claim, faces, truth, free)
    return Judged(tuple(answers), tuple(there))


def _judged(claim: Claim, faces: Sequence[Face], truth: np.ndarray, free: set[int]) -> list[Answer]:
    own = np.array([claim.box], np.float32)
    overlaps = iou_matrix(own, truth)[0] if len(truth) else np.zeros(0)
    near = [int(i) for i in np.argsort(-overlaps) if overlaps[i] >= OVERLAP and int(i) in free]
    if not near:
        return [Answer(claim.state, claim.score, UNKNOWN, claim.side)]
    face = faces[near[0]]
    if face.side < LEAST:
        return []
    free.discard(near[0])
    return [Answer(claim.state, claim.score, face.state, face.side)]


def figures(judged: Judged) -> dict[str, float]:
    """Precision, recall and F1 of each state, their mean, violation against worn, unknown, ECE."""
    said = [one for one in judged.answers if one.state != UNKNOWN]
    out: dict[str, float] = {}
    for state, name in enumerate(STATES):
        claimed = [one for one in said if one.state == state]
        right = sum(one.right for one in claimed)
        p = right / max(len(claimed), 1)
        r = right / max(sum(real == state for real, _ in judged.there), 1)
        out |= {f"{name}_p": p, f"{name}_r": r, f"{name}_f1": 2 * p * r / max(p + r, 1e-9)}
    out["macro_f1"] = sum(out[f"{name}_f1"] for name in STATES) / 3
    out |= violation(judged)
    everybody = max(len(judged.there), 1)
    found = sum(one.real != UNKNOWN for one in judged.answers)
    out["found_r"] = found / everybody
    out["unknown"] = 1 - sum(one.real != UNKNOWN for one in said) / everybody
    out["ece"] = calibration_error(said)
    return {key: round(value, 3) for key, value in out.items()}


def violation(judged: Judged) -> dict[str, float]:
    """Absent or incorrect against the rest: precision and recall as answered, and the best
    precision that any higher threshold gives while recall stays at least 0.90 (0 if it never is).
    """
    bad = sorted((one for one in judged.answers if one.state > 0), key=lambda one: -one.score)
    there = max(sum(real > 0 for real, _ in judged.there), 1)
    caught = np.cumsum([one.real > 0 for one in bad]) if bad else np.zeros(1)
    precision = caught / np.arange(1, len(caught) + 1)
    enough = caught / there >= 0.9
    return {
        "violation_p": float(precision[-1]),
        "violation_r": float(caught[-1] / there),
        "violation_p_at_r90": float(precision[enough].max()) if enough.any() else 0.0,
    }


def calibration_error(said: Sequence[Answer], bins: int = 10) -> float:
    """Expected calibration error: mean distance of score and share right, over equal bins."""
    error = 0.0
    for number in range(bins):
        inside = [one for one in said if min(int(one.score * bins), bins - 1) == number]
        if inside:
            score = sum(one.score for one in inside) / len(inside)
            share = sum(one.right for one in inside) / len(inside)
            error += len(inside) / len(said) * abs(score - share)
    return error
