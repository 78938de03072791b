"""Reads the labelled mask photographs and finds near-copies by perceptual hash."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

SOURCES = ("masks_kaggle853", "masks_ilc")
FACE_WORN, FACE_ABSENT, FACE_INCORRECT = 0, 1, 2
NEAR_COPY_BITS = 4


def side_of(box: tuple[float, float, float, float]) -> float:
    """Mean of width and height of x1, y1, x2, y2: the size that every figure is sliced by."""
    return (box[2] - box[0] + box[3] - box[1]) / 2


@dataclass(frozen=True)
class Face:
    """One labelled face: box in pixels and the class number of the data sets."""

    box: tuple[float, float, float, float]
    state: int

    @property
    def side(self) -> float:
        """Mean side in pixels."""
        return side_of(self.box)


@dataclass(frozen=True)
class Picture:
    """One photograph with its labelled faces; `name` is unique over all sources."""

    name: str
    path: Path
    source: str
    split: str
    faces: tuple[Face, ...]


def read_image(path: Path) -> np.ndarray:
    """The picture as BGR; a file that cannot be read is an error, not an empty picture."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise OSError(f"{path}: not a readable picture")
    return image


def read_faces(label: Path, width: int, height: int) -> tuple[Face, ...]:
    """Faces of one YOLO text file (`class cx cy w h`, normalised) in pixels."""
    faces = []
    for line in label.read_text().splitlines():
        state, cx, cy, w, h = (float(word) for word in line.split())
        x, y = (cx - w / 2) * width, (cy - h / 2) * height
        faces.append(Face((x, y, x + w * width, y + h * height), int(state)))
    return tuple(faces)


def load_pictures(shared: Path) -> list[Picture]:
    """All photographs of both box sets, each with the split its set gives it."""
    pictures = []
    for source in SOURCES:
        folder = shared / "data" / source
        for split in ("train", "val"):
            for line in (folder / f"{split}.txt").read_text().split():
                path = folder / line
                height, width = read_image(path).shape[:2]
                label = folder / "labels" / f"{path.stem}.txt"
                faces = read_faces(label, width, height)
                pictures.append(Picture(path.stem, path, source, split, faces))
    return pictures


def difference_hash(image: np.ndarray) -> int:
    """64-bit dHash: the sign of the brightness step between neighbours on a 9x8 grid."""
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = (small[:, 1:] > small[:, :-1]).ravel()
    return int("".join("1" if bit else "0" for bit in bits), 2)


def mirrored_hash(image: np.ndarray) -> int:
    """Hash of the mirrored picture, so that a flipped copy is found too."""
    return difference_hash(image[:, ::-1])


def near_copies(
    candidates: dict[str, tuple[int, ...]], kept: list[int], limit: int = NEAR_COPY_BITS
) -> set[str]:
    """Names among `candidates` that repeat a hash in `kept` or an earlier candidate.

    Each candidate brings one or more hashes of itself (plain, mirrored); it is a copy
    when any of them differs from a known hash in at most `limit` bits.
    """
    known = list(kept)
    copies = set()
    for name, hashes in candidates.items():
        if any((own ^ other).bit_count() <= limit for own in hashes for other in known):
            copies.add(name)
        else:
            known.append(hashes[0])
    return copies


def without_copies(pictures: list[Picture]) -> list[Picture]:
    """Drops train pictures that repeat a val picture or an earlier train picture.

    The val split is never touched: figures stay comparable between runs.
    """
    hashes = {}
    for picture in pictures:
        image = read_image(picture.path)
        hashes[picture.name] = (difference_hash(image), mirrored_hash(image))
    val = [hashes[p.name][0] for p in pictures if p.split == "val"]
    train = {p.name: hashes[p.name] for p in pictures if p.split == "train"}
    copies = near_copies(train, val)
    return [p for p in pictures if p.name not in copies]
