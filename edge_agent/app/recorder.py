"""The recorder as the agent's child: started when none runs, adopted after the agent died."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event

from edge_agent.app.layout import Layout
from edge_agent.config.environment import for_child
from edge_agent.runtime.child import Child
from edge_agent.runtime.lock import held, holder
from edge_agent.runtime.logs import log

_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.2


class RecorderChild:
    """Keeps one recorder running for this state folder, in a session of its own.

    A recorder that an agent started is stopped with the agent's clean stop, also when that agent
    is another one that came back after a kill -9. A recorder that somebody else started (its own
    systemd unit, another shell) is left alone.
    """

    def __init__(self, config_path: Path, layout: Layout) -> None:
        self._lock = layout.recorder_lock
        self._mark = layout.run / "recorder.child"
        self._child = Child(
            "recorder",
            [sys.executable, "-m", "edge_agent", "record", "--config", str(config_path)],
            env=for_child(),
            own_session=True,
            leave=True,
            started=lambda pid: _write(self._mark, pid),
        )

    def run_once(self, stop: Event) -> None:
        """Wait while somebody records; start the recorder when nobody does."""
        if not held(self._lock):
            self._child.run_once(stop)
            return
        log.info("recorder.adopted", pid=holder(self._lock))
        while held(self._lock) and not stop.wait(_POLL_SECONDS):
            pass

    def stop(self) -> None:
        """End the recorder if an agent started it: TERM, then KILL after 15 s."""
        pid = self._ours()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        patience = Event()
        for _ in range(int(_STOP_SECONDS / _POLL_SECONDS)):
            if not held(self._lock):
                break
            patience.wait(_POLL_SECONDS)
        else:
            os.kill(pid, signal.SIGKILL)
        self._mark.unlink(missing_ok=True)
        log.info("recorder.ended", pid=pid)

    def _ours(self) -> int | None:
        """The pid of the recorder that holds the lock, if an agent started it."""
        try:
            marked = int(self._mark.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None
        return marked if held(self._lock) and marked == holder(self._lock) else None


def _write(path: Path, pid: int) -> None:
    path.write_text(str(pid), encoding="ascii")
