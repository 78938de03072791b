"""Builds training canvases for the person detector: single pictures, mosaics, crowds of tiles."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.train.degrade import Rng, like_a_camera
from models.train.detector import PAD, SIZE, letterbox
from models.train.pictures import Picture, read_image
from models.train.teacher import Labels

LEAST_VISIBLE, LEAST_SIDE = 0.3, 5.0


@dataclass(frozen=True)
class Scene:
    """A picture ready for use: unsure places painted out, person boxes as x1, y1, x2, y2."""

    image: np.ndarray
    persons: np.ndarray


def paint_out(image: np.ndarray, unsure: list[list[float]], persons: np.ndarray) -> np.ndarray:
    """Fills unsure places with grey, but never the inside of a known person."""
    original, image = image, image.copy()
    for x1, y1, x2, y2 in np.round(np.clip(np.array(unsure).reshape(-1, 4), 0, None)).astype(int):
        image[y1:y2, x1:x2] = PAD
    for x1, y1, x2, y2 in np.round(np.clip(persons, 0, None)).astype(int):
        image[y1:y2, x1:x2] = original[y1:y2, x1:x2]
    return image


def scene_of(picture: Picture, labels: Labels) -> Scene:
    """Reads one picture and joins it with its labels."""
    persons = np.array(labels.persons, np.float32).reshape(-1, 5)[:, :4]
    return Scene(paint_out(read_image(picture.path), labels.unsure, persons), persons)


def visible(boxes: np.ndarray, area: tuple[float, float, float, float]) -> np.ndarray:
    """Boxes cut to an area; those mostly outside or too small to see are left out."""
    if not len(boxes):
        return boxes
    cut = boxes.copy()
    cut[:, [0, 2]] = cut[:, [0, 2]].clip(area[0], area[2])
    cut[:, [1, 3]] = cut[:, [1, 3]].clip(area[1], area[3])
    sides = cut[:, 2:] - cut[:, :2]
    whole = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    keep = (sides.min(axis=1) >= LEAST_SIDE) & (sides.prod(axis=1) >= LEAST_VISIBLE * whole)
    return cut[keep]


def place(
    canvas: np.ndarray, scene: Scene, cell: tuple[int, int, int, int], scale: float, rng: Rng
) -> np.ndarray:
    """Draws a scaled scene at a random place of a cell (may be cut); returns its boxes."""
    left, top, right, bottom = cell
    image, boxes = scene.image, scene.persons * scale
    if rng.random() < 0.5:
        image = image[:, ::-1]
        boxes = boxes.copy()
        boxes[:, [0, 2]] = scene.image.shape[1] * scale - boxes[:, [2, 0]]
    width, height = (max(2, round(side * scale)) for side in image.shape[1::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(image, (width, height), interpolation=method)
    x = left + int(rng.integers(min(0, right - left - width), max(0, right - left - width) + 1))
    y = top + int(rng.integers(min(0, bottom - top - height), max(0, bottom - top - height) + 1))
    x1, y1, x2, y2 = max(x, left), max(y, top), min(x + width, right), min(y + height, bottom)
    canvas[y1:y2, x1:x2] = image[y1 - y : y2 - y, x1 - x : x2 - x]
    return visible(boxes + np.float32([x, y, x, y]), (x1, y1, x2, y2))


def cells(rng: Rng) -> tuple[list[tuple[int, int, int, int]], tuple[float, float]]:
    """How the canvas is divided, and the range of picture scales against a snug fit."""
    height, width = SIZE
    kind = rng.random()
    if kind < 0.35:
        return [(0, 0, width, height)], (0.45, 1.7)
    if kind < 0.75:
        x, y = int(width * rng.uniform(0.3, 0.7)), int(height * rng.uniform(0.3, 0.7))
        quarters = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
        return quarters, (0.7, 1.6)
    columns, rows = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    xs = np.linspace(0, width, columns + 1).astype(int)
    ys = np.linspace(0, height, rows + 1).astype(int)
    grid = [
        (int(xs[c]), int(ys[r]), int(xs[c + 1]), int(ys[r + 1]))
        for r in range(rows)
        for c in range(columns)
    ]
    return grid, (0.6, 1.3)


def compose(scenes: list[Scene], rng: Rng, amount: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """One random canvas of the input size with its boxes in canvas pixels."""
    canvas = np.full((*SIZE, 3), PAD, np.uint8)
    boxes = []
    layout, (least, most) = cells(rng)
    for cell in layout:
        scene = scenes[int(rng.integers(len(scenes)))]
        height, width = scene.image.shape[:2]
        snug = min((cell[2] - cell[0]) / width, (cell[3] - cell[1]) / height)
        boxes.append(place(canvas, scene, cell, snug * rng.uniform(least, most), rng))
    return like_a_camera(canvas, rng, amount), np.concatenate(boxes)


def plain(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """The untouched, letterboxed scene, for scoring."""
    canvas, scale, left, top = letterbox(scene.image, SIZE)
    return canvas, scene.persons * scale + np.float32([left, top, left, top])
