"""The command that records. It imports what recording needs and no more: it runs all year."""

from __future__ import annotations

from pathlib import Path

from edge_agent.app.layout import Layout
from edge_agent.cli_process import started, stopping
from edge_agent.cli_told import ConfigPath, told
from edge_agent.config.environment import watchdog_interval
from edge_agent.recording.service import run_recorder
from edge_agent.runtime import notify
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.lock import SingleInstance

_RECORDER_PULSE = 20.0  # seconds; it beats about every second while it is well


@told
def record(config: ConfigPath = Path("site.yaml")) -> None:
    """Run the recorder: packets to disk, nothing else."""
    settings, credentials = started(config)
    layout = Layout.of(settings)
    layout.make()
    with SingleInstance(layout.recorder_lock), stopping() as stop:
        notify.ready()
        clock = SystemClock()
        pulse = notify.Pulse(clock)
        pulse.promise("recorder", _RECORDER_PULSE)
        with notify.watchdog(stop, watchdog_interval(), pulse.late):
            run_recorder(settings, credentials.camera, stop, clock, lambda: pulse.beat("recorder"))
