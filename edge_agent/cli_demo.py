"""The commands that need no hardware: virtual cameras, and the whole main job on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge_agent.cli_process import stopping
from edge_agent.cli_told import told
from edge_agent.demo.show import DemoOptions, show
from edge_agent.runtime import logs
from edge_agent.runtime.clock import SystemClock
from edge_agent.sim.site import FIRST_ADDRESS, run_sim

FirstAddress = Annotated[
    str, typer.Option("--address", help="loopback address of the first camera")
]


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
    with stopping() as stop:
        run_sim(folder, cameras, seed, tuple(video or ()), stop, broker, address)


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
    with stopping() as stop:
        happened = show(options, Console(), SystemClock(), stop)
    if not happened:
        raise typer.Exit(1)
