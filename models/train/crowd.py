"""Crowds: whole persons cut out of the pictures and set before one another.

The photographs hardly show anybody half hidden, and of one who is the teacher boxes what can be
seen. A distance needs the feet of the hidden one as well: here everybody keeps the box of the whole
body, whoever stands before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from rich.progress import track

from models.train.boxes import iou_matrix
from models.train.degrade import Rng

TALL = 200  # pixels: a person is cut out at this height; canvases need less
LEAST_TALL, LEAST_UPRIGHT = 70, 2.0  # pixels of the photograph; height by width of a whole body
AROUND = 0.12  # share of the box that is shown to the cutting beyond it: surely not the person
ALONE = 0.08  # overlap up to which no other person is in the cutting
COVERED, BOXED = (0.3, 0.85), 0.8  # share of the box that is body; overlap of its outline with it
SEEN = 0.2  # share of a body that must be seen for its box to be asked for
HIDDEN = 0.7  # share of a box of the picture behind that crowds may cover


@dataclass(frozen=True)
class Cutout:
    """A person without surroundings: BGR, and 255 where the body is."""

    image: np.ndarray
    body: np.ndarray


@dataclass
class Crowd:
    """What was set on a canvas: who covers each pixel (0: nobody), boxes and sizes of bodies."""

    owner: np.ndarray
    boxes: list[list[float]] = field(default_factory=list)
    pixels: list[int] = field(default_factory=list)

    def seen(self) -> np.ndarray:
        """Boxes (x1, y1, x2, y2) of those of whom enough is seen."""
        counts = np.bincount(self.owner.ravel(), minlength=len(self.boxes) + 1)[1:]
        keep = counts >= SEEN * np.array(self.pixels)
        return np.array(self.boxes, np.float32).reshape(-1, 4)[keep]


def cutouts_of(scenes: list[tuple[np.ndarray, np.ndarray]]) -> list[Cutout]:
    """Everybody who stands whole and alone in a picture (image, boxes) and can be cut out."""
    found = []
    for image, boxes in track(scenes, "cut-outs"):
        overlaps = iou_matrix(boxes, boxes) - np.eye(len(boxes))
        for box, others in zip(boxes, overlaps, strict=True):
            if _whole(box, image) and others.max(initial=0) <= ALONE:
                found.append(cut_out(image, box))
    return [one for one in found if one is not None]


def _whole(box: np.ndarray, image: np.ndarray) -> bool:
    width, height = box[2] - box[0], box[3] - box[1]
    inside = box[3] < image.shape[0] - 2 and box[0] > 1 and box[2] < image.shape[1] - 2
    return bool(inside and height >= LEAST_TALL and height >= LEAST_UPRIGHT * width)


def cut_out(image: np.ndarray, box: np.ndarray) -> Cutout | None:
    """The person of a box, by GrabCut (Rother et al. 2004); None where the outline is none."""
    margin = AROUND * (box[2:] - box[:2])
    x1, y1 = np.maximum(np.floor(box[:2] - margin), 0).astype(int)
    x2, y2 = np.ceil(box[2:] + margin).astype(int)
    part = image[y1:y2, x1:x2]
    scale = TALL / (box[3] - box[1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=method)
    inner = (box - [x1, y1, x1, y1]) * scale
    body = _body(part, inner)
    x, y, width, height = cv2.boundingRect(body)
    outline = np.array([[x, y, x + width, y + height]], np.float32)
    share = np.count_nonzero(body) / (inner[2:] - inner[:2]).prod()
    if not COVERED[0] <= share <= COVERED[1] or iou_matrix(inner[None], outline)[0, 0] < BOXED:
        return None
    window = slice(y, y + height), slice(x, x + width)
    return Cutout(part[window].copy(), body[window].copy())


def _body(part: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """255 where the largest connected foreground is."""
    state = np.full(part.shape[:2], cv2.GC_BGD, np.uint8)
    left, top, right, bottom = np.round(inner).astype(int)
    state[max(top, 0) : bottom, max(left, 0) : right] = cv2.GC_PR_FGD
    cv2.setRNGSeed(1)
    cv2.grabCut(part, state, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    body = ((state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts, figures, _ = cv2.connectedComponentsWithStats(body)
    if len(figures) < 2:
        return body
    return np.where(parts == 1 + figures[1:, cv2.CC_STAT_AREA].argmax(), 255, 0).astype(np.uint8)


def crowded(
    canvas: np.ndarray, boxes: np.ndarray, cutouts: list[Cutout], rng: Rng
) -> tuple[np.ndarray, np.ndarray]:
    """The canvas with one to four groups set into it, and all boxes that can be asked for."""
    canvas = canvas.copy()
    crowd = Crowd(np.zeros(canvas.shape[:2], np.int32))
    for _ in range(int(rng.integers(1, 5))):
        _set_group(canvas, crowd, cutouts, rng)
    taken = crowd.owner > 0
    free = [box for box in boxes if _cover(taken, box) <= HIDDEN]
    return canvas, np.concatenate([np.array(free, np.float32).reshape(-1, 4), crowd.seen()])


def _cover(taken: np.ndarray, box: np.ndarray) -> float:
    x1, y1, x2, y2 = np.round(box).astype(int)
    part = taken[max(y1, 0) : y2, max(x1, 0) : x2]
    return float(part.mean()) if part.size else 1.0


def _set_group(canvas: np.ndarray, crowd: Crowd, cutouts: list[Cutout], rng: Rng) -> None:
    """Two to five people about as far away as each other; who is nearer stands lower."""
    rows, columns = canvas.shape[:2]
    height = float(np.exp(rng.uniform(np.log(26.0), np.log(150.0))))
    middle = rng.uniform(0.05, 0.95) * columns
    foot = rng.uniform(min(height, 0.9 * rows), rows)
    depths = np.sort(rng.normal(0, 0.07, int(rng.integers(2, 6))))
    for depth in depths:
        tall = height * (1 + depth) * float(np.exp(rng.normal(0, 0.05)))
        x = middle + rng.normal(0, 0.45) * height
        cutout = cutouts[int(rng.integers(len(cutouts)))]
        _set(canvas, crowd, dressed(cutout, rng), (x, foot + 1.5 * depth * height, tall))


def dressed(cutout: Cutout, rng: Rng) -> Cutout:
    """The same person in other colours and light, now and then mirrored."""
    gains = rng.uniform(0.75, 1.3) * rng.uniform(0.8, 1.2, 3)
    shades = np.linspace(0, 1, 256)[:, None] ** rng.uniform(0.6, 1.3) * gains * 255
    table = np.clip(shades, 0, 255).astype(np.uint8)[None]
    image = cv2.LUT(cutout.image, table)
    if rng.random() < 0.5:
        return Cutout(image[:, ::-1], cutout.body[:, ::-1])
    return Cutout(image, cutout.body)


def _set(
    canvas: np.ndarray, crowd: Crowd, cutout: Cutout, where: tuple[float, float, float]
) -> None:
    """Draw a person with the feet at x, y and so many pixels tall; what lies outside is cut."""
    x, foot, tall = where
    scale = tall / cutout.body.shape[0]
    size = max(3, round(cutout.body.shape[1] * scale)), max(8, round(tall))
    body = cv2.resize(cutout.body, size, interpolation=cv2.INTER_AREA)
    image = cv2.resize(cutout.image, size, interpolation=cv2.INTER_AREA)
    left, top = round(x - size[0] / 2), round(foot) - size[1]
    rows, columns = canvas.shape[:2]
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + size[0], columns), min(top + size[1], rows)
    if x2 - x1 < 4 or y2 - y1 < 8:
        return
    inside = slice(y1 - top, y2 - top), slice(x1 - left, x2 - left)
    window = slice(y1, y2), slice(x1, x2)
    share = body[inside][..., None] / np.float32(255)
    canvas[window] = np.round(canvas[window] * (1 - share) + image[inside] * share)
    crowd.boxes.append([x1, y1, x2, y2])
    crowd.pixels.append(int(np.count_nonzero(body >= 128)))
    crowd.owner[window][body[inside] >= 128] = len(crowd.boxes)
