"""Simulated cameras over a flat floor, technicians who click and people who walk by, with truth.

People are solids (feet, shoulders, head) whose projection is boxed; the box's edges are shaken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge_agent.config.schema import Calibration, CalibrationPoint
from edge_agent.core.geometry import Size
from edge_agent.core.perception import Walk
from edge_agent.rules.pose import Pose, floor_of, inverse, projection

Floats = NDArray[np.float64]

SUB, MAIN = Size(640, 360), Size(1280, 720)
FARTHEST = 14.0  # metres from below the camera that are still watched
FPS = 5.0


@dataclass(frozen=True)
class Scene:
    """One camera and its true floor; `near` and `far` metres are in the picture's middle."""

    pose: Pose
    near: float
    far: float

    def pose_in(self, size: Size) -> Pose:
        """The pose in pixels of another size of the picture; its own is `SUB`."""
        p = self.pose
        return Pose(p.focal * size.width / SUB.width, p.tilt, p.roll, p.height)

    def pixels(self, floor: Floats, size: Size) -> Floats:
        """Where floor points (n, 2) are seen."""
        seen = np.column_stack([floor, np.ones(len(floor))]) @ floor_of(self.pose_in(size), size).T
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels: Floats = np.where(seen[:, 2:] > 1e-6, seen[:, :2] / seen[:, 2:], np.nan)
        return pixels


def cameras(dice: np.random.Generator, count: int) -> list[Scene]:
    """Cameras 2.4 to 5 m high, tilted 15 to 40 degrees, 65 to 100 degrees wide, a little rolled."""
    return [_camera(dice) for _ in range(count)]


def _camera(dice: np.random.Generator) -> Scene:
    view = math.radians(dice.uniform(65, 100))
    pose = Pose(
        SUB.width / 2 / math.tan(view / 2),
        float(dice.uniform(15, 40)),
        float(dice.normal(0, 1)),
        float(dice.uniform(2.4, 5)),
    )
    back = inverse(floor_of(pose, SUB))
    low, high = (back @ [SUB.width / 2, y, 1.0] for y in (SUB.height, 0))
    far = high[1] / high[2] if high[2] > 0 else FARTHEST
    return Scene(pose, float(low[1] / low[2]), float(min(far, FARTHEST)))


def people_at(scene: Scene, dice: np.random.Generator, count: int) -> Floats:
    """Floor points (count, 2) spread over what the camera watches, by area of floor."""
    found = np.zeros((0, 2))
    while len(found) < count:
        low, high = (-FARTHEST, scene.near), (FARTHEST, scene.far)
        spots = dice.uniform(low, high, (4 * count + 8, 2))
        found = np.concatenate([found, spots[_watched(scene, spots)]])
    return found[:count]


