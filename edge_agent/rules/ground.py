"""The ground plane: from foot pixels to metres on the floor, with how sure that is.

A camera sees a flat floor through a homography (Hartley & Zisserman, Multiple View Geometry,
ch. 4: normalised DLT). Four marked floor points fix it; more are fitted by least squares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.config.schema import Calibration
from edge_agent.core.geometry import GroundPoint, Size
from edge_agent.core.trouble import Trouble

Matrix = NDArray[np.float64]

THINNEST = 0.05  # short side over long side of the marked shape; less is a line
SMALLEST_SHARE = 0.01  # of the picture
SMALLEST_FLOOR = 2.0  # m²: a 1 m square with 2 px clicks gets one pair in three wrong
LARGEST_FLOOR = 300.0  # metres across; more means centimetres were typed
FARTHEST_ORIGIN = 1e8  # metres; national grids count millions, beyond this digits are lost
LARGEST_PICTURE = 100_000  # pixels a side
MARGIN = 1.5  # pictures from the middle that a mark may lie, for marks told outside the view
WEAKEST_RANK = 1e-3  # smallest over largest singular value of the normalised DLT system
WORST_RESIDUAL = 0.5  # metres rms that five or more points may miss by
FARTHEST = 4.0  # times the marked shape's radius; beyond it the plane is a guess
VAGUEST = 3.0  # metres of sigma; a vaguer place is no place


@dataclass(frozen=True, slots=True)
class GroundPlane:
    """A fitted floor. `matrix` is row-major, frame pixels → metres, positive third coordinate
    below the horizon; `centre` and `reach` (metres) bound the floor that it may speak of;
    `residual` is the rms miss of the marked points in metres (0 for four points).
    """

    matrix: tuple[float, ...]
    centre: tuple[float, float]
    reach: float
    residual: float


def fit_plane(calibration: Calibration, size: Size, camera: str = "") -> GroundPlane:
    """The floor in the pixels of a frame of `size`, whatever picture the points were read in.

    Raises Trouble `calibration.*` for points that fix no floor, naming the camera and the cause.
    """
    sides = (*calibration.size, size.width, size.height)
    if min(sides) <= 0 or max(sides) > LARGEST_PICTURE:
        raise _sizeless(camera)
    scale = np.array([size.width / calibration.size[0], size.height / calibration.size[1]])
    pixels = np.array([point.pixel for point in calibration.points], dtype=float) * scale
    metres = np.array([point.metres for point in calibration.points], dtype=float)
    _check_shapes(pixels, metres, size, camera)
    matrix = _oriented(_fit(pixels, metres, camera), pixels, size, camera)
    misses = np.hypot(*(_project(matrix, pixels) - metres).T)
    residual = float(np.sqrt(np.mean(misses**2)))
    centre = metres.mean(axis=0)
    radius = float(np.hypot(*(metres - centre).T).max())
    if residual > max(WORST_RESIDUAL, 0.05 * radius):
        raise _inconsistent(camera, int(misses.argmax()) + 1, float(misses.max()))
    return GroundPlane(
        tuple(float(value) for value in matrix.ravel()),
        (float(centre[0]), float(centre[1])),
        FARTHEST * radius,
        residual,
    )


def to_ground(plane: GroundPlane, foot: tuple[float, float], error: float) -> GroundPoint | None:
    """Where a foot at this pixel stands, its sigma from `error` pixels through the Jacobian.

    None above the horizon, far outside the marked floor, or where the claim is too vague.
    """
    a, b, c, d, e, f, g, h, i = plane.matrix
    px, py = foot
    depth = g * px + h * py + i
    if not depth > 1e-9:
        return None
    x, y = (a * px + b * py + c) / depth, (d * px + e * py + f) / depth
    if math.hypot(x - plane.centre[0], y - plane.centre[1]) > plane.reach:
        return None
    across = math.hypot(a - g * x, d - g * y) / depth
    along = math.hypot(b - h * x, e - h * y) / depth
    sigma = error * math.hypot(across, along) / math.sqrt(2)
    return GroundPoint(x, y, sigma) if sigma <= VAGUEST else None


def pair_distance(a: GroundPoint, b: GroundPoint) -> tuple[float, float]:
    """Metres between two people and the standard deviation of that claim."""
    return math.hypot(a.x - b.x, a.y - b.y), math.hypot(a.sigma, b.sigma)


def probability_closer(metres: float, sigma: float, limit: float) -> float:
    """P(true distance < limit) by the normal approximation; a sure claim is 0 or 1."""
    if sigma <= 0:
        return 1.0 if metres < limit else 0.0
    return 0.5 * math.erfc((metres - limit) / (sigma * math.sqrt(2)))


def _fit(pixels: Matrix, metres: Matrix, camera: str) -> Matrix:
    from_px, from_m = _normaliser(pixels), _normaliser(metres)
    rows = []
    for (x, y, _), (u, v, _) in zip(
        _homogeneous(pixels) @ from_px.T, _homogeneous(metres) @ from_m.T, strict=True
    ):
        rows.append([-x, -y, -1, 0, 0, 0, u * x, u * y, u])
        rows.append([0, 0, 0, -x, -y, -1, v * x, v * y, v])
    _, strength, basis = np.linalg.svd(np.array(rows))
    if strength[7] < WEAKEST_RANK * strength[0]:
        raise _collinear(camera)
    matrix: Matrix = np.linalg.inv(from_m) @ basis[8].reshape(3, 3) @ from_px
    return matrix


def _oriented(matrix: Matrix, pixels: Matrix, size: Size, camera: str) -> Matrix:
    """The matrix with the marked points and the picture's lower edge before the camera.

    Points in the wrong order put some of them behind it; a mirrored floor plan puts none.
    """
    depths = _homogeneous(pixels) @ matrix[2]
    oriented: Matrix = matrix / (depths.mean() or 1.0)
    bottom = np.array([size.width / 2, size.height, 1.0])
    if (_homogeneous(pixels) @ oriented[2] <= 0).any() or bottom @ oriented[2] <= 0:
        raise Trouble(
            "calibration.order",
            f"Hiệu chỉnh mặt sàn của camera {camera!r}: các điểm không khớp với một mặt sàn nhìn "
            "từ trên xuống, có lẽ sai thứ tự. Kiểm tra lại từng cặp pixel – mét.",
            f"Floor calibration of camera {camera!r}: the points do not fit a floor seen from "
            "above, probably two are swapped. Check each pair of pixel and metres.",
        )
    return oriented


def _check_shapes(pixels: Matrix, metres: Matrix, size: Size, camera: str) -> None:
    if (np.abs(pixels / (size.width, size.height) - 0.5) > MARGIN).any():
        raise _outside(camera)
    if np.abs(metres).max() > FARTHEST_ORIGIN or np.ptp(metres, axis=0).max() > LARGEST_FLOOR:
        raise _huge(camera)
    pixel_long, pixel_short = _spread(pixels)
    floor_long, floor_short = _spread(metres)
    if pixel_short <= THINNEST * pixel_long or floor_short <= THINNEST * floor_long:
        raise _collinear(camera)
    share = pixel_long * pixel_short / (size.width * size.height)
    if floor_long * floor_short < SMALLEST_FLOOR or share < SMALLEST_SHARE:
        raise Trouble(
            "calibration.small",
            f"Hiệu chỉnh mặt sàn của camera {camera!r}: hình đánh dấu quá nhỏ "
            f"({floor_long * floor_short:.1f} m², {share:.1%} khung hình). "
            "Đánh dấu hình cạnh 5 m trở lên.",
            f"Floor calibration of camera {camera!r}: the marked shape is too small "
            f"({floor_long * floor_short:.1f} m², {share:.1%} of the picture). "
            "Mark a shape of 5 m or more.",
        )


def _spread(points: Matrix) -> tuple[float, float]:
    """Long and short side of the rectangle that is spread like these points."""
    sides = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) * (2 / len(points) ** 0.5)
    return float(sides[0]), float(sides[1])


def _normaliser(points: Matrix) -> Matrix:
    centre = points.mean(axis=0)
    scale = math.sqrt(2) / float(np.hypot(*(points - centre).T).mean())
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])


def _homogeneous(points: Matrix) -> Matrix:
    return np.column_stack([points, np.ones(len(points))])


def _project(matrix: Matrix, pixels: Matrix) -> Matrix:
    mapped = _homogeneous(pixels) @ matrix.T
    metres: Matrix = mapped[:, :2] / mapped[:, 2:]
    return metres


def _sizeless(camera: str) -> Trouble:
    return Trouble(
        "calibration.size",
        f"Hiệu chỉnh mặt sàn của camera {camera!r}: kích thước khung hình phải từ 1 đến 100000. "
        "Ghi đúng chiều rộng và chiều cao của ảnh đã dùng để đọc điểm.",
        f"Floor calibration of camera {camera!r}: the picture's size must be 1 to 100000. "
        "Give width and height of the picture in which the points were read.",
    )


def _outside(camera: str) -> Trouble:
    return Trouble(
        "calibration.outside",
        f"Hiệu chỉnh mặt sàn của camera {camera!r}: có điểm nằm xa ngoài khung hình. Kiểm tra "
        "`size` có đúng là kích thước ảnh đã dùng để đọc điểm không.",
        f"Floor calibration of camera {camera!r}: a point lies far outside the picture. Check "
        "that `size` is the picture in which the points were read.",
    )


def _huge(camera: str) -> Trouble:
    return Trouble(
        "calibration.units",
        f"Hiệu chỉnh mặt sàn của camera {camera!r}: các điểm trải rộng hơn {LARGEST_FLOOR:.0f} m. "
        "Hãy ghi bằng mét, không phải xentimét.",
        f"Floor calibration of camera {camera!r}: the points span more than {LARGEST_FLOOR:.0f} m. "
        "Give metres, not centimetres.",
    )


def _collinear(camera: str) -> Trouble:
    return Trouble(
        "calibration.collinear",
        f"Hiệu chỉnh mặt sàn của camera {camera!r}: các điểm trùng nhau hoặc nằm gần trên một "
        "đường thẳng. Cần ít nhất bốn điểm, không ba điểm nào thẳng hàng.",
        f"Floor calibration of camera {camera!r}: the points coincide or lie close to one line. "
        "At least four are needed, no three of them on a line.",
    )


def _inconsistent(camera: str, number: int, metres: float) -> Trouble:
    return Trouble(
        "calibration.inconsistent",
        f"Hiệu chỉnh mặt sàn của camera {camera!r}: điểm thứ {number} lệch {metres:.1f} m so với "
        "các điểm khác. Đo lại điểm đó.",
        f"Floor calibration of camera {camera!r}: point {number} is {metres:.1f} m off the "
        "others. Measure it again.",
    )
