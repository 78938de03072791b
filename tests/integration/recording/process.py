"""A recorder in its own process; arguments: configuration as JSON, password of every camera."""

import json
import signal
import sys
from threading import Event

from edge_agent.config.schema import Config
from edge_agent.core.secret import Credential
from edge_agent.recording.service import run_recorder
from edge_agent.runtime import logs
from edge_agent.runtime.clock import SystemClock

if __name__ == "__main__":
    logs.configure("json")
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    config = Config.model_validate(json.loads(sys.argv[1]))
    run_recorder(config, lambda _: Credential("admin", sys.argv[2]), stop, SystemClock())
