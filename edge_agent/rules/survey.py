"""A technician's marks on the floor, judged: large enough, plausible, and right by a known length.

The fit itself is `ground.fit_plane`; this says what a person should know before it is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.config.schema import Calibration
from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble
from edge_agent.rules.doubt import COLUMNS, ROWS, cells, project
from edge_agent.rules.ground import GroundPlane, fit_plane, pair_distance, to_ground
from edge_agent.rules.lens import straightened

Floats = NDArray[np.float64]

LONG_ENOUGH = 5.0  # metres of the marked shape's longest side
WIDE_ENOUGH = 0.4  # share of the watched floor that the shape covers
WATCHED = 12.0  # metres from below the camera; farther people are too small to be judged
PLAUSIBLE = (1.5, 12.0)  # metres of a camera over its floor
SKEWED = 0.25  # of a right angle: more is no rectangle seen by a camera with square pixels
SAME = 3.0  # pixels apart at which two marks are one


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that is probably wrong, in both languages; the calibration works nonetheless."""

    code: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Length:
    """A length that is known, as the calibration measures it; all in metres."""

    known: float
    measured: float
    sigma: float

    @property
    def sigmas(self) -> float:
        """How many sigmas off."""
        return abs(self.measured - self.known) / max(self.sigma, 1e-9)


def demand_shape(calibration: Calibration, plane: GroundPlane, camera: str) -> None:
    """Raises Trouble `calibration.shape` for marks too close together to speak for the floor."""
    metres = np.array([point.metres for point in calibration.points])
    longest = float(max(np.hypot(*(a - b)) for a in metres for b in metres))
    share = covered(calibration, plane)
    if longest < LONG_ENOUGH and share < WIDE_ENOUGH:
        raise Trouble(
            "calibration.shape",
            f"Camera {camera!r}: hình đánh dấu dài {longest:.1f} m và phủ {share:.0%} mặt sàn nhìn "
            f"thấy. Cần dài từ {LONG_ENOUGH:.0f} m hoặc phủ từ {WIDE_ENOUGH:.0%}: chọn các điểm "
            "xa nhau hơn.",
            f"Camera {camera!r}: the marked shape is {longest:.1f} m long and covers {share:.0%} "
            f"of the watched floor. {LONG_ENOUGH:.0f} m or {WIDE_ENOUGH:.0%} are needed: mark "
            "points farther apart.",
        )


def covered(calibration: Calibration, plane: GroundPlane) -> float:
    """The share of the floor watched, by area in the picture, that the marked shape covers."""
    scale = np.array([plane.size.width, plane.size.height]) / calibration.size
    marks = np.array([point.pixel for point in calibration.points]) * scale
    middles = cells(plane.size)
    straight = straightened(middles, plane.lens, plane.size)
    metres = project(plane.as_matrix(), straight)
    centre = plane.upright.below if plane.upright else plane.centre
    watched = np.hypot(*(metres - centre).T) <= WATCHED
    inside = _in_hull(middles, marks)
    return float((watched & inside).sum() / max(1, watched.sum()))


def look_over(calibration: Calibration, camera: str) -> tuple[Caution, ...]:
    """What is probably wrong with a calibration. Raises Trouble `calibration.*` for one that fixes
    no floor.
    """
    size = Size(*calibration.size)
    return cautions(calibration, fit_plane(calibration, size, camera))


def cautions(calibration: Calibration, plane: GroundPlane) -> tuple[Caution, ...]:
    """What is probably wrong with marks that fit a floor all the same."""
    found = []
    marks = [point.pixel for point in calibration.points]
    twins = [
        (i + 1, j + 1)
        for j in range(len(marks))
        for i in range(j)
        if math.dist(marks[i], marks[j]) < SAME
    ]
    if twins:
        found.append(_twins(*twins[0]))
    if plane.upright is None:
        found.append(_NO_HEIGHTS)
    elif calibration.points:
        low, high = PLAUSIBLE
        if not low <= plane.upright.pose.height <= high:
            found.append(_height(plane.upright.pose.height))
        if plane.upright.skew > SKEWED:
            found.append(_SKEWED)
    if calibration.points and _mirrored(plane):
        found.append(_MIRRORED)
    return tuple(found)


