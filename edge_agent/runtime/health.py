"""How the box is: disks, memory, load, temperature, and whether its clock is set by anybody."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd.service(8)
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_TIMEX_BYTES = 512  # struct timex is 208 bytes on 64-bit Linux


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system under one folder; bytes. `free` is what an ordinary user may still fill."""

    folder: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Health:
    """The box at one moment; bytes, °C, seconds. None where the box cannot tell.

    A folder that is not there (a disk that was not mounted) is absent from `disks`.
    `load` is the one-minute load average, `rss` this process's own memory.
    """

    disks: tuple[Disk, ...]
    memory_free: int
    memory_total: int
    rss: int
    load: float
    cpus: int
    temperature: float | None
    uptime: float
    clock_synchronised: bool | None


def health(folders: Iterable[Path]) -> Health:
    """Read everything now; takes milliseconds and never raises for a missing sensor."""
    memory = psutil.virtual_memory()
    return Health(
        disks=tuple(found for found in map(disk, folders) if found),
        memory_free=memory.available,
        memory_total=memory.total,
        rss=psutil.Process().memory_info().rss,
        load=os.getloadavg()[0],
        cpus=os.cpu_count() or 1,
        temperature=temperature(),
        uptime=float(Path("/proc/uptime").read_text(encoding="ascii").split()[0]),
        clock_synchronised=clock_synchronised(),
    )


def disk(folder: Path) -> Disk | None:
    """The file system that this folder is on; None if the folder is not there."""
    try:
        usage = psutil.disk_usage(str(folder))
    except OSError:
        return None
    return Disk(str(folder), usage.free, usage.total)


def temperature() -> float | None:
    """The hottest sensor of the box in °C; None if it has none."""
    sensors = psutil.sensors_temperatures()
    return max((one.current for group in sensors.values() for one in group), default=None)


def clock_synchronised() -> bool | None:
    """Whether something keeps the wall clock right: timesyncd's mark, else the kernel's own word.

    None when neither can be asked.
    """
    if SYNCHRONIZED.exists():
        return True
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: only read
    state = int(ctypes.CDLL(None, use_errno=True).adjtimex(timex))
    return None if state < 0 else state != _TIME_ERROR