def pairs_at(scene: Scene, dice: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Two people each time, 0.5 to 4 m apart, both in the picture: shapes (count, 2)."""
    ones, others = np.zeros((0, 2)), np.zeros((0, 2))
    while len(ones) < count:
        some = people_at(scene, dice, count)
        apart, turn = dice.uniform(0.5, 4, count), dice.uniform(0, 2 * math.pi, count)
        there = some + apart[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        seen = _watched(scene, there)
        ones, others = np.concatenate([ones, some[seen]]), np.concatenate([others, there[seen]])
    return ones[:count], others[:count]


def clicked(scene: Scene, dice: np.random.Generator, error: float) -> Calibration:
    """What a technician marks: the corners of the widest rectangle within 6 m by 6 m that shows,
    each read `error` pixels wrong in the main picture.
    """
    corners = _rectangle(scene)
    pixels = scene.pixels(corners, MAIN) + dice.normal(0, error, (4, 2))
    points = tuple(
        CalibrationPoint(pixel=(float(p[0]), float(p[1])), metres=(float(m[0]), float(m[1])))
        for p, m in zip(pixels, corners, strict=True)
    )
    return Calibration(size=(MAIN.width, MAIN.height), points=points, click_error=error)


@cache
def _rectangle(scene: Scene) -> Floats:
    best, largest = None, 0.0
    for near in np.linspace(scene.near * 1.03, scene.far, 24):
        for far in np.linspace(near, min(near + 6, scene.far * 0.97), 12):
            for half in np.linspace(0.6, 3.0, 13):
                corners = np.array([(-half, near), (half, near), (half, far), (-half, far)])
                seen = scene.pixels(corners, SUB)
                shown = all(_inside(pixel, 0.0) for pixel in seen)
                if shown and (area := _area(seen)) > largest:
                    best, largest = corners, area
    assert best is not None
    return best


def _area(corners: Floats) -> float:
    x, y = corners.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def walks(
    scene: Scene, dice: np.random.Generator, count: int, hidden: float, children: float
) -> list[Walk]:
    """People who walk straight through the view; `hidden` of them with feet that do not show for a
    part of their way or all of it, `children` of them children.
    """
    found: list[Walk] = []
    while len(found) < count:
        tall = dice.normal(1.25, 0.15) if dice.random() < children else dice.normal(1.68, 0.09)
        steps = _steps(scene, dice, tall, dice.random() < hidden)
        if len(steps) >= 8:
            found.append(Walk("cam", SUB, steps))
    return found


def _steps(
    scene: Scene, dice: np.random.Generator, tall: float, hidden: bool
) -> tuple[tuple[float, float, float, float], ...]:
    start, end = people_at(scene, dice, 2)
    length, speed = float(np.hypot(*(end - start))), max(0.5, dice.normal(1.25, 0.2))
    times = np.arange(0, length / speed, 1 / FPS)
    lost = dice.uniform(0.2, 0.5) * tall  # metres of leg behind something
    begins, ends = sorted(dice.uniform(0, 1, 2)) if dice.random() < 0.5 else (0.0, 1.0)
    shares = times / times[-1] if len(times) > 1 else np.zeros(len(times))
    low = np.where((begins <= shares) & (shares <= ends), lost if hidden else 0.0, 0.0)
    boxes = _boxes(scene, start + (end - start) * shares[:, None], tall, low)
    boxes = boxes + dice.normal(0, 0.03, (len(boxes), 4)) * (boxes[:, 3:] - boxes[:, 1:2])
    inside = (boxes > 2) & (boxes < [SUB.width - 2, SUB.height - 2] * 2)
    return tuple(
        (float(at), float((left + right) / 2), float(top), float(bottom))
        for at, (left, top, right, bottom), whole in zip(
            times, boxes, inside.all(axis=1), strict=True
        )
        if whole
    )


def _boxes(scene: Scene, spots: Floats, tall: float, low: Floats) -> Floats:
    """Left, top, right, bottom (n, 4) of a solid person from `low` metres upwards at each spot; NaN
    where it is not before the camera.
    """
    around = np.linspace(0, 2 * math.pi, 8, endpoint=False)
    ring = np.stack([np.cos(around), np.sin(around), np.zeros(8)], axis=1)
    discs = ((0.13, 0.0), (0.24, 0.82 * tall), (0.09, tall - 0.1), (0.03, tall))
    solid = np.concatenate([r * ring + [0, 0, z] for r, z in discs])
    points = np.ones((len(spots), len(solid), 4))
    points[..., :2] = spots[:, None] + solid[:, :2]
    points[..., 2] = np.maximum(solid[:, 2], low[:, None])
    seen = points @ projection(scene.pose, SUB).T
    pixels = seen[..., :2] / np.where(seen[..., 2:] > 0.3, seen[..., 2:], np.nan)
    return np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=1)


def _watched(scene: Scene, spots: Floats) -> NDArray[np.bool_]:
    """Which floor points (n, 2) are near enough and in the picture."""
    seen = scene.pixels(spots, SUB)
    inside = ((seen >= 0) & (seen <= (SUB.width, SUB.height))).all(axis=1)
    return np.asarray(inside & (np.hypot(*spots.T) <= FARTHEST), np.bool_)


def _inside(pixel: Floats, margin: float) -> bool:
    return bool(
        margin <= pixel[0] <= SUB.width - margin and margin <= pixel[1] <= SUB.height - margin
    )
