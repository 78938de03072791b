"""Builds training canvases for the face-state detector: faces of every size, where they were."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.train.boxes import iou_matrix
from models.train.degrade import Rng, like_a_camera
from models.train.detector import PAD
from models.train.pictures import FACE_ABSENT, FACE_INCORRECT, FACE_WORN, Picture, read_image

SIDE = 384
SMALLEST, LEAST_TAUGHT = 9.0, 7.0
MOST_OF_CELL, MOST_GROWN = 0.7, 3.0
LEAST_VISIBLE = 0.5
SHARES = {FACE_WORN: 0.42, FACE_ABSENT: 0.33, FACE_INCORRECT: 0.25}
INSIDE = 0.7  # of the views keep inside their picture, as far as it fills them
NOWHERE = 0.06  # of the cells show a place without a labelled face in the middle


@dataclass(frozen=True)
class Faces:
    """A picture (BGR) with its faces: rows x1, y1, x2, y2, state."""

    image: np.ndarray
    rows: np.ndarray


def faces_of(picture: Picture) -> Faces:
    """Reads one picture and its labels."""
    rows = [(*face.box, face.state) for face in picture.faces]
    return Faces(read_image(picture.path), np.array(rows, np.float32).reshape(-1, 5))


@dataclass(frozen=True)
class Album:
    """All pictures, and where the faces of each state are: (picture, row)."""

    pictures: list[Faces]
    by_state: dict[int, list[tuple[int, int]]]

    @classmethod
    def of(cls, pictures: list[Faces]) -> Album:
        """The faces that are large enough to be shown shrunk."""
        by_state: dict[int, list[tuple[int, int]]] = {state: [] for state in SHARES}
        for number, faces in enumerate(pictures):
            for row, (x1, y1, x2, y2, state) in enumerate(faces.rows):
                if (x2 - x1 + y2 - y1) / 2 >= SMALLEST:
                    by_state[int(state)].append((number, row))
        return cls(pictures, by_state)

    def pick(self, rng: Rng) -> tuple[Faces, np.ndarray]:
        """A picture and the face in it that is to be seen, the states in their shares."""
        state = int(rng.choice(list(SHARES), p=list(SHARES.values())))
        number, row = self.by_state[state][int(rng.integers(len(self.by_state[state])))]
        return self.pictures[number], self.pictures[number].rows[row]


def layout(rng: Rng) -> list[tuple[int, int, int, int]]:
    """How the canvas is divided: one view, four, or nine."""
    kind = rng.random()
    parts = 1 if kind < 0.3 else 2 if kind < 0.75 else 3
    edges = np.linspace(0, SIDE, parts + 1)
    edges[1:-1] += rng.uniform(-0.12, 0.12, parts - 1) * SIDE / parts
    cuts = [int(edge) for edge in edges]
    return [
        (cuts[c], cuts[r], cuts[c + 1], cuts[r + 1]) for r in range(parts) for c in range(parts)
    ]


def view(
    faces: Faces, face: np.ndarray, size: tuple[int, int], rng: Rng
) -> tuple[np.ndarray, np.ndarray]:
    """A window of `size` (width, height) onto a picture, with the face somewhere in it."""
    width, height = size
    side = (face[2] - face[0] + face[3] - face[1]) / 2
    most = min(MOST_OF_CELL * min(size), side * MOST_GROWN)
    wanted = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(max(most, SMALLEST + 1)))))
    scale = wanted / side
    stretch = float(np.exp(rng.uniform(-0.12, 0.12)))
    sx, sy = scale * stretch, scale / stretch
    middle = np.array([face[0] + face[2], face[1] + face[3]]) / 2 * [sx, sy]
    if rng.random() < NOWHERE:
        middle = rng.uniform(0, 1, 2) * np.array(faces.image.shape[1::-1]) * [sx, sy]
    left, top = middle - np.array(size) * rng.uniform(0.2, 0.8, 2)
    if rng.random() < INSIDE:  # little of the canvas is wasted on what lies beyond the picture
        spare = np.array(faces.image.shape[1::-1]) * [sx, sy] - size
        left, top = np.clip((left, top), np.minimum(spare, 0), np.maximum(spare, 0))
    turn = np.float32([[sx, 0, -left], [0, sy, -top]])
    source = faces.image
    if scale < 0.5:  # sampling would skip pixels: shrink properly first
        source = cv2.resize(source, None, fx=2 * sx, fy=2 * sy, interpolation=cv2.INTER_AREA)
        turn = np.float32([[0.5, 0, -left], [0, 0.5, -top]])
    seen = cv2.warpAffine(
        source, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=(PAD,) * 3
    )
    rows = faces.rows.copy()
    rows[:, [0, 2]] = rows[:, [0, 2]] * sx - left
    rows[:, [1, 3]] = rows[:, [1, 3]] * sy - top
    if rng.random() < 0.5:
        seen = np.ascontiguousarray(seen[:, ::-1])
        rows[:, [0, 2]] = width - rows[:, [2, 0]]
    return seen, rows


def taught(seen: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The faces that count; cut and tiny ones are painted out, they would teach nothing true."""
    height, width = seen.shape[:2]
    cut = rows.copy()
    cut[:, [0, 2]] = cut[:, [0, 2]].clip(0, width)
    cut[:, [1, 3]] = cut[:, [1, 3]].clip(0, height)
    area = (rows[:, 2:4] - rows[:, :2]).prod(axis=1)
    left = (cut[:, 2:4] - cut[:, :2]).clip(0).prod(axis=1)
    good = (left >= LEAST_VISIBLE * area) & (np.sqrt(left) >= LEAST_TAUGHT)
    overlaps = iou_matrix(cut[:, :4], cut[:, :4]) if len(cut) else np.zeros((0, 0))
    for number in np.flatnonzero(~good & (left > 4)):
        if not len(overlaps) or not (overlaps[number][good] > 0.05).any():
            x1, y1, x2, y2 = np.round(cut[number, :4]).astype(int)
            seen[y1:y2, x1:x2] = PAD
    return cut[good]


def compose(album: Album, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """One random canvas; rows are x1, y1, x2, y2, state in its pixels."""
    canvas = np.full((SIDE, SIDE, 3), PAD, np.uint8)
    found = []
    for x1, y1, x2, y2 in layout(rng):
        faces, face = album.pick(rng)
        seen, rows = view(faces, face, (x2 - x1, y2 - y1), rng)
        rows = taught(seen, rows)
        canvas[y1:y2, x1:x2] = like_a_camera(seen, rng, 0.7)
        found.append(rows + np.float32([x1, y1, x1, y1, 0]))
    return canvas, np.concatenate(found)
