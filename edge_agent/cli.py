"""The commands of `edge-agent`: print, exit codes, nothing else.

Exit status: 0 well, 1 a trouble told in words, 2 wrong usage, 78 wrong configuration or model
(systemd does not restart on it).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from rich.console import Console

import edge_agent
from edge_agent import (
    cli_analyze,
    cli_authority,
    cli_calibrate,
    cli_center,
    cli_command,
    cli_enrol,
    cli_evidence,
    cli_model,
    cli_playback,
    cli_recording,
    cli_replay,
    cli_sizing,
    cli_status,
)
from edge_agent.app.agent import Agent
from edge_agent.app.layout import Layout
from edge_agent.app.search import look_once
from edge_agent.cli_told import CONFIGURATION_WRONG, ConfigPath, err, told
from edge_agent.config.environment import notify_socket, watchdog_interval
from edge_agent.config.loader import load
from edge_agent.config.schema import Config
from edge_agent.config.secrets import Credentials, read_credentials
from edge_agent.demo.show import DemoOptions, show
from edge_agent.recording.service import run_recorder
from edge_agent.runtime import logs, notify
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.lock import SingleInstance
from edge_agent.runtime.memory import settle
from edge_agent.runtime.supervisor import stop_on_signals
from edge_agent.sim.site import FIRST_ADDRESS, run_sim

_RECORDER_PULSE = 20.0  # seconds; it beats about every second while it is well

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=edge_agent.__doc__,
)

FirstAddress = Annotated[
    str, typer.Option("--address", help="loopback address of the first camera")
]


def _read(path: Path) -> tuple[Config, Credentials]:
    notify.connect(notify_socket())
    settle()
    config = load(path)
    logs.configure(config.log.format, config.log.level)
    logs.guard()
    credentials = read_credentials(config.credentials, logs.hide)
    for warning in credentials.warnings:
        logs.log.warning("credentials.warning", code=warning.code, vi=warning.vi, en=warning.en)
    return config, credentials


cli_recording.register(app)
cli_evidence.register(app)
app.command()(cli_sizing.sizing)
app.command()(cli_analyze.analyze)
app.command()(cli_replay.replay)
app.command()(cli_status.status)
app.command()(cli_calibrate.calibrate)
app.command()(cli_playback.play)
app.command()(cli_enrol.enroll)
cli_center.center.add_typer(cli_authority.ca, name="ca")
cli_center.center.add_typer(cli_enrol.enrolment, name="enrolment")
cli_center.center.add_typer(cli_command.command, name="command")
app.add_typer(cli_center.center, name="center")
app.add_typer(cli_model.model, name="model")


@contextmanager
def _stopping() -> Iterator[Event]:
    stop = Event()
    with stop_on_signals(stop):
        yield stop


@app.command()
@told
def run(
    config: ConfigPath = Path("site.yaml"),
    recorder: Annotated[bool, typer.Option(help="start the recorder as a child")] = True,
) -> None:
    """Run the agent: cameras, vision, events, link (and the recorder where no unit runs it)."""
    settings, credentials = _read(config)
    layout = Layout.of(settings)
    layout.make()
    with SingleInstance(layout.agent_lock), _stopping() as stop:
        Agent(settings, config.resolve(), credentials, SystemClock()).run(stop, recorder)


@app.command()
@told
def record(config: ConfigPath = Path("site.yaml")) -> None:
    """Run the recorder: packets to disk, nothing else."""
    settings, credentials = _read(config)
    layout = Layout.of(settings)
    layout.make()
    with SingleInstance(layout.recorder_lock), _stopping() as stop:
        notify.ready()
        clock = SystemClock()
        pulse = notify.Pulse(clock)
        pulse.promise("recorder", _RECORDER_PULSE)
        with notify.watchdog(stop, watchdog_interval(), pulse.late):
            run_recorder(settings, credentials.camera, stop, clock, lambda: pulse.beat("recorder"))


@app.command("check-config")
@told
def check_config(
    config: Annotated[Path, typer.Argument(help="site.yaml")] = Path("site.yaml"),
) -> None:
    """Say every mistake of a configuration at once, with its line."""
    settings = load(config)
    for warning in read_credentials(settings.credentials, logs.hide).warnings:
        err.print(str(warning), markup=False)
    wrong = cli_calibrate.floors_of(settings)
    for trouble in wrong:
        err.print(f"{config}: {trouble}", markup=False)
    if wrong:
        raise typer.Exit(CONFIGURATION_WRONG)
    typer.echo(f"{config}: đúng / is correct: {len(settings.cameras)} camera")


@app.command()
@told
def discover(config: ConfigPath = Path("site.yaml")) -> None:
    """Look for cameras once and say what was found, a line and a reason a camera."""
    settings, credentials = _read(config)
    findings = look_once(settings, credentials, SystemClock())
    for camera in findings.cameras:
        typer.echo(f"{camera.id}\t{camera.host}\t{camera.make} {camera.model}\t{camera.name}")
    for trouble in findings.troubles:
        err.print(str(trouble), markup=False)
    if not findings.cameras:
        raise typer.Exit(1)


@app.command()
@told
def sim(
    folder: Annotated[Path, typer.Option(help="where site.yaml and clips go")] = Path("demo-site"),
    cameras: Annotated[int, typer.Option(min=1, max=32)] = 2,
    seed: Annotated[int, typer.Option(help="the same seed gives the same scenes")] = 1,
    video: Annotated[list[Path] | None, typer.Option(help="your own clips instead")] = None,
    broker: Annotated[
        str, typer.Option(help="for the generated site.yaml")
    ] = "mqtt://127.0.0.1:1883",
    address: FirstAddress = FIRST_ADDRESS,
) -> None:
    """Serve virtual cameras (ONVIF, RTSP) until stopped, to practise on."""
    logs.configure()
    with _stopping() as stop:
        run_sim(folder, cameras, seed, tuple(video or ()), stop, broker, address)


@app.command()
@told
def demo(
    seconds: Annotated[float, typer.Option(min=10, help="how long to watch")] = 60.0,
    cameras: Annotated[int, typer.Option(min=1, max=32)] = 2,
    video: Annotated[list[Path] | None, typer.Option(help="your own clips instead")] = None,
    broker: Annotated[str | None, typer.Option(help="another MQTT v5 broker")] = None,
    folder: Annotated[Path, typer.Option(help="where everything of the demo goes")] = Path(
        "demo-site"
    ),
    seed: Annotated[int, typer.Option(help="the same seed gives the same scenes")] = 1,
    address: FirstAddress = FIRST_ADDRESS,
) -> None:
    """Run the whole main job on virtual cameras and say which stages really happened."""
    logs.configure("console", "warning")
    options = DemoOptions(folder, cameras, seed, seconds, tuple(video or ()), broker, address)
    with _stopping() as stop:
        happened = show(options, Console(), SystemClock(), stop)
    if not happened:
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(edge_agent.__version__)


def main() -> None:
    """Entry point of the console command."""
    app()
