"""Specimens: pictures drawn by code, with people whose place is known, to try a model on.

Nobody's photograph is needed: drawn figures with heads, hands and clothes are found by every person
detector that is worth its name, and an empty room tells one that sees people everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.core.geometry import Box, Size
from edge_agent.vision.frame import Image

Colour = tuple[int, int, int]  # BGR
Point = tuple[float, float]
_SKINS: tuple[Colour, ...] = ((150, 180, 220), (130, 165, 205), (95, 130, 175))
_CLOTHES: tuple[Colour, ...] = ((150, 60, 40), (60, 60, 170), (60, 140, 60), (170, 170, 180))
_TROUSERS: tuple[Colour, ...] = ((60, 50, 45), (100, 80, 60), (55, 55, 60))
_HAIR, _SHOES, _EYES, _LIPS = (30, 30, 40), (30, 30, 35), (40, 40, 40), (80, 80, 150)
_LIGHT = 0.25  # brighter on the left, darker on the right by this share
_SUBPIXEL = 4  # bits


@dataclass(frozen=True, slots=True)
class Figure:
    """Who is drawn: the middle and the feet in pixels, the height, how far the feet are apart
    (share of the height), and which clothes.
    """

    x: float
    feet: float
    height: float
    stride: float = 0.08
    clothes: int = 0

    @property
    def box(self) -> Box:
        """Where this person is, from head to foot and hand to hand."""
        half = 0.17 * self.height
        return Box(self.x - half, self.feet - self.height, self.x + half, self.feet)

    def at(self, across: float, down: float) -> Point:
        """A place of the body in shares of its height: from the middle, from the top."""
        return self.x + across * self.height, self.feet - self.height + down * self.height


@dataclass(frozen=True, slots=True, eq=False)
class Specimen:
    """A picture (BGR), and where each person in it is."""

    name: str
    image: Image
    people: tuple[Box, ...]


def specimens() -> tuple[Specimen, ...]:
    """The same four pictures every time: people near, people far, one upright, nobody."""
    wide, upright = Size(640, 360), Size(360, 640)
    near = (Figure(200, 340, 260), Figure(430, 345, 280, 0.03, 1))
    far = (Figure(120, 230, 90, 0.08, 2), Figure(300, 250, 100, 0.12, 0), Figure(500, 300, 140))
    return (
        picture("near", wide, near),
        picture("far", wide, far),
        picture("upright", upright, (Figure(180, 560, 380, 0.08, 3),)),
        picture("empty", wide, ()),
    )


def picture(name: str, size: Size, figures: Sequence[Figure]) -> Specimen:
    """A bare room with these people, farthest first."""
    room = _room(size)
    shadows = room.copy()
    for figure in figures:
        spread = (round(0.2 * figure.height), round(0.04 * figure.height))
        where = (round(figure.x), round(figure.feet))
        cv2.ellipse(shadows, where, spread, 0, 0, 360, (60, 65, 70), -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(shadows, (0, 0), 3)
    image = np.asarray(cv2.addWeighted(soft, 0.6, room, 0.4, 0), np.uint8)
    for figure in figures:
        draw(image, figure)
    seen = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.8), np.uint8)
    return Specimen(name, seen, tuple(figure.box for figure in figures))


def _room(size: Size) -> Image:
    """Wall and floor with a door, a notice and a sensor's noise."""
    wide, high = size.width, size.height
    foot = round(0.35 * high)
    room = np.empty((high, wide, 3), np.float32)
    room[:foot] = np.linspace(150, 185, foot)[:, None, None] * (1, 0.99, 0.95)
    room[foot:] = np.linspace(105, 140, high - foot)[:, None, None] * (0.9, 0.97, 1)
    room += np.random.default_rng(1).normal(0, 4, room.shape)
    image = np.clip(room, 0, 255).astype(np.uint8)
    door = (round(0.06 * wide), round(0.08 * high)), (round(0.16 * wide), round(0.45 * high))
    notice = (round(0.8 * wide), round(0.1 * high)), (round(0.95 * wide), round(0.28 * high))
    cv2.rectangle(image, *door, (90, 110, 130), -1)
    cv2.rectangle(image, *notice, (200, 190, 170), -1)
    return image


