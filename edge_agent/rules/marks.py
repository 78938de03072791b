"""Marked floor points: the homography that they fix, or why they fix none, in words.

Hartley & Zisserman, Multiple View Geometry, ch. 4: normalised DLT.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble

Matrix = NDArray[np.float64]

THINNEST = 0.05  # short side over long side of the marked shape; less is a line
SMALLEST_SHARE = 0.01  # of the picture
SMALLEST_FLOOR = 2.0  # m²: a 1 m square with 2 px clicks gets one pair in three wrong
LARGEST_FLOOR = 300.0  # metres across; more means centimetres were typed
FARTHEST_ORIGIN = 1e8  # metres; national grids count millions, beyond this digits are lost
MARGIN = 1.5  # pictures from the middle that a mark may lie, for marks told outside the view
WEAKEST_RANK = 1e-3  # smallest over largest singular value of the normalised DLT system
WORST_RESIDUAL = 0.5  # metres rms that five or more points may miss by


def fit_marks(pixels: Matrix, metres: Matrix, size: Size, camera: str) -> tuple[Matrix, float]:
    """The floor (3, 3; pixels to metres, positive depth on it) and its rms miss in metres.

    `pixels` and `metres` have shape (n, 2). Raises Trouble `calibration.*`.
    """
    _check_shapes(pixels, metres, size, camera)
    fitted = homography(pixels, metres)
    if fitted is None:
        raise _collinear(camera)
    matrix = _oriented(fitted, pixels, size, camera)
    mapped = homogeneous(pixels) @ matrix.T
    misses = np.hypot(*(mapped[:, :2] / mapped[:, 2:] - metres).T)
    residual = float(np.sqrt(np.mean(misses**2)))
    radius = float(np.hypot(*(metres - metres.mean(axis=0)).T).max())
    if residual > max(WORST_RESIDUAL, 0.05 * radius):
        raise _inconsistent(camera, int(misses.argmax()) + 1, float(misses.max()))
    return matrix, residual


def homography(pixels: Matrix, metres: Matrix) -> Matrix | None:
    """The matrix (3, 3) from pixels to metres by normalised DLT; None where they fix none."""
    from_px, from_m = _normaliser(pixels), _normaliser(metres)
    x, y, _ = from_px @ homogeneous(pixels).T
    u, v, _ = from_m @ homogeneous(metres).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate(
        [
            np.stack([-x, -y, -one, zero, zero, zero, u * x, u * y, u], axis=1),
            np.stack([zero, zero, zero, -x, -y, -one, v * x, v * y, v], axis=1),
        ]
    )
    _, strength, basis = np.linalg.svd(rows)
    if strength[7] < WEAKEST_RANK * strength[0]:
        return None
    matrix: Matrix = np.linalg.inv(from_m) @ basis[8].reshape(3, 3) @ from_px
    return matrix


def perturbed(pixels: Matrix, metres: Matrix, error: float, times: int) -> list[Matrix]:
    """Floors that the same points could have given, had each click fallen `error` pixels (one
    sigma) elsewhere. The same every time.
    """
    noise = np.random.default_rng(0).normal(0.0, error, (times, *pixels.shape))
    fitted = (homography(pixels + one, metres) for one in noise)
    turned = (_facing(matrix, pixels) for matrix in fitted if matrix is not None)
    return [matrix for matrix in turned if (homogeneous(pixels) @ matrix[2] > 0).all()]


def homogeneous(points: Matrix) -> Matrix:
    """Points (n, 2) with a third coordinate 1."""
    return np.column_stack([points, np.ones(len(points))])


def spread_of(points: Matrix) -> tuple[float, float]:
    """Long and short side of the rectangle that is spread like these points."""
    sides = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) * (2 / len(points) ** 0.5)
    return float(sides[0]), float(sides[1])


def _facing(matrix: Matrix, pixels: Matrix) -> Matrix:
    """The matrix of that sign and scale in which the points lie at depth 1 in the mean."""
    facing: Matrix = matrix / ((homogeneous(pixels) @ matrix[2]).mean() or 1.0)
    return facing


def _oriented(matrix: Matrix, pixels: Matrix, size: Size, camera: str) -> Matrix:
    """The matrix with the marked points and the picture's lower edge before the camera.

    Points in the wrong order put some of them behind it; a mirrored floor plan puts none.
    """
    oriented = _facing(matrix, pixels)
    bottom = np.array([size.width / 2, size.height, 1.0])
    if (homogeneous(pixels) @ oriented[2] <= 0).any() or bottom @ oriented[2] <= 0:
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
    pixel_long, pixel_short = spread_of(pixels)
    floor_long, floor_short = spread_of(metres)
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


def _normaliser(points: Matrix) -> Matrix:
    centre = points.mean(axis=0)
    scale = math.sqrt(2) / float(np.hypot(*(points - centre).T).mean())
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])


def tall(camera: str, height: float) -> Trouble:
    """The points would put the camera on a mast and make everybody a giant."""
    stature = 1.7 * height / 3
    return Trouble(
        "calibration.units",
        f"Hiệu chỉnh mặt sàn của camera {camera!r}: theo các điểm này camera cao {height:.0f} m và "
        f"người cao khoảng {stature:.0f} m. Hãy ghi bằng mét, không phải xentimét.",
        f"Floor calibration of camera {camera!r}: by these points the camera is {height:.0f} m "
        f"high and people are about {stature:.0f} m tall. Give metres, not centimetres.",
    )


def _huge(camera: str) -> Trouble:
    return Trouble(
        "calibration.units",
        f"Hiệu chỉnh mặt sàn của camera {camera!r}: các điểm trải rộng hơn {LARGEST_FLOOR:.0f} m. "
        "Hãy ghi bằng mét, không phải xentimét.",
        f"Floor calibration of camera {camera!r}: the points span more than {LARGEST_FLOOR:.0f} m. "
        "Give metres, not centimetres.",
    )


def _outside(camera: str) -> Trouble:
    return Trouble(
        "calibration.outside",
        f"Hiệu chỉnh mặt sàn của camera {camera!r}: có điểm nằm xa ngoài khung hình. Kiểm tra "
        "`size` có đúng là kích thước ảnh đã dùng để đọc điểm không.",
        f"Floor calibration of camera {camera!r}: a point lies far outside the picture. Check "
        "that `size` is the picture in which the points were read.",
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
