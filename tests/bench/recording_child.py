"""A recorder for benches. Arguments: the configuration as JSON and, where the wall clock is to be
stepped, a file of eight bytes, the seconds that it is ahead of the truth. With `--unproven` it
neither hashes nor syncs what it writes: to see what that costs, for nothing else.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from threading import Event

from edge_agent.config.schema import Config
from edge_agent.core.secret import Credential
from edge_agent.recording.evidence.hashing import SegmentHash
from edge_agent.recording.files import SegmentFile
from edge_agent.recording.service import run_recorder
from edge_agent.runtime import logs
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.memory import settle
from tests.bench.stepped_clock import SteppedClock

if __name__ == "__main__":
    settle()  # as the commands do at their start
    logs.configure("json")
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    config = Config.model_validate(json.loads(sys.argv[1]))
    unproven = "--unproven" in sys.argv
    stepped = len(sys.argv) > 2 and not unproven
    clock = SteppedClock(Path(sys.argv[2])) if stepped else SystemClock()
    if unproven:
        SegmentHash.update = lambda _self, _data: None  # type: ignore[method-assign]
        SegmentFile.sync = lambda _self: None  # type: ignore[method-assign]
    run_recorder(config, lambda _: Credential("admin", "secret"), stop, clock)
