"""Geometry: boxes in the pixels of one frame, points in metres on the floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a frame in pixels."""

    width: int
    height: int


class Box(NamedTuple):
    """An axis-aligned box in pixels, corners (x1, y1) top left and (x2, y2) bottom right.

    A tuple, since thousands are made in a second, and a frozen dataclass costs six times as much.
    """

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        """Square pixels; 0 for a box turned inside out."""
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    @property
    def foot(self) -> tuple[float, float]:
        """Bottom centre: where a standing person meets the floor."""
        return (self.x1 + self.x2) / 2, self.y2

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        wide = min(self.x2, other.x2) - max(self.x1, other.x1)
        high = min(self.y2, other.y2) - max(self.y1, other.y1)
        if wide <= 0 or high <= 0:
            return 0.0
        shared = wide * high
        return shared / (self.area + other.area - shared)

    def scaled(self, sx: float, sy: float) -> Box:
        """The same box in the pixels of another size of the same picture."""
        return Box(self.x1 * sx, self.y1 * sy, self.x2 * sx, self.y2 * sy)

    def moved(self, dx: float, dy: float) -> Box:
        """The box shifted by pixels."""
        return Box(self.x1 + dx, self.y1 + dy, self.x2 + dx, self.y2 + dy)

    def clipped(self, size: Size) -> Box:
        """The part of the box inside a frame of this size."""
        return Box(
            min(max(self.x1, 0.0), size.width),
            min(max(self.y1, 0.0), size.height),
            min(max(self.x2, 0.0), size.width),
            min(max(self.y2, 0.0), size.height),
        )


class GroundPoint(NamedTuple):
    """A place on the floor in metres, with the standard deviation of that claim in metres.

    `sigma` is per axis and counts everything. Of it, `spread` (variances xx, xy, yy in m²; None:
    the same in every direction) is this place's own, and `stretch` the share by which distances
    from here may be wrong because the calibration is, which neighbours have in common. `by_head`:
    the feet were not seen, so the place is read from the head and a guessed stature.
    """

    x: float
    y: float
    sigma: float
    spread: tuple[float, float, float] | None = None
    stretch: float = 0.0
    by_head: bool = False
