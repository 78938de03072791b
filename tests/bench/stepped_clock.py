"""The clocks of the box with a wall clock that a file shifts: other processes step it."""

from __future__ import annotations

import mmap
import struct
from datetime import timedelta
from pathlib import Path

from edge_agent.core.time import Instant
from edge_agent.runtime.clock import SystemClock


class SteppedClock:
    """The clocks of the box, the wall clock shifted by what the file says at that moment."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._shift = mmap.mmap(file.fileno(), 8)
        self._clock = SystemClock()

    def now(self) -> Instant:
        """This moment on both clocks."""
        (shift,) = struct.unpack("!d", self._shift[:8])
        now = self._clock.now()
        return Instant(now.wall + timedelta(seconds=shift), now.mono)


def step(path: Path, shift: float) -> None:
    """From now on the wall clock is so many seconds ahead of the truth."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.write(struct.pack("!d", shift))
