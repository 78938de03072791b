"""What others say of the same pictures: AIZOO's masks, and YuNet's faces with our second look.

AIZOO: AIZOOTech/FaceMaskDetection, MIT, 260 × 260, two classes; its anchors are rebuilt here from
its own description. YuNet: opencv_zoo, faces only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge_agent.core.geometry import Box, Size
from edge_agent.vision.detector.graph import engine
from edge_agent.vision.facecells import tiles, window
from edge_agent.vision.frame import Image, size_of
from edge_agent.vision.secondlook import SecondLook
from models.train.boxes import suppress
from models.train.facejudge import STATES, UNKNOWN, Claim

SIDE = 260
GRIDS = (33, 17, 9, 5, 3)
SIZES = ((0.04, 0.056), (0.08, 0.11), (0.16, 0.22), (0.32, 0.45), (0.64, 0.72))
RATIOS = (1.0, 0.62, 0.42)
VARIANCES = np.array([0.1, 0.1, 0.2, 0.2], np.float32)
SURE, OVERLAP = 0.5, 0.4
Teller = Callable[[Image], list[Claim]]


def anchors() -> np.ndarray:
    """5,972 rows of centre x, y, width, height in shares of the input."""
    rows = []
    for grid, (small, large) in zip(GRIDS, SIZES, strict=True):
        shapes = [(small, 1.0), (large, 1.0), *((small, ratio) for ratio in RATIOS[1:])]
        for y in range(grid):
            for x in range(grid):
                for size, ratio in shapes:
                    wide, high = size * ratio**0.5, size / ratio**0.5
                    rows.append(((x + 0.5) / grid, (y + 0.5) / grid, wide, high))
    return np.array(rows, np.float32)


class Aizoo:
    """Its network on one thread: worn or absent, nothing else."""

    def __init__(self, weights: Path) -> None:
        core = engine()
        settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        self._run = core.compile_model(str(weights), "CPU", settings)
        self._anchors = anchors()

    def whole(self, image: Image) -> list[Claim]:
        """The picture squeezed into the input, as its authors do it."""
        size = size_of(image)
        return _claims(self._rows(image, Box(0, 0, size.width, size.height)))

    def tiled(self, image: Image, parts: int = 4) -> list[Claim]:
        """The picture in overlapping windows, about `parts` × `parts` of them: small faces grow."""
        size = size_of(image)
        span = max(size.width, size.height) / parts
        windows = tiles(Size(size.width, size.height), round(span), 1.0)
        return _claims(np.concatenate([self._rows(*window(image, box)) for box in windows]))

    def _rows(self, part: Image, place: Box) -> np.ndarray:
        """Rows x1, y1, x2, y2, score, state in the pixels of the picture."""
        small = cv2.cvtColor(cv2.resize(part, (SIDE, SIDE)), cv2.COLOR_BGR2RGB)
        answer = self._run(small[None].astype(np.float32) / 255)
        by_width = {out.shape[-1]: np.asarray(out)[0] for out in answer.values()}
        moves, scores = by_width[4] * VARIANCES, by_width[2]
        middle = moves[:, :2] * self._anchors[:, 2:] + self._anchors[:, :2]
        half = np.exp(moves[:, 2:]) * self._anchors[:, 2:] / 2
        corners = np.concatenate([middle - half, middle + half], 1)
        corners = corners * ([place.width, place.height] * 2) + [place.x1, place.y1] * 2
        state = scores.argmax(1)
        rows = np.concatenate([corners, scores.max(1)[:, None], state[:, None]], 1)
        return rows[rows[:, 4] >= SURE]


def _claims(rows: np.ndarray) -> list[Claim]:
    """One claim a face: the best of those that overlap."""
    order = np.argsort(-rows[:, 4], kind="stable")
    kept = suppress(rows[order][:, :5], OVERLAP) if len(rows) else np.zeros((0, 5))
    state_of = {tuple(row[:5]): int(row[5]) for row in rows}
    return [_claim(row[:4], state_of[tuple(row)], float(row[4])) for row in kept]


def _claim(corners: Sequence[float], state: int, score: float) -> Claim:
    x1, y1, x2, y2 = (float(value) for value in corners)
    return Claim((x1, y1, x2, y2), state, score)


def yunet(weights: Path, second: SecondLook, size: Size | None = None) -> Teller:
    """YuNet finds the faces, our second look reads them; `size` is the input, or the picture's."""
    finder = cv2.FaceDetectorYN.create(str(weights), "", (320, 320), 0.6, 0.3, 5000)

    def tell(image: Image) -> list[Claim]:
        own = size or size_of(image)
        finder.setInputSize((own.width, own.height))
        _, rows = finder.detect(cv2.resize(image, (own.width, own.height)))
        claims = []
        for x, y, w, h in [] if rows is None else rows[:, :4].astype(float):
            shares = second.shares(image, Box(x, y, x + w, y + h))
            best = max(shares, key=lambda state: shares[state])
            state = STATES.index(best.value) if best.value in STATES else UNKNOWN
            claims.append(Claim((x, y, x + w, y + h), state, shares[best]))
        return claims

    return tell
