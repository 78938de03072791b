"""Places of pictures cut out as squares, and the loose face crops of two classes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.train.pictures import (
    FACE_ABSENT,
    FACE_WORN,
    Picture,
    difference_hash,
    mirrored_hash,
    near_copies,
    read_image,
    side_of,
)

HELD_OUT = 0.15
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Spot:
    """A place in a picture (BGR): its box x1, y1, x2, y2 and the number of what is there."""

    image: np.ndarray
    box: Box
    state: int

    @property
    def side(self) -> float:
        """Mean side in pixels."""
        return side_of(self.box)


def held_out(name: str) -> bool:
    """Whether a train picture belongs to the calibration fold; depends on its name alone."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT


def learnt(pictures: list[Picture], source: str = "") -> list[Picture]:
    """What a network is trained on: the train split outside the fold, of one source or of all."""
    train = [p for p in pictures if p.split == "train" and not held_out(p.name)]
    return [p for p in train if source in ("", p.source)]


def fold_of(pictures: list[Picture], source: str = "") -> list[Picture]:
    """What calibrates it: the train pictures that no training sees, of one source or of all."""
    fold = [p for p in pictures if p.split == "train" and held_out(p.name)]
    return [p for p in fold if source in ("", p.source)]


def kept_as(name: str, source: str) -> str:
    """The file name of a network of all sources, or of one source alone."""
    return f"{name}_{source}" if source else name


def square(cx: float, cy: float, side: float) -> Box:
    """Square box around a centre."""
    return cx - side / 2, cy - side / 2, cx + side / 2, cy + side / 2


def cut(image: np.ndarray, box: Box) -> np.ndarray:
    """The square at its own size; outside repeats the rim."""
    x1, y1, x2, y2 = (round(v) for v in box)
    x2, y2 = max(x2, x1 + 4), max(y2, y1 + 4)
    height, width = image.shape[:2]
    inside = image[max(y1, 0) : max(min(y2, height), 1), max(x1, 0) : max(min(x2, width), 1)]
    if inside.size == 0:
        inside = image[:4, :4]
    if x1 < 0 or y1 < 0 or x2 > width or y2 > height:
        rims = max(-y1, 0), max(y2 - height, 0), max(-x1, 0), max(x2 - width, 0)
        inside = cv2.copyMakeBorder(inside, *rims, cv2.BORDER_REPLICATE)
    return inside


def resized(crop: np.ndarray, side: int) -> np.ndarray:
    """To a square: area averaging when it shrinks, linear when it grows, as the product does."""
    shrinks = crop.shape[0] > side
    return cv2.resize(
        crop, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def shrunk(crop: np.ndarray, face_share: float, face_pixels: float) -> np.ndarray:
    """The crop as it would be if the face had that many pixels; never enlarges."""
    side = max(6, round(face_pixels / max(face_share, 0.05)))
    if side >= crop.shape[0]:
        return crop
    return cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)


def loose_crops(shared: Path, pictures: list[Picture]) -> list[Spot]:
    """The two-class crops outside the fold that repeat no picture of the box sets, no larger val
    face and none of each other.
    """
    folder = shared / "data" / "mask_crops"
    files = sorted(folder.glob("with*/*.jpg"))
    images = {str(path.relative_to(folder)): read_image(path) for path in files}
    hashes = {name: (difference_hash(img), mirrored_hash(img)) for name, img in images.items()}
    copies = near_copies(hashes, _known(pictures))
    spots = []
    for name, image in images.items():
        if name not in copies and not held_out(name):
            height, width = image.shape[:2]
            face = (0.08 * width, 0.08 * height, 0.92 * width, 0.92 * height)
            state = FACE_WORN if name.startswith("with_mask") else FACE_ABSENT
            spots.append(Spot(image, face, state))
    return spots


def _known(pictures: list[Picture]) -> list[int]:
    """Hashes of all pictures, and of the val faces that are large enough to be told apart."""
    hashes = []
    for picture in pictures:
        image = read_image(picture.path)
        hashes.append(difference_hash(image))
        if picture.split == "val":
            large = [face.box for face in picture.faces if face.side >= 24]
            hashes += [difference_hash(cut(image, box)) for box in large]
    return hashes