def draw(image: Image, who: Figure) -> None:
    """Draw this person into a picture, which changes."""
    unit, at = who.height, who.at
    skin, shirt = (row[who.clothes % len(row)] for row in (_SKINS, _CLOTHES))
    trousers = _TROUSERS[who.clothes % len(_TROUSERS)]
    for side in (-1, 1):
        apart = side * (0.05 + who.stride)
        knee, foot = at(side * (0.05 + who.stride / 2), 0.74), at(apart, 0.97)
        _limb(image, (at(side * 0.05, 0.48), knee), (0.105 * unit, 0.085 * unit), trousers)
        _limb(image, (knee, foot), (0.085 * unit, 0.06 * unit), trousers)
        _oval(image, at(apart, 0.98), (0.045 * unit, 0.02 * unit), _SHOES)
        elbow, hand = at(side * 0.155, 0.36), at(side * (0.15 + who.stride * 0.4), 0.5)
        _limb(image, (at(side * 0.12, 0.2), elbow), (0.065 * unit, 0.055 * unit), shirt)
        _limb(image, (elbow, hand), (0.05 * unit, 0.035 * unit), skin)
        _oval(image, hand, (0.022 * unit, 0.028 * unit), skin)
    left = [(-0.05, 0.165), (-0.13, 0.19), (-0.115, 0.35), (-0.11, 0.52)]
    right = [(-across, down) for across, down in reversed(left)]
    _fill(image, [at(*place) for place in (*left, *right)], shirt)
    _head(image, who, skin)


def _head(image: Image, who: Figure, skin: Colour) -> None:
    unit, at = who.height, who.at
    _limb(image, (at(0, 0.12), at(0, 0.18)), (0.055 * unit, 0.065 * unit), skin)
    _oval(image, at(0, 0.07), (0.05 * unit, 0.068 * unit), skin)
    _oval(image, at(0, 0.045), (0.054 * unit, 0.05 * unit), _HAIR, (180, 360))
    thin = max(1, int(0.006 * unit))
    for side in (-1, 1):
        cv2.circle(image, _whole(at(side * 0.018, 0.068)), thin, _EYES, -1, cv2.LINE_AA)
    lips = (at(-0.015, 0.105), at(0.015, 0.105))
    cv2.line(image, _whole(lips[0]), _whole(lips[1]), _LIPS, thin, cv2.LINE_AA)


def _whole(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def _oval(
    image: Image,
    centre: Point,
    radii: tuple[float, float],
    colour: Colour,
    arc: tuple[int, int] = (0, 360),
) -> None:
    turns = np.radians(np.linspace(*arc, 40))
    x, y = centre[0] + radii[0] * np.cos(turns), centre[1] + radii[1] * np.sin(turns)
    _fill(image, list(zip(x.tolist(), y.tolist(), strict=True)), colour)


def _limb(
    image: Image, ends: tuple[Point, Point], widths: tuple[float, float], colour: Colour
) -> None:
    (x1, y1), (x2, y2) = ends
    along = np.hypot(x2 - x1, y2 - y1)
    sx, sy = -(y2 - y1) / along / 2, (x2 - x1) / along / 2
    first, last = widths
    outline = [
        (x1 + sx * first, y1 + sy * first),
        (x2 + sx * last, y2 + sy * last),
        (x2 - sx * last, y2 - sy * last),
        (x1 - sx * first, y1 - sy * first),
    ]
    _fill(image, outline, colour)


def _fill(image: Image, outline: Sequence[Point], colour: Colour) -> None:
    """A part of the body, round by its light, with soft edges."""
    cover = np.zeros(image.shape[:2], np.uint8)
    corners = np.round(np.array(outline) * (1 << _SUBPIXEL)).astype(np.int32)
    cv2.fillPoly(cover, [corners], 255, cv2.LINE_AA, _SUBPIXEL)
    x, y, wide, high = cv2.boundingRect(cover)
    light = np.linspace(1 + _LIGHT, 1 - _LIGHT, wide)[None, :, None]
    paint = np.clip(np.array(colour) * light, 0, 255)
    share = cover[y : y + high, x : x + wide, None] / 255.0
    part = image[y : y + high, x : x + wide]
    part[:] = part * (1 - share) + paint * share
