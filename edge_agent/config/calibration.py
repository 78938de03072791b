"""Whether what is said of a view can carry a ground plane (a homography) at all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from edge_agent.config.document import Loc
from edge_agent.config.schema import Calibration

Point = tuple[float, float]

FLAT = 0.01  # a triangle smaller than this share of the spanned rectangle is a line


def calibration_faults(calibration: Calibration) -> Iterator[tuple[Loc, str, str]]:
    """What is wrong with the calibration of one view: where, in Vietnamese and English."""
    width, height = calibration.size
    if width < 16 or height < 16:
        yield (
            ("size",),
            f"khung hình phải từ 16x16 điểm ảnh, nhận được {width}x{height}",
            f"the picture must be 16x16 pixels or more, got {width}x{height}",
        )
        return
    if bool(calibration.points) == (calibration.view is not None):
        yield (
            (),
            "cần points (các điểm trên sàn) hoặc view (tư thế camera), một trong hai",
            "needs points (of the floor) or view (how the camera stands), one of the two",
        )
    if calibration.points:
        yield from _points(calibration, width, height)


def _points(calibration: Calibration, width: int, height: int) -> Iterator[tuple[Loc, str, str]]:
    for at, point in enumerate(calibration.points):
        x, y = point.pixel
        if not (0 <= x <= width and 0 <= y <= height):
            yield (
                ("points", at, "pixel"),
                f"[{x:g}, {y:g}] nằm ngoài khung hình {width}x{height} (size)",
                f"[{x:g}, {y:g}] is outside the picture {width}x{height} (size)",
            )
    pixels = [(p.pixel[0] / width, p.pixel[1] / height) for p in calibration.points]
    for what, points in (("pixel", pixels), ("metres", [p.metres for p in calibration.points])):
        if not spread(points):
            yield (
                ("points",),
                f"{what}: cần bốn điểm tạo thành một tứ giác, không có ba điểm nào gần thẳng hàng",
                f"{what}: four of the points must form a quadrilateral, no three of them in line",
            )


def spread(points: list[tuple[float, float]]) -> bool:
    """Whether some four points have no three (nearly) in line: what a homography needs.

    Each axis is measured in the span of all points, so a long narrow corridor is not "flat".
    """
    xs, ys = [x for x, _ in points], [y for _, y in points]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    if not wide or not high:
        return False
    return _four([(x / wide, y / high) for x, y in points], [])


def _four(points: list[Point], chosen: list[Point]) -> bool:
    """Depth-first choice of four points in general position."""
    if len(chosen) == 4:
        return True
    return any(
        all(_triangle(a, b, point) > FLAT for a, b in combinations(chosen, 2))
        and point not in chosen
        and _four(points[at + 1 :], [*chosen, point])
        for at, point in enumerate(points)
    )


def _triangle(a: Point, b: Point, c: Point) -> float:
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2
