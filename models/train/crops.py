"""Head crops for the mask-state network: what is cut, what it is called, how it is spoilt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.train.boxes import iou_matrix
from models.train.degrade import Rng, like_a_camera
from models.train.headregion import SIDE_IN_FACES, Box, head_region
from models.train.masknet import ABSENT, INCORRECT, SIDE, UNKNOWN, WORN
from models.train.pictures import (
    FACE_ABSENT,
    FACE_INCORRECT,
    FACE_WORN,
    Face,
    Picture,
    difference_hash,
    mirrored_hash,
    near_copies,
    read_image,
)
from models.train.teacher import Labels, face_fits

STATE = {FACE_WORN: WORN, FACE_INCORRECT: INCORRECT, FACE_ABSENT: ABSENT}
READABLE = 12.0
HELD_OUT = 0.15
LEAST_FIT = 0.15


@dataclass(frozen=True)
class Head:
    """One place to cut: picture, truth, the face if there is one, the person if one was found."""

    image: np.ndarray
    label: int
    face: Box | None
    person: Box | None
    held_out: bool

    @property
    def face_side(self) -> float:
        """Mean face side in pixels, 0 without a face."""
        if self.face is None:
            return 0.0
        return (self.face[2] - self.face[0] + self.face[3] - self.face[1]) / 2


def held_out(name: str) -> bool:
    """Whether a train picture belongs to the calibration fold; depends on its name alone."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT


def square(cx: float, cy: float, side: float) -> Box:
    """Square box around a centre."""
    return cx - side / 2, cy - side / 2, cx + side / 2, cy + side / 2


def cut(image: np.ndarray, box: Box, side: int | None = None) -> np.ndarray:
    """The square as a picture of `side` pixels (or its own size); outside repeats the rim."""
    x1, y1, x2, y2 = (round(v) for v in box)
    x2, y2 = max(x2, x1 + 4), max(y2, y1 + 4)
    height, width = image.shape[:2]
    inside = image[max(y1, 0) : max(min(y2, height), 1), max(x1, 0) : max(min(x2, width), 1)]
    if inside.size == 0:
        inside = image[:4, :4]
    if x1 < 0 or y1 < 0 or x2 > width or y2 > height:
        rims = max(-y1, 0), max(y2 - height, 0), max(-x1, 0), max(x2 - width, 0)
        inside = cv2.copyMakeBorder(inside, *rims, cv2.BORDER_REPLICATE)
    return resized(inside, side) if side else inside


def resized(crop: np.ndarray, side: int) -> np.ndarray:
    """To a square: area averaging when it shrinks, linear when it grows, as the product does."""
    shrinks = crop.shape[0] > side
    return cv2.resize(
        crop, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def expected_face(region: Box) -> Box:
    """Where the face should be in a head region."""
    side = (region[2] - region[0]) / SIDE_IN_FACES
    return square((region[0] + region[2]) / 2, (region[1] + region[3]) / 2, side)


def person_of(face: Face, picture: Picture, labels: Labels, size: tuple[int, int]) -> Box | None:
    """The person whose head region this face fills better than any other face does.

    In a crowd a region can show two faces; the crop's truth must be the one that fills it.
    """
    if not labels.persons:
        return None
    boxes = np.array(labels.persons)[:, :4]
    places = np.array([expected_face(head_region(tuple(box), *size)) for box in boxes])
    others = np.array([other.box for other in picture.faces])
    fits = iou_matrix(places, others)
    mine = picture.faces.index(face)
    best = int(fits[:, mine].argmax())
    if fits[best, mine] < LEAST_FIT or fits[best].argmax() != mine:
        return None
    return tuple(float(v) for v in boxes[best])


def covers(box: Box, face: Box, least: float = 0.25) -> bool:
    """Whether a box holds at least this share of a face."""
    wide = min(box[2], face[2]) - max(box[0], face[0])
    high = min(box[3], face[3]) - max(box[1], face[1])
    area = (face[2] - face[0]) * (face[3] - face[1])
    return wide > 0 and high > 0 and wide * high >= least * max(area, 1e-6)


def faceless_heads(picture: Picture, image: np.ndarray, labels: Labels) -> list[Head]:
    """Heads of found persons that hold no labelled face: backs, hidden, cut off."""
    heads = []
    height, width = image.shape[:2]
    for x1, y1, x2, y2, score in labels.persons:
        region = head_region((x1, y1, x2, y2), width, height)
        touched = any(covers(region, face.box, 0.05) for face in picture.faces)
        large = region[2] - region[0] >= 32
        claimed = any(face_fits(np.array([x1, y1, x2, y2]), face.box) for face in picture.faces)
        if score >= 0.5 and large and not touched and not claimed:
            heads.append(Head(image, UNKNOWN, None, (x1, y1, x2, y2), held_out(picture.name)))
    return heads


def heads_of(pictures: list[Picture], labels: dict[str, Labels]) -> list[Head]:
    """All faces of at least 10 px and all faceless heads of some pictures."""
    heads = []
    for picture in pictures:
        image, known = read_image(picture.path), labels[picture.name]
        aside = held_out(picture.name)
        size = image.shape[1], image.shape[0]
        heads += [
            Head(image, STATE[face.state], face.box, person_of(face, picture, known, size), aside)
            for face in picture.faces
            if face.side >= 10
        ]
        heads += faceless_heads(picture, image, known)
    return heads


def loose_crops(shared: Path, pictures: list[Picture]) -> list[Head]:
    """The two-class crops that repeat no picture of the box sets and none of each other."""
    folder = shared / "data" / "mask_crops"
    files = sorted(folder.glob("with*/*.jpg"))
    images = {str(path.relative_to(folder)): read_image(path) for path in files}
    known = [difference_hash(read_image(p.path)) for p in pictures]
    known += [
        difference_hash(cut(read_image(p.path), face.box))
        for p in pictures
        for face in p.faces
        if p.split == "val" and face.side >= 24
    ]
    hashes = {name: (difference_hash(img), mirrored_hash(img)) for name, img in images.items()}
    copies = near_copies(hashes, known)
    heads = []
    for name, image in images.items():
        if name not in copies:
            height, width = image.shape[:2]
            face = (0.08 * width, 0.08 * height, 0.92 * width, 0.92 * height)
            label = WORN if name.startswith("with_mask") else ABSENT
            heads.append(Head(image, label, face, None, held_out(name)))
    return heads


def region_for(head: Head, rng: Rng) -> Box:
    """A crop box as the product would cut it, or around the face with a random share of it."""
    height, width = head.image.shape[:2]
    if head.person is not None and (head.face is None or rng.random() < 0.5):
        x1, y1, x2, y2 = head.person
        shake = rng.normal(0, 0.05, 4) * (x2 - x1)
        moved = x1 + shake[0], y1 + shake[1], x2 + shake[2], y2 + shake[3]
        return head_region(moved, width, height)
    if head.face is None:
        return 0.0, 0.0, float(min(width, height)), float(min(width, height))
    side = head.face_side / rng.triangular(0.25, 0.45, 0.95)
    slack = 0.5 * (side - head.face_side) + 0.08 * head.face_side
    cx = (head.face[0] + head.face[2]) / 2 + rng.uniform(-1, 1) * min(slack, 0.3 * side)
    cy = (head.face[1] + head.face[3]) / 2 + rng.uniform(-1, 1) * min(slack, 0.3 * side)
    return square(cx, cy, side)


def shrunk(crop: np.ndarray, face_share: float, face_pixels: float) -> np.ndarray:
    """The crop as it would be if the face had that many pixels; never enlarges."""
    side = max(6, round(face_pixels / max(face_share, 0.05)))
    if side >= crop.shape[0]:
        return crop
    return cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)


