"""Simulated cameras over a flat floor, technicians who click and people who walk by, with truth.

People are solids (feet, shoulders, head) whose projection is boxed; the box's edges are shaken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    found: list[Floats] = []
    while len(found) < count:
        spot = np.array([dice.uniform(-FARTHEST, FARTHEST), dice.uniform(scene.near, scene.far)])
        if np.hypot(*spot) <= FARTHEST and _inside(scene.pixels(spot[None], SUB)[0], 0.0):
            found.append(spot)
    return np.array(found)


def pairs_at(scene: Scene, dice: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Two people each time, 0.5 to 4 m apart, both in the picture: shapes (count, 2)."""
    ones, others = [], []
    while len(ones) < count:
        one = people_at(scene, dice, 1)[0]
        apart, turn = dice.uniform(0.5, 4), dice.uniform(0, 2 * math.pi)
        other = one + apart * np.array([math.cos(turn), math.sin(turn)])
        seen = scene.pixels(other[None], SUB)[0]
        if np.hypot(*other) <= FARTHEST and _inside(seen, 0.0):
            ones.append(one)
            others.append(other)
    return np.array(ones), np.array(others)


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
    steps = []
    for at in times:
        share = at / times[-1] if times[-1] else 0.0
        low = lost if hidden and begins <= share <= ends else 0.0
        box = _box(scene, start + (end - start) * share, tall, low)
        if box is None:
            continue
        left, top, right, bottom = box + dice.normal(0, 0.03 * (box[3] - box[1]), 4)
        if top > 2 and bottom < SUB.height - 2 and left > 2 and right < SUB.width - 2:
            steps.append((float(at), float((left + right) / 2), float(top), float(bottom)))
    return tuple(steps)


def _box(scene: Scene, spot: Floats, tall: float, low: float) -> Floats | None:
    """Left, top, right, bottom of a solid person from `low` metres upwards; None outside."""
    around = np.linspace(0, 2 * math.pi, 8, endpoint=False)
    ring = np.stack([np.cos(around), np.sin(around)], axis=1)
    discs = [(0.13, low), (0.24, 0.82 * tall), (0.09, tall - 0.1), (0.03, tall)]
    solid = np.concatenate(
        [np.column_stack([spot + r * ring, np.full(8, max(z, low))]) for r, z in discs]
    )
    seen = np.column_stack([solid, np.ones(len(solid))]) @ projection(scene.pose, SUB).T
    if (seen[:, 2] < 0.3).any():
        return None
    pixels = seen[:, :2] / seen[:, 2:]
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


def _inside(pixel: Floats, margin: float) -> bool:
    return bool(
        margin <= pixel[0] <= SUB.width - margin and margin <= pixel[1] <= SUB.height - margin
    )
