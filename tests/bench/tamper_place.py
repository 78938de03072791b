"""A place as a camera sees it, in layers of light: what the scenes of tampering are made from."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size
from edge_agent.sim.backdrop import backdrop
from edge_agent.sim.camera_model import PinholeView
from edge_agent.sim.scenario import Room

Map = NDArray[Any]
SIZE = Size(320, 180)
ROW, COLUMN = np.mgrid[0 : SIZE.height, 0 : SIZE.width].astype(np.float32)


@dataclass(frozen=True, slots=True)
class TurnedView(PinholeView):
    """A pinhole camera turned to the right by `turn` degrees."""

    turn: float = 0.0

    def rays(self, pixels: Any) -> Any:
        """Directions in the world, turned about the upright axis."""
        ray = PinholeView.rays(self, pixels)
        c, s = cos(radians(self.turn)), sin(radians(self.turn))
        x, y = ray[..., 0] * c + ray[..., 1] * s, ray[..., 1] * c - ray[..., 0] * s
        return np.stack([x, y, ray[..., 2]], axis=-1)


@dataclass(frozen=True)
class Layers:
    """The maps of one view: colours by day and brightness under infrared light, metres to what is
    seen, how much of each light falls where, and where leaves are.
    """

    albedo: Map
    infrared: Map
    depth: Map
    sky: Map
    shadow: Map
    lamps: Map
    window: Map
    spot: Map
    leaf: Map
    curtain: Map | None


def layers_of(view: TurnedView, room: Room, seed: int) -> Layers:
    """What is seen from this view of the room."""
    draw = np.random.default_rng((seed, 5))
    plain = backdrop(view, room, seed, "").astype(np.float32) / 255
    albedo = _furnished(plain, view, room, seed) ** 2
    mixed = albedo @ np.asarray(draw.uniform(0.1, 0.6, 3), np.float32)
    mixed = mixed / max(float(mixed.max()), 1e-3)
    infrared = np.repeat((0.2 + 0.8 * mixed)[..., None], 3, axis=2).astype(np.float32)
    rows, columns = ROW, COLUMN
    ray = view.rays(np.stack([columns + 0.5, rows + 0.5], axis=-1)).astype(np.float32)
    depth = np.clip(view.height / np.maximum(-ray[..., 2], 0.03), 1, 80).astype(np.float32)
    centre = np.hypot(columns / SIZE.width - 0.5, rows / SIZE.height - 0.5)
    spot = np.exp(-((centre / 0.45) ** 2)) * np.clip(8 / depth, 0.02, 1.5)
    ahead = columns + view.turn / view.fov * SIZE.width  # trees and shadows stay where they are
    shadow = _shadow(ahead, rows, seed) if room.height == 0 else np.zeros_like(rows)
    window = np.exp(-(((columns / SIZE.width - 0.1) / 0.35) ** 2)).astype(np.float32)
    lamps = 0.6 + 0.4 * np.cos(columns / SIZE.width * 3 + seed)
    sky = np.ones_like(rows) if room.height == 0 else 0.25 + 0.9 * window
    leaf = _crowns(ahead, rows, draw) if room.height == 0 else np.zeros_like(rows)
    return Layers(
        albedo.astype(np.float32), infrared, depth, sky.astype(np.float32),
        shadow.astype(np.float32), lamps.astype(np.float32), window, spot.astype(np.float32),
        leaf.astype(np.float32), window if room.height else None,
    )  # fmt: skip


def _furnished(picture: Map, view: TurnedView, room: Room, seed: int) -> Map:
    """Boxes on the floor along the walls, in metres: beds, benches, bins, cars, a notice board."""
    draw = np.random.default_rng((seed, 9))
    result = picture.copy()
    things = []
    for _ in range(14):
        side = 1 if draw.random() < 0.5 else -1
        things.append(
            (
                side * room.half_width * draw.uniform(0.35, 0.95),
                draw.uniform(-12, room.length),
                draw.uniform(0.3, 1.8),
                draw.uniform(0.4, 1.9),
                draw.uniform(0.15, 0.95, 3),
            )
        )
    c, s = cos(radians(view.turn)), sin(radians(view.turn))
    for x, y, wide, tall, colour in sorted(things, key=lambda one: -(one[1] * c + one[0] * s)):
        left, right = x - wide / 2, x + wide / 2
        corners = [(left, y, 0), (right, y, 0), (right, y, tall), (left, y, tall)]
        turned = [(a * c - b * s, b * c + a * s, z) for a, b, z in corners]
        where = view.project(turned)
        if not np.isfinite(where).all() or min(view.depth(turned)) < 0.8:
            continue
        shape = [np.round(where * 8).astype(np.int32)]
        inside, edge = (tuple(float(v * part) for v in colour) for part in (1.0, 0.5))
        cv2.fillPoly(result, shape, inside, cv2.LINE_AA, 3)
        cv2.polylines(result, shape, True, edge, 1, cv2.LINE_AA, 3)
    return result


def _shadow(columns: Map, rows: Map, seed: int) -> Map:
    draw = np.random.default_rng((seed, 3))
    slope, at = draw.uniform(-0.6, 0.6), draw.uniform(0.3, 0.7)
    edge = columns / SIZE.width - at - slope * (rows / SIZE.height - 0.5)
    return np.clip(edge * 40 + 0.5, 0, 1).astype(np.float32)


def _crowns(columns: Map, rows: Map, draw: Any) -> Map:
    """Where leaves are: one to three tree crowns, up to a third of the picture."""
    total = np.zeros_like(rows)
    for _ in range(int(draw.integers(1, 4))):
        x, y = draw.uniform(0, 1), draw.uniform(0.05, 0.4)
        w, h = draw.uniform(0.08, 0.22), draw.uniform(0.1, 0.25)
        off = ((columns / SIZE.width - x) / w) ** 2 + ((rows / SIZE.height - y) / h) ** 2
        total = np.maximum(total, np.clip((1.1 - off) * 4, 0, 1))
    return np.asarray(total, np.float32)


def leaves_of(draw: Any) -> Map:
    """Foliage, somewhat larger than a picture, to be moved by the wind."""
    wild = draw.normal(0, 1, (SIZE.height + 32, SIZE.width + 32)).astype(np.float32)
    soft = cv2.GaussianBlur(wild, (0, 0), 1.6)
    return np.clip(0.25 + 0.2 * soft / soft.std(), 0.02, 1).astype(np.float32)
