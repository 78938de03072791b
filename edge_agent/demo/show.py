"""The demo: virtual site, broker, agent, live view, and a verdict on every stage."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread

from rich.console import Console
from rich.live import Live
from rich.table import Table

from edge_agent.config.secrets import read_credentials
from edge_agent.core.secret import Credential
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.demo.board import Board
from edge_agent.demo.broker import mosquitto
from edge_agent.demo.outcome import gather
from edge_agent.demo.verdict import Stage, stages
from edge_agent.demo.view import picture, steps
from edge_agent.link.publisher import Received
from edge_agent.link.watch import watch
from edge_agent.runtime.child import Child
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import hide
from edge_agent.runtime.supervisor import start_thread
from edge_agent.sim.site import VirtualSite, prepare
from edge_agent.sim.site_files import SITE_ID

_STOP_SECONDS = 45.0
_REDRAW_SECONDS = 0.5
_MARK = ".edge-agent-demo"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the person asked for; `videos` replace the rendered scenes, `broker` our mosquitto;
    cameras listen from loopback `address` on.
    """

    folder: Path
    cameras: int
    seed: int
    seconds: float
    videos: Sequence[Path]
    broker: str | None
    address: str


class Watcher:
    """An outsider at the broker: learns the board from messages, in the subscriber's thread."""

    def __init__(self, url: str, credential: Credential | None, clock: Clock) -> None:
        self.board = Board()
        self._url, self._credential = url, credential
        self._clock, self._lock = clock, Lock()

    def run_once(self, stop: Event) -> None:
        """Listen until stopped."""
        watch(self._url, (f"qcam/v1/site/{SITE_ID}/#",), self._credential, self._take, stop)

    def draw(self, since: Instant, seconds: float) -> object:
        """The view of this moment, drawn while no message changes the board."""
        with self._lock:
            return picture(self.board, since, self._clock.now(), seconds)

    def _take(self, message: Received) -> None:
        with self._lock:
            self.board.take(message.topic, message.payload, self._clock.now())


def show(options: DemoOptions, console: Console, clock: Clock, stop: Event) -> bool:
    """Run everything for the asked time; True when every stage really happened."""
    folder = _fresh(options.folder.resolve())
    (folder / "agent.log").unlink(missing_ok=True)
    with ExitStack() as stack:
        broker = options.broker or stack.enter_context(mosquitto(folder))
        site = _prepare(options, folder, broker, console, stop)
        stack.enter_context(site)
        mqtt = read_credentials(folder / "credentials.yaml", hide).mqtt
        watcher = Watcher(broker, mqtt, clock)
        stop_watching = Event()
        stack.callback(stop_watching.set)
        start_thread("watcher", watcher.run_once, stop_watching)
        up = clock.now()
        with _agent(folder) as agent:
            _look(options, watcher, agent, console, clock, stop, up)
        stop_watching.wait(1.0)
        outcome = gather(folder, site, watcher.board, up)
    return _tell(stages(outcome), console, folder)


def _fresh(folder: Path) -> Path:
    """The demo's folder without what an earlier run left; a stranger's folder is not touched."""
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise Trouble(
            "demo.folder_in_use",
            f"Thư mục {folder} không trống và không phải của demo. Chọn thư mục khác: --folder.",
            f"Folder {folder} is not empty and not a demo's. Choose another one with --folder.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    for name in ("state", "recordings"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "recordings").mkdir()
    return folder


def _prepare(
    options: DemoOptions, folder: Path, broker: str, console: Console, stop: Event
) -> VirtualSite:
    with steps() as bar:
        task = bar.add_task("camera ảo / virtual cameras: render, encode", total=None)
        site = prepare(
            folder,
            options.cameras,
            options.seed,
            options.videos,
            lambda done, total: bar.update(task, completed=done, total=total),
            broker,
            first_address=options.address,
            stop=stop,
        )
    console.print(f"site.yaml → {folder / 'site.yaml'}")
    return site


@contextmanager
def _agent(folder: Path) -> Iterator[Thread]:
    """The agent, started with nothing but the generated site.yaml and kept alive as systemd would;
    its log goes to agent.log.
    """
    command = [sys.executable, "-m", "edge_agent", "run", "--config", str(folder / "site.yaml")]
    child = Child("agent", command, grace=_STOP_SECONDS, output=folder / "agent.log")
    stop = Event()
    thread = start_thread("agent", child.run_once, stop)
    try:
        yield thread
    finally:
        stop.set()
        thread.join(_STOP_SECONDS + 5)


def _look(
    options: DemoOptions,
    watcher: Watcher,
    agent: Thread,
    console: Console,
    clock: Clock,
    stop: Event,
    up: Instant,
) -> None:
    """Show the live view for the asked time, until `stop`, or until the agent ends."""
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        while clock.now().since(up) < options.seconds and not stop.wait(_REDRAW_SECONDS):
            live.update(watcher.draw(up, options.seconds))  # type: ignore[arg-type]
            if not agent.is_alive():
                console.print("agent đã dừng; xem agent.log / the agent ended; see agent.log")
                break


def _tell(said: Sequence[Stage], console: Console, folder: Path) -> bool:
    table = Table(title="edge_agent demo")
    for column in ("", "bước / stage", "số liệu / figures"):
        table.add_column(column, overflow="fold")
    for stage in said:
        table.add_row("✓" if stage.happened else "✗", stage.name, stage.detail)
    console.print(table)
    missing = [stage.name for stage in said if not stage.happened]
    if missing:
        console.print(
            f"KHÔNG ĐẠT / DID NOT HAPPEN: {'; '.join(missing)}. "
            f"Nhật ký / log: {folder / 'agent.log'}"
        )
    else:
        console.print("Mọi bước đều thật sự diễn ra. / Every stage really happened.")
    return not missing