def measure_length(
    plane: GroundPlane,
    one: tuple[float, float],
    other: tuple[float, float],
    known: float,
    error: float,
) -> Length | None:
    """The known length between two pixels of the plane's frame, each read `error` pixels wrong;
    None where one of them is no floor that the plane speaks of.
    """
    here, there = to_ground(plane, one, error), to_ground(plane, other, error)
    if here is None or there is None:
        return None
    return Length(known, *pair_distance(here, there))


def error_map(plane: GroundPlane, apart: float = 2.0) -> list[list[float]]:
    """Rows of cells from the top left: the metres, one sigma, by which the distance of two people
    `apart` metres from each other may be wrong there; infinite where the floor is not known.
    """
    known = [
        value * apart if to_ground(plane, (float(x), float(y)), 1e-6) is not None else math.inf
        for value, (x, y) in zip(plane.doubt.stretch, cells(plane.size), strict=True)
    ]
    return [known[row * COLUMNS : (row + 1) * COLUMNS] for row in range(ROWS)]


def _mirrored(plane: GroundPlane) -> bool:
    """Whether the plan's y runs to the right of x's left: a plan seen from below."""
    size: Size = plane.size
    x, y = size.width / 2, size.height * 0.9
    places = project(plane.as_matrix(), np.array([(x, y), (x + 5, y), (x, y - 5)]))
    right, away = places[1] - places[0], places[2] - places[0]
    return bool(right[0] * away[1] - right[1] * away[0] < 0)


def _in_hull(points: Floats, marks: Floats) -> NDArray[np.bool_]:
    """Which points (n, 2) lie inside the convex hull of the marks."""
    hull = _hull(marks)
    inside = np.ones(len(points), np.bool_)
    for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        side, out = b - a, points - a
        inside &= side[0] * out[:, 1] - side[1] * out[:, 0] >= 0
    return inside


def _hull(marks: Floats) -> Floats:
    """The convex hull, by Andrew's monotone chain."""
    ordered = sorted((float(x), float(y)) for x, y in marks)
    halves: list[list[tuple[float, float]]] = []
    for line in (ordered, ordered[::-1]):
        half: list[tuple[float, float]] = []
        for point in line:
            while len(half) > 1 and _left(half[-2], half[-1], point) <= 0:
                half.pop()
            half.append(point)
        halves.append(half[:-1])
    return np.array(halves[0] + halves[1])


def _left(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


_NO_HEIGHTS = Caution(
    "calibration.no_heights",
    "Từ các điểm này không suy ra được camera đứng thế nào, nên người bị che chân sẽ không có vị "
    "trí. Kiểm tra thứ tự các điểm và số đo, hoặc thêm điểm ở gần và ở xa.",
    "These points do not tell how the camera stands, so people whose feet are hidden get no place. "
    "Check the points' order and measures, or add points near and far.",
)
_SKEWED = Caution(
    "calibration.skewed",
    "Góc vuông trên sàn không còn vuông trong hình: có lẽ thứ tự các điểm lệch một vị trí, chiều "
    "rộng và chiều dài bị đổi chỗ, hoặc điểm ảnh của hình không vuông.",
    "Right angles of the floor are none in the picture: perhaps the points begin at the wrong "
    "corner, width and length are exchanged, or the picture's pixels are not square.",
)
_MIRRORED = Caution(
    "calibration.mirrored",
    "Mặt bằng bị lật gương (trái thành phải). Khoảng cách vẫn đúng, nhưng vùng và vạch vẽ bằng mét "
    "sẽ ngược: trục y phải hướng ra xa khi x hướng sang phải.",
    "The floor plan is mirrored (left is right). Distances hold, but zones and lines in metres "
    "are the wrong way round: y must lead away when x leads to the right.",
)


def _twins(first: int, second: int) -> Caution:
    return Caution(
        "calibration.twins",
        f"Điểm {first} và điểm {second} gần như trùng nhau trong hình; một điểm là thừa.",
        f"Points {first} and {second} are nearly the same in the picture; one is of no use.",
    )


def _height(metres: float) -> Caution:
    low, high = PLAUSIBLE
    return Caution(
        "calibration.height",
        f"Theo các điểm này camera cao {metres:.1f} m so với sàn; thường là {low:g} đến {high:g} "
        "m. Kiểm tra số đo, đơn vị mét và thứ tự các điểm.",
        f"By these points the camera is {metres:.1f} m above the floor; {low:g} to {high:g} m is "
        "usual. Check the measures, that they are metres, and the points' order.",
    )
