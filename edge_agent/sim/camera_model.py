"""The pinhole camera of a virtual site: metres on the floor to pixels of the picture and back.

World: x to the right, y forward along the floor, z up, in metres; the camera stands at
(0, 0, height) and looks forward, tilted down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, radians, sin, tan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_agent.core.geometry import Size

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PinholeView:
    """A camera without lens distortion.

    `height` in metres over the floor, `tilt` in degrees below the horizon, `fov` the horizontal
    field of view in degrees, `size` of the picture in pixels.
    """

    height: float
    tilt: float
    fov: float
    size: Size

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return self.size.width / 2 / tan(radians(self.fov) / 2)

    def resized(self, size: Size) -> PinholeView:
        """The same camera's other stream (same shape of picture)."""
        return replace(self, size=size)

    def depth(self, points: ArrayLike) -> Floats:
        """Metres along the optical axis of points (..., 3)."""
        world = np.asarray(points, np.float64)
        a = radians(self.tilt)
        below = self.height - world[..., 2]
        return np.asarray(world[..., 1] * cos(a) + below * sin(a))

    def project(self, points: ArrayLike) -> Floats:
        """Pixels (..., 2) of world points (..., 3); NaN behind the camera."""
        world = np.asarray(points, np.float64)
        a = radians(self.tilt)
        depth = self.depth(world)
        depth = np.where(depth > 1e-6, depth, np.nan)
        down = (self.height - world[..., 2]) * cos(a) - world[..., 1] * sin(a)
        u = self.size.width / 2 + self.focal * world[..., 0] / depth
        v = self.size.height / 2 + self.focal * down / depth
        return np.stack([u, v], axis=-1)

    def rays(self, pixels: ArrayLike) -> Floats:
        """Directions (..., 3) in the world through pixels (..., 2); one metre along the axis."""
        where = np.asarray(pixels, np.float64)
        a = radians(self.tilt)
        right = (where[..., 0] - self.size.width / 2) / self.focal
        down = (where[..., 1] - self.size.height / 2) / self.focal
        forward = cos(a) - down * sin(a)
        up = -sin(a) - down * cos(a)
        return np.stack([right, forward, up], axis=-1)

    def floor(self, pixels: ArrayLike) -> Floats:
        """Metres (..., 2) on the floor under pixels (..., 2); NaN at or above the horizon."""
        ray = self.rays(pixels)
        falls = np.where(ray[..., 2] < -1e-9, -ray[..., 2], np.nan)
        return ray[..., :2] * (self.height / falls)[..., None]

    def sees(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Which world points (..., 3) lie inside the picture."""
        where = self.project(points)
        inside = (where >= 0) & (where <= [self.size.width, self.size.height])
        return np.asarray(inside.all(axis=-1))

    def calibration(self, half_width: float, near: float, far: float) -> tuple[Spot, ...]:
        """Six floor points, as a technician would measure them: two rows of three marks."""
        middle = (near + far) / 2
        rows = [(-half_width, near), (half_width, near), (-half_width, middle)]
        rows += [(half_width, middle), (-half_width, far), (half_width, far)]
        pixels = self.project([(x, y, 0.0) for x, y in rows])
        return tuple(
            Spot((round(float(u), 1), round(float(v), 1)), metres)
            for (u, v), metres in zip(pixels, rows, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Spot:
    """One spot of the floor: where it is in the picture, and where in metres."""

    pixel: tuple[float, float]
    metres: tuple[float, float]
