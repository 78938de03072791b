"""How a camera stands over its floor: focal length, tilt, roll, height; and what follows from it.

World: x to the right, y forward along the floor, z up, in metres, the camera over (0, 0). Square
pixels, the optical axis through the middle of the picture, the lens already made straight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size

Matrix = NDArray[np.float64]

NARROWEST, WIDEST = 18.0, 135.0  # degrees of view between which a camera of a site lies


@dataclass(frozen=True, slots=True)
class Pose:
    """`focal` in pixels, `tilt` (below the horizon) and `roll` in degrees, `height` in metres."""

    focal: float
    tilt: float
    roll: float
    height: float

    def view(self, size: Size) -> float:
        """The horizontal field of view in degrees."""
        return math.degrees(2 * math.atan(size.width / 2 / self.focal))


@dataclass(frozen=True, slots=True)
class Upright:
    """The third dimension of a floor: how the camera stands over it, `below` the floor's metres
    under the camera, and `skew` how far (0..1) the floor's right angle is from one in the picture,
    which with square pixels it cannot be.
    """

    pose: Pose
    below: tuple[float, float]
    skew: float


def projection(pose: Pose, size: Size) -> Matrix:
    """The camera matrix (3, 4): homogeneous world metres to homogeneous pixels."""
    tilt, roll = math.radians(pose.tilt), math.radians(pose.roll)
    sink, rise = math.sin(tilt), math.cos(tilt)
    looks = np.array(
        [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, -sink, -rise, pose.height * rise],
            [0.0, rise, -sink, pose.height * sink],
        ]
    )
    cos, sin = math.cos(roll), math.sin(roll)
    turned = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    matrix: Matrix = _intrinsic(pose.focal, size) @ turned @ looks
    return matrix


def floor_of(pose: Pose, size: Size) -> Matrix:
    """The floor's image under this pose (3, 3): homogeneous metres to homogeneous pixels."""
    floor: Matrix = projection(pose, size)[:, [0, 1, 3]]
    return floor


def inverse(matrix: Matrix) -> Matrix:
    """The matrix that undoes this one: metres to pixels for pixels to metres, and back."""
    return np.asarray(np.linalg.inv(matrix), np.float64)


def upright_of(floor: Matrix, size: Size) -> Upright | None:
    """The third dimension of a floor's image (metres to pixels, any scale, depth positive).

    None where the floor is seen from straight above or no camera could see it so.
    """
    centred = _intrinsic(1.0, size)
    centred = inverse(centred) @ floor
    across, ahead = _axes(centred)
    fall = ahead[2] ** 2
    square = float((across[:2] ** 2).sum() - (ahead[:2] ** 2).sum())
    longest = float(np.hypot(*across[:2]) * np.hypot(*ahead[:2]))
    if fall <= 1e-12 * (across[:2] ** 2).sum() or square <= 0:
        return None
    focal = math.sqrt(square / fall)
    if not NARROWEST <= math.degrees(2 * math.atan(size.width / 2 / focal)) <= WIDEST:
        return None
    rays = np.diag([1 / focal, 1 / focal, 1.0]) @ centred
    scale = math.sqrt(float(np.linalg.norm(rays[:, 0]) * np.linalg.norm(rays[:, 1])))
    rays = rays / scale
    normal = np.cross(rays[:, 0], rays[:, 1])
    up = np.asarray(normal / np.linalg.norm(normal), np.float64)
    height = -float(up @ rays[:, 2])  # of the camera over the floor, along `up`
    if height < 0:
        up, height = -up, -height
    pose = Pose(focal, *_angles(up), height)
    skew = abs(float(across[:2] @ ahead[:2])) / longest if longest else 1.0
    # the camera is where every ray ends: floor (x, y) plus height times up is nothing
    foot = np.linalg.solve(np.column_stack([rays[:, :2], up]), -rays[:, 2])
    return Upright(pose, (float(foot[0]), float(foot[1])), skew)


def _axes(floor: Matrix) -> tuple[Matrix, Matrix]:
    """The images of two right-angled metres of floor, the first parallel to the horizon."""
    falls = floor[2, :2]
    turn = math.atan2(falls[0], falls[1])
    cos, sin = math.cos(turn), math.sin(turn)
    return cos * floor[:, 0] - sin * floor[:, 1], sin * floor[:, 0] + cos * floor[:, 1]


def _angles(up: Matrix) -> tuple[float, float]:
    """Tilt and roll in degrees of a camera that sees the world's up there (x right, y down)."""
    tilt = math.degrees(math.asin(max(-1.0, min(1.0, -float(up[2])))))
    roll = math.degrees(math.atan2(float(up[0]), -float(up[1])))
    return tilt, roll


def _intrinsic(focal: float, size: Size) -> Matrix:
    return np.array([[focal, 0, size.width / 2], [0, focal, size.height / 2], [0, 0, 1.0]])
