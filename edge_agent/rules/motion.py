"""How a person's box moves: a constant-velocity Kalman filter on the foot point, in pixels.

Both axes share one variance, since their noise is the same share of the person's height; a box's
width and height are smoothed, because they change slowly and occlusion shakes them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from edge_agent.core.geometry import Box

STATURE = 1.7  # metres in a person's height, where only pixels are known
FOOT_ERROR = 0.045  # of the box height: jitter of a detector's lower edge
LEAST_ERROR = 0.5  # pixels; no detector is finer
START_SPEED = 1.2 / STATURE  # heights per second that an unknown walker may have
ACCELERATION = 1.2 / STATURE  # heights per second² that a walker may show
STRAIGHT = 1.0  # seconds after which somebody unseen goes on at a third of the pace
SHAPE_MEMORY = 0.5  # seconds over which width and height are averaged


class Motion(NamedTuple):
    """Foot (x, y) and velocity in pixels and pixels per second, the box's width and height, and
    the variances of place, place with speed, and speed. A tuple: several are made per person and
    frame, and a frozen dataclass costs six times as much.
    """

    x: float
    y: float
    vx: float
    vy: float
    width: float
    height: float
    place: float
    cross: float
    speed: float

    @property
    def box(self) -> Box:
        """The box around this foot point."""
        half = self.width / 2
        return Box(self.x - half, self.y - self.height, self.x + half, self.y)

    @property
    def error(self) -> float:
        """Standard deviation of the foot point in pixels."""
        return math.sqrt(self.place)


def measured_variance(height: float) -> float:
    """Pixels² by which a detected foot point is off, for a box of this height."""
    return max(LEAST_ERROR, FOOT_ERROR * height) ** 2


def foot_error(box: Box) -> float:
    """Standard deviation in pixels of the foot point of a box that is seen for the first time."""
    return math.sqrt(measured_variance(box.height))


def begin(box: Box) -> Motion:
    """A person seen for the first time: here, at an unknown speed."""
    x, y = box.foot
    start = (START_SPEED * box.height) ** 2
    variance = measured_variance(box.height)
    return Motion(x, y, 0.0, 0.0, box.width, box.height, variance, 0.0, start)


def predict(motion: Motion, seconds: float) -> Motion:
    """Where the person will be `seconds` later if nothing changes, less surely."""
    x, y, vx, vy, width, height, place, cross, speed = motion
    push = (ACCELERATION * height) ** 2
    return Motion(
        x + vx * seconds,
        y + vy * seconds,
        vx,
        vy,
        width,
        height,
        place + seconds * (2 * cross + seconds * speed) + push * seconds**4 / 4,
        cross + seconds * speed + push * seconds**3 / 2,
        speed + push * seconds**2,
    )


def tire(motion: Motion, seconds: float) -> Motion:
    """Somebody unseen for `seconds`: whoever goes on straight is soon seen again, so the others
    turned or stopped.
    """
    keep = math.exp(-seconds / STRAIGHT)
    return Motion(
        motion.x,
        motion.y,
        keep * motion.vx,
        keep * motion.vy,
        motion.width,
        motion.height,
        motion.place,
        keep * motion.cross,
        keep**2 * motion.speed,
    )


def grown(motion: Motion, times: float) -> Motion:
    """The same motion of somebody who looks so many times larger."""
    return motion._replace(width=motion.width * times, height=motion.height * times)


def correct(motion: Motion, box: Box, seconds: float, hits: int, *, shape: bool = True) -> Motion:
    """The prediction pulled to a detection, `seconds` after the one before, the `hits`-th; width
    and height only when the box tells the `shape`.
    """
    x, y, vx, vy, width, height, place, cross, speed = motion
    tall = box.height
    total = place + measured_variance(tall)
    gain, lift = place / total, cross / total
    memory = max(1 / hits, 1 - math.exp(-seconds / SHAPE_MEMORY)) if shape else 0.0
    foot_x, foot_y = box.foot
    right, down = foot_x - x, foot_y - y
    return Motion(
        x + gain * right,
        y + gain * down,
        vx + lift * right,
        vy + lift * down,
        width + memory * (box.width - width),
        height + memory * (tall - height),
        (1 - gain) * place,
        (1 - gain) * cross,
        speed - lift * cross,
    )
