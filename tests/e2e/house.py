"""A whole site on this machine: virtual cameras, broker, agent with recorder and vision."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Lock
from typing import Any

from edge_agent.link.publisher import Received
from edge_agent.link.watch import watch
from edge_agent.runtime.lock import held, holder
from edge_agent.runtime.supervisor import start_thread
from edge_agent.sim.clip import ClipForm
from edge_agent.sim.site import VirtualSite, prepare
from edge_agent.sim.virtual_camera import Ports
from edge_agent.store.recordings import Recordings
from tests.integration.broker import Broker, until

# Small pictures, so that a test spends its time on the processes and not on rendering.
FORM = ClipForm(seconds=20.0)
PORTS = Ports(http=0, rtsp=0, control=0)


class Ear:
    """A subscriber that keeps everything; what a center would have heard."""

    def __init__(self, url: str) -> None:
        self.messages: list[Received] = []
        self._lock, self._stop, self._ready = Lock(), Event(), Event()

        def attempt(stop: Event) -> None:
            watch(url, ("qcam/v1/#",), None, self._hear, stop, ready=self._ready.set)

        self._thread = start_thread("ear", attempt, self._stop)
        assert self._ready.wait(10)

    def _hear(self, message: Received) -> None:
        with self._lock:
            self.messages.append(message)

    def said(self, ending: str) -> list[dict[str, Any]]:
        """The JSON of every message whose topic ends so, in order."""
        with self._lock:
            heard = [one for one in self.messages if one.topic.endswith(ending)]
        return [json.loads(one.payload) for one in heard]

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A command of edge-agent, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "edge_agent", *command],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


class House:
    """The site's folder and its processes; agents are started and killed by tests."""

    def __init__(self, folder: Path, site: VirtualSite) -> None:
        self.folder, self.site = folder, site
        self.log = folder / "agent.log"
        self.recordings = Recordings(folder / "state" / "recordings.db")
        self._agents: list[subprocess.Popen[bytes]] = []

    def agent(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "edge_agent", "run", "--config", str(self.config)]
        with self.log.open("ab") as out:
            child = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        self._agents.append(child)
        return child

    @property
    def config(self) -> Path:
        return self.folder / "site.yaml"

    @property
    def recorder(self) -> int | None:
        lock = self.folder / "state" / "run" / "recorder.lock"
        return holder(lock) if held(lock) else None

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What the processes logged under this name, in order."""
        if not self.log.exists():
            return []
        lines = self.log.read_text(encoding="utf-8").splitlines()
        said = [json.loads(line) for line in lines if line.startswith("{")]
        return [one for one in said if one.get("event") == event]

    def close(self) -> None:
        for child in self._agents:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                try:
                    child.wait(60)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        recorder = self.recorder
        if recorder is not None:
            os.kill(recorder, signal.SIGKILL)


@contextmanager
def house(
    folder: Path,
    clips: Path,
    broker: str,
    cameras: int = 1,
    address: str = "127.0.60.11",
    change: Sequence[tuple[str, str]] = (),
) -> Iterator[House]:
    """A prepared and served site; `change` replaces text in its site.yaml."""
    with ExitStack() as stack:
        site = prepare(
            folder,
            cameras,
            1,
            mqtt_url=broker,
            form=FORM,
            cache=clips,
            first_address=address,
            ports=PORTS,
        )
        (folder / "recordings").mkdir()
        (folder / "state").mkdir()
        text = (folder / "site.yaml").read_text(encoding="utf-8")
        for old, new in change:
            assert old in text
            text = text.replace(old, new)
        (folder / "site.yaml").write_text(text, encoding="utf-8")
        stack.enter_context(site)
        built = House(folder, site)
        stack.callback(built.close)
        yield built


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    folder.mkdir(exist_ok=True)
    started = Broker(folder).start()
    try:
        yield started
    finally:
        started.kill()


__all__ = ["Broker", "Ear", "House", "broker", "house", "run", "until"]
