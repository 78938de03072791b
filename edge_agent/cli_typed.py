"""What a technician types of a floor: points, lengths and sides, read or refused in words."""

from __future__ import annotations

import re

from edge_agent.config.schema import CalibrationPoint
from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble

Point = tuple[float, float]

_NUMBER = r"\s*(-?\d{1,9}(?:\.\d{1,6})?)\s*"
_PAIR = f"{_NUMBER},{_NUMBER}"
_CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def points(typed: list[str], sides: Point | None) -> tuple[CalibrationPoint, ...]:
    """`x,y=metres,metres` each; or, with `sides`, the four corners `x,y` of a rectangle: near left,
    near right, far right, far left. Raises Trouble `calibrate.point`, `calibrate.points`.
    """
    if sides is not None:
        pixels = [_floats(one, _PAIR, "x,y") for one in typed]
        if len(pixels) != 4:
            raise _count("4", len(pixels))
        return tuple(
            CalibrationPoint(pixel=(p[0], p[1]), metres=(x * sides[0], y * sides[1]))
            for p, (x, y) in zip(pixels, _CORNERS, strict=True)
        )
    read = [_floats(one, f"{_PAIR}={_PAIR}", "x,y=mét,mét") for one in typed]
    if not 4 <= len(read) <= 100:
        raise _count("4–100", len(read))
    return tuple(CalibrationPoint(pixel=(a, b), metres=(c, d)) for a, b, c, d in read)


def rectangle_sides(typed: str) -> Point:
    """Width and length in metres of `3.6x9`. Raises Trouble `calibrate.point`."""
    width, length = _floats(typed, f"{_NUMBER}[xX×*]{_NUMBER}", "3.6x9")
    if min(width, length) <= 0:
        raise _unread(typed, "3.6x9")
    return width, length


def size_of(typed: str) -> Size:
    """Pixels of `1920x1080`. Raises Trouble `calibrate.point`."""
    width, height = _floats(typed, r"\s*(\d{2,5})\s*[xX×*]\s*(\d{2,5})\s*", "1920x1080")
    return Size(int(width), int(height))


def straight_edges(typed: list[str]) -> list[list[Point]]:
    """Edges of three pixels or more, `x,y x,y x,y`. Raises Trouble `calibrate.point`."""
    return [_edge(one) for one in typed]


def lengths(typed: list[str]) -> list[tuple[Point, Point, float]]:
    """Known lengths, `x,y x,y=metres`. Raises Trouble `calibrate.point`."""
    found = []
    for one in typed:
        ax, ay, bx, by, metres = _floats(one, f"{_PAIR}\\s{_PAIR}={_NUMBER}", "x,y x,y=3.5")
        if metres <= 0:
            raise _unread(one, "x,y x,y=3.5")
        found.append(((ax, ay), (bx, by), metres))
    return found


def _edge(typed: str) -> list[Point]:
    parts = typed.split()
    if len(parts) < 3:
        raise _unread(typed, "x,y x,y x,y")
    pairs = [_floats(part, _PAIR, "x,y x,y x,y") for part in parts]
    return [(x, y) for x, y in pairs]


def _floats(typed: str, pattern: str, form: str) -> list[float]:
    match = re.fullmatch(pattern, typed)
    if match is None:
        raise _unread(typed, form)
    return [float(value) for value in match.groups()]


def _unread(typed: str, form: str) -> Trouble:
    return Trouble(
        "calibrate.point",
        f"Không hiểu {typed[:60]!r}; phải có dạng '{form}' (số thập phân dùng dấu chấm).",
        f"{typed[:60]!r} is not understood; the form is '{form}' (decimals with a point).",
    )


def _count(wanted: str, got: int) -> Trouble:
    return Trouble(
        "calibrate.points",
        f"Cần {wanted} điểm trên sàn, nhận được {got}.",
        f"{wanted} floor points are needed, got {got}.",
    )
