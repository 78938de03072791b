"""How much disk a duty needs, and how long a disk lasts. Pure arithmetic.

1 Mbit/s is 10.8 GB a day. Terabytes are powers of ten, as disks are sold.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_BYTES_PER_MBIT = 10**6 / 8 * 86_400
RESERVE = 0.05  # of the disk: file system and bursts of the bitrate


@dataclass(frozen=True, slots=True)
class Load:
    """One camera's stream; `measured` when the bitrate comes from what was recorded."""

    camera: str
    mbit: float
    measured: bool = False

    @property
    def per_day(self) -> float:
        """Bytes a day."""
        return self.mbit * DAY_BYTES_PER_MBIT


@dataclass(frozen=True, slots=True)
class Size:
    """What these cameras need for `days`: `footage` bytes of video, `disk` with the reserve."""

    loads: tuple[Load, ...]
    days: float
    footage: float
    disk: float

    @property
    def write_rate(self) -> float:
        """Bytes a second on their way to the disk."""
        return sum(load.per_day for load in self.loads) / 86_400


def size(loads: tuple[Load, ...], days: float) -> Size:
    """The disk that keeps these cameras for so many days."""
    footage = sum(load.per_day for load in loads) * days
    return Size(loads, days, footage, footage / (1 - RESERVE))


def days_on(loads: tuple[Load, ...], disk: float) -> float:
    """Days that a disk of so many bytes keeps these cameras; infinite without cameras."""
    rate = sum(load.per_day for load in loads)
    return disk * (1 - RESERVE) / rate if rate else float("inf")


def cameras_on(mbit: float, days: float, disk: float) -> int:
    """Cameras of this bitrate that a disk keeps for so many days."""
    return int(disk * (1 - RESERVE) / (mbit * DAY_BYTES_PER_MBIT * days))
