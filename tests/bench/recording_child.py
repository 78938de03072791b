"""A recorder whose wall clock can be stepped: arguments are the configuration as JSON and a file of
eight bytes, the seconds that the clock is ahead of the truth. For benches only.
"""

from __future__ import annotations

import json
import mmap
import signal
import struct
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event

from edge_agent.config.schema import Config
from edge_agent.core.secret import Credential
from edge_agent.core.time import Instant
from edge_agent.recording.service import run_recorder
from edge_agent.runtime import logs
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


if __name__ == "__main__":
    logs.configure("json")
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    config = Config.model_validate(json.loads(sys.argv[1]))
    clock = SteppedClock(Path(sys.argv[2]))
    run_recorder(config, lambda _: Credential("admin", "secret"), stop, clock)
