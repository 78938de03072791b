"""The ground plane: from foot pixels to metres on the floor, with how sure that is.

A camera sees a flat floor through a homography. Marked floor points fix it (`marks`), or the pose
of the camera does (`pose`). What a place is off by has two parts: the foot pixel's own error, and
the calibration's (`doubt`), which two people who stand close to each other share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.config.schema import Calibration, CameraView
from edge_agent.core.geometry import GroundPoint, Size
from edge_agent.core.trouble import Trouble
from edge_agent.rules.doubt import Doubt, cells, doubt_of
from edge_agent.rules.lens import straightened
from edge_agent.rules.marks import fit_marks, perturbed, tall
from edge_agent.rules.pose import Pose, Upright, floor_of, inverse, upright_of

Matrix = NDArray[np.float64]

HIGHEST = 60.0  # metres of a camera over its floor; more means centimetres were typed
LARGEST_PICTURE = 100_000  # pixels a side
FARTHEST = 4.0  # times the marked shape's radius; beyond it the plane is a guess
VAGUEST = 3.0  # metres of sigma; a vaguer place is no place
LOOSEST = 0.4  # share of a distance that the calibration may be wrong by; then it is none
DRAWS = 48  # floors that the calibration could also have given
TYPED = (
    0.05,
    0.02,
    0.02,
    0.03,
)  # errors of a pose typed by hand: log focal, tilt, roll, log height


@dataclass(frozen=True, slots=True)
class GroundPlane:
    """A fitted floor. `matrix` is row-major, straight frame pixels → metres, positive third
    coordinate below the horizon; `centre` and `reach` (metres) bound the floor that it may speak
    of; `residual` is the rms miss of the marked points in metres (0 for four points); `lens` is k
    of the lens term in a picture of `size`; `upright` None where heights cannot be told.
    """

    matrix: tuple[float, ...]
    centre: tuple[float, float]
    reach: float
    residual: float
    size: Size
    doubt: Doubt
    lens: float = 0.0
    upright: Upright | None = None

    def as_matrix(self) -> Matrix:
        """The matrix as an array (3, 3)."""
        return np.array(self.matrix).reshape(3, 3)


def fit_plane(calibration: Calibration, size: Size, camera: str = "") -> GroundPlane:
    """The floor in the pixels of a frame of `size`, whatever picture the points were read in.

    Raises Trouble `calibration.*` for what fixes no floor, naming the camera and the cause.
    """
    sides = (*calibration.size, size.width, size.height)
    if min(sides) <= 0 or max(sides) > LARGEST_PICTURE:
        raise _sizeless(camera)
    if calibration.view is not None:
        return plane_of_view(calibration.view, calibration, size)
    scale = np.array([size.width / calibration.size[0], size.height / calibration.size[1]])
    seen = np.array([point.pixel for point in calibration.points], dtype=float) * scale
    metres = np.array([point.metres for point in calibration.points], dtype=float)
    pixels = straightened(seen, calibration.lens, size)
    matrix, residual = fit_marks(pixels, metres, size, camera)
    upright = upright_of(inverse(matrix), size)
    if upright is not None and upright.pose.height > HIGHEST:
        raise tall(camera, upright.pose.height)
    centre = metres.mean(axis=0)
    draws = perturbed(pixels, metres, calibration.click_error * float(scale.mean()), DRAWS)
    return GroundPlane(
        _row_major(matrix),
        (float(centre[0]), float(centre[1])),
        FARTHEST * float(np.hypot(*(metres - centre).T).max()),
        residual,
        size,
        doubt_of(matrix, draws, straightened(cells(size), calibration.lens, size), size),
        calibration.lens,
        upright,
    )


def plane_of_view(view: CameraView, calibration: Calibration, size: Size) -> GroundPlane:
    """The floor under a camera whose pose is known, with what its errors leave open."""
    shrink = size.width / calibration.size[0]
    pose = Pose(view.focal * shrink, view.tilt, view.roll, view.height)
    matrix = inverse(floor_of(pose, size))
    spread = np.diag(np.array(TYPED) ** 2)
    if view.covariance:
        spread = np.zeros((4, 4))
        spread[np.tril_indices(4)] = view.covariance
        spread = spread + np.tril(spread, -1).T
    strength, axes = np.linalg.eigh(spread)
    noise = np.random.default_rng(0).normal(0.0, 1.0, (DRAWS, 4)) * np.sqrt(strength.clip(0.0))
    draws = [inverse(floor_of(shifted(pose, one), size)) for one in noise @ axes.T]
    return GroundPlane(
        _row_major(matrix),
        (0.0, 0.0),
        view.reach,
        0.0,
        size,
        doubt_of(matrix, draws, straightened(cells(size), calibration.lens, size), size),
        calibration.lens,
        Upright(pose, (0.0, 0.0), 0.0),
    )


def shifted(pose: Pose, by: Matrix) -> Pose:
    """The pose moved by (log focal, tilt in radians, roll in radians, log height)."""
    return Pose(
        pose.focal * math.exp(by[0]),
        pose.tilt + math.degrees(by[1]),
        pose.roll + math.degrees(by[2]),
        pose.height * math.exp(by[3]),
    )


def to_ground(plane: GroundPlane, foot: tuple[float, float], error: float) -> GroundPoint | None:
    """Where a foot at this pixel stands; its own error from `error` pixels through the Jacobian.

    None above the horizon, far outside the known floor, or where the claim is too vague.
    """
    across, ahead, depth, (a, b, c, d) = floor_jacobian(plane, foot)
    if not depth > 1e-9:
        return None
    x, y = across / depth, ahead / depth
    if math.hypot(x - plane.centre[0], y - plane.centre[1]) > plane.reach:
        return None
    cell = plane.doubt.cell(*foot)
    stretch, drift = plane.doubt.stretch[cell], plane.doubt.drift[cell]
    unit = error * error
    spread = (unit * (a * a + b * b), unit * (a * c + b * d), unit * (c * c + d * d))
    sigma = math.sqrt((spread[0] + spread[2]) / 2 + drift * drift)
    if sigma > VAGUEST or stretch > LOOSEST:
        return None
    return GroundPoint(x, y, sigma, spread, stretch)


def beneath(plane: GroundPlane, pixel: tuple[float, float]) -> tuple[float, float, float]:
    """The floor under a pixel as (x, y, depth) with metres = (x, y) / depth."""
    a, b, c, d, e, f, g, h, i = plane.matrix
    x, y = _straight(plane, pixel)[:2] if plane.lens else pixel
    return a * x + b * y + c, d * x + e * y + f, g * x + h * y + i


def floor_jacobian(
    plane: GroundPlane, pixel: tuple[float, float]
) -> tuple[float, float, float, tuple[float, float, float, float]]:
    """The floor under a pixel as (x, y, depth) with metres = (x, y) / depth, and the metres per
    pixel there: x right, x down, y right, y down (zeros on the horizon).
    """
    a, b, c, d, e, f, g, h, i = plane.matrix
    px, py, swell = _straight(plane, pixel) if plane.lens else (*pixel, 1.0)
    depth = g * px + h * py + i
    across, ahead = a * px + b * py + c, d * px + e * py + f
    if not depth:
        return across, ahead, 0.0, (0.0, 0.0, 0.0, 0.0)
    x, y, unit = across / depth, ahead / depth, swell / depth
    jacobian = ((a - g * x) * unit, (b - h * x) * unit, (d - g * y) * unit, (e - h * y) * unit)
    return across, ahead, depth, jacobian


def growth(plane: GroundPlane, before: tuple[float, float], after: tuple[float, float]) -> float:
    """How many times larger somebody looks who walks from one foot pixel to another: as much as
    the foot comes away from the horizon.
    """
    g, h, i = plane.matrix[6:]
    here, there = g * before[0] + h * before[1] + i, g * after[0] + h * after[1] + i
    return there / here if here > 1e-9 and there > 1e-9 else 1.0


def pair_distance(a: GroundPoint, b: GroundPoint) -> tuple[float, float]:
    """Metres between two people and the standard deviation of that claim.

    Each place's own error counts along the line between them, the calibration's as a share.
    """
    x, y = b.x - a.x, b.y - a.y
    metres = math.hypot(x, y)
    own = _along(a, x, y, metres) + _along(b, x, y, metres)
    return metres, math.sqrt(own + (metres * (a.stretch + b.stretch) / 2) ** 2)


def probability_closer(metres: float, sigma: float, limit: float) -> float:
    """P(true distance < limit) by the normal approximation; a sure claim is 0 or 1."""
    if sigma <= 0:
        return 1.0 if metres < limit else 0.0
    return 0.5 * math.erfc((metres - limit) / (sigma * math.sqrt(2)))


def _along(point: GroundPoint, x: float, y: float, metres: float) -> float:
    """A place's own variance in one direction; the mean of all where there is no direction."""
    if point.spread is None:
        return point.sigma**2
    xx, xy, yy = point.spread
    if metres < 1e-6:
        return (xx + yy) / 2
    return (xx * x * x + 2 * xy * x * y + yy * y * y) / (metres * metres)


def _straight(plane: GroundPlane, pixel: tuple[float, float]) -> tuple[float, float, float]:
    """The pixel without the lens, and by how much an error of it grows on the way."""
    cx, cy = plane.size.width / 2, plane.size.height / 2
    x, y = pixel[0] - cx, pixel[1] - cy
    bend = plane.lens * (x * x + y * y) / (cx * cx + cy * cy)
    share = 1 / (1 + bend)
    return cx + x * share, cy + y * share, share * math.sqrt(abs((1 - bend) * share))


def _row_major(matrix: Matrix) -> tuple[float, ...]:
    return tuple(float(value) for value in matrix.ravel())


def _sizeless(camera: str) -> Trouble:
    return Trouble(
        "calibration.size",
        f"Hiệu chỉnh mặt sàn của camera {camera!r}: kích thước khung hình phải từ 1 đến 100000. "
        "Ghi đúng chiều rộng và chiều cao của ảnh đã dùng để đọc điểm.",
        f"Floor calibration of camera {camera!r}: the picture's size must be 1 to 100000. "
        "Give width and height of the picture in which the points were read.",
    )
