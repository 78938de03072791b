"""Labelled photographs for the mask bench, and frames full of them with small faces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_agent.vision.frame import Image
from models.train.pictures import SOURCES, Face, read_faces, read_image

WIDE, HIGH = 1280, 720
GREY = 114
ENDINGS = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, eq=False)
class Labelled:
    """A picture (BGR) and its faces in its pixels."""

    image: Image
    faces: tuple[Face, ...]


def from_folders(images: Path, labels: Path) -> list[Labelled]:
    """Every picture that has a label file of its name (YOLO text: class, centre, size)."""
    paths = sorted(path for path in images.iterdir() if path.suffix.lower() in ENDINGS)
    return [
        _labelled(path, labels / f"{path.stem}.txt")
        for path in paths
        if (labels / f"{path.stem}.txt").is_file()
    ]


def val_splits(data: Path) -> list[Labelled]:
    """Both val splits, as their lists name them."""
    found = []
    for source in SOURCES:
        folder = data / source
        for line in (folder / "val.txt").read_text().split():
            path = folder / line
            found.append(_labelled(path, folder / "labels" / f"{path.stem}.txt"))
    return found


def _labelled(path: Path, label: Path) -> Labelled:
    image = read_image(path)
    return Labelled(image, read_faces(label, image.shape[1], image.shape[0]))


def shrunk(picture: Labelled, median: float) -> Labelled | None:
    """The picture scaled so that its median face has this side; None without a face."""
    if not picture.faces:
        return None
    scale = median / float(np.median([face.side for face in picture.faces]))
    height, width = picture.image.shape[:2]
    size = max(8, round(width * scale)), max(8, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(picture.image, size, interpolation=method)
    return Labelled(image, _moved(picture.faces, size[0] / width, size[1] / height, 0, 0))


def packed(pictures: Iterable[Labelled]) -> list[Labelled]:
    """The pictures side by side in frames of 1280 × 720, in rows, tallest first."""
    frames: list[_Sheet] = []
    fitting = map(_within_frame, pictures)
    for picture in sorted(fitting, key=lambda one: -one.image.shape[0]):
        if not any(frame.take(picture) for frame in frames):
            frames.append(_Sheet())
            frames[-1].take(picture)
    return [frame.labelled() for frame in frames]


class _Sheet:
    """A frame that is being filled, row under row."""

    def __init__(self) -> None:
        self._image = np.full((HIGH, WIDE, 3), GREY, np.uint8)
        self._faces: list[Face] = []
        self._x = self._top = self._bottom = 0

    def take(self, picture: Labelled) -> bool:
        """Put it in where the next free place is, if it fits."""
        height, width = picture.image.shape[:2]
        x, top = self._x, self._top
        if x + width > WIDE:
            x, top = 0, self._bottom
        if x + width > WIDE or top + height > HIGH:
            return False
        self._image[top : top + height, x : x + width] = picture.image
        self._faces += _moved(picture.faces, 1.0, 1.0, x, top)
        self._x, self._top = x + width, top
        self._bottom = max(self._bottom, top + height)
        return True

    def labelled(self) -> Labelled:
        return Labelled(self._image, tuple(self._faces))


def _within_frame(picture: Labelled) -> Labelled:
    """Cut to the frame's size about its middle; faces that are cut through go with it."""
    height, width = picture.image.shape[:2]
    left, top = max(0, (width - WIDE) // 2), max(0, (height - HIGH) // 2)
    if not left and not top and width <= WIDE and height <= HIGH:
        return picture
    image = picture.image[top : top + HIGH, left : left + WIDE]
    inside = [
        face
        for face in _moved(picture.faces, 1.0, 1.0, -left, -top)
        if face.box[0] >= 0 and face.box[1] >= 0 and face.box[2] <= WIDE and face.box[3] <= HIGH
    ]
    return Labelled(image, tuple(inside))


def _moved(faces: Sequence[Face], sx: float, sy: float, x: float, y: float) -> tuple[Face, ...]:
    return tuple(
        Face((b[0] * sx + x, b[1] * sy + y, b[2] * sx + x, b[3] * sy + y), face.state)
        for face in faces
        for b in [face.box]
    )