def sample(head: Head, rng: Rng) -> tuple[np.ndarray, int]:
    """One spoilt training crop of a head with its label; unreadable ones become unknown."""
    box = region_for(head, rng)
    label, side = head.label, box[2] - box[0]
    if head.face is not None and not covers(box, head.face, 0.6):
        label = UNKNOWN
    crop = cut(head.image, box)
    pixels = float(np.exp(rng.uniform(np.log(9.0), np.log(110.0))))
    face = head.face_side or 0.42 * side
    crop = shrunk(crop, face / side, pixels)
    if min(face, pixels) < READABLE - 0.5:
        label = UNKNOWN
    return finish(crop, rng), label


def finish(crop: np.ndarray, rng: Rng) -> np.ndarray:
    """Mirror, camera look at the size it was seen, then the network's size."""
    if rng.random() < 0.5:
        crop = np.ascontiguousarray(crop[:, ::-1])
    if rng.random() < 0.2:
        turn = cv2.getRotationMatrix2D((crop.shape[1] / 2,) * 2, rng.uniform(-18, 18), 1.0)
        crop = cv2.warpAffine(crop, turn, crop.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    amount = 0.9 if rng.random() < 0.7 else 0.0
    if crop.shape[0] < 40:
        amount *= 0.6
    return resized(like_a_camera(crop, rng, amount), SIDE)


def empty_spot(head: Head, rng: Rng) -> Box:
    """A place beside a face: torso, shoulder, hair, or anywhere in the picture."""
    height, width = head.image.shape[:2]
    kind = rng.random()
    if head.face is None or kind < 0.35:
        side = rng.uniform(0.08, 0.5) * min(height, width)
        return square(rng.uniform(0, width), rng.uniform(0, height), max(side, 16))
    face, cx = head.face_side, (head.face[0] + head.face[2]) / 2
    cy = (head.face[1] + head.face[3]) / 2
    side = face * rng.uniform(1.0, 2.2)
    if kind < 0.6:
        return square(cx + rng.normal(0, 0.8) * face, cy + 0.5 * face + side * 0.55, side)
    if kind < 0.8:
        return square(cx + rng.choice([-1, 1]) * (0.5 * face + side * 0.55), cy, side)
    return square(cx, cy - 0.35 * face - side * 0.5, side)


def negative(head: Head, faces: Callable[[Head], list[Box]], rng: Rng) -> np.ndarray | None:
    """An unknown crop from the head's picture, or None where the drawn place shows a face."""
    box = empty_spot(head, rng)
    if any(covers(box, face, 0.3) for face in faces(head)):
        return None
    crop = cut(head.image, box)
    crop = shrunk(crop, 0.42, float(np.exp(rng.uniform(np.log(10.0), np.log(90.0)))))
    return finish(crop, rng)
