"""The commands that run a site's agent, look for cameras and check a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge_agent.app.agent import Agent
from edge_agent.app.layout import Layout
from edge_agent.app.search import look_once
from edge_agent.cli_calibrate import floors_of
from edge_agent.cli_process import started, stopping
from edge_agent.cli_told import CONFIGURATION_WRONG, ConfigPath, err, told
from edge_agent.config.loader import load
from edge_agent.config.secrets import read_credentials
from edge_agent.runtime import logs
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.lock import SingleInstance


@told
def run(
    config: ConfigPath = Path("site.yaml"),
    recorder: Annotated[bool, typer.Option(help="start the recorder as a child")] = True,
) -> None:
    """Run the agent: cameras, vision, events, link (and the recorder where no unit runs it)."""
    settings, credentials = started(config)
    layout = Layout.of(settings)
    layout.make()
    with SingleInstance(layout.agent_lock), stopping() as stop:
        Agent(settings, config.resolve(), credentials, SystemClock()).run(stop, recorder)


@told
def check_config(
    config: Annotated[Path, typer.Argument(help="site.yaml")] = Path("site.yaml"),
) -> None:
    """Say every mistake of a configuration at once, with its line."""
    settings = load(config)
    for warning in read_credentials(settings.credentials, logs.hide).warnings:
        err.print(str(warning), markup=False)
    wrong = floors_of(settings)
    for trouble in wrong:
        err.print(f"{config}: {trouble}", markup=False)
    if wrong:
        raise typer.Exit(CONFIGURATION_WRONG)
    typer.echo(f"{config}: đúng / is correct: {len(settings.cameras)} camera")


@told
def discover(config: ConfigPath = Path("site.yaml")) -> None:
    """Look for cameras once and say what was found, a line and a reason a camera."""
    settings, credentials = started(config)
    findings = look_once(settings, credentials, SystemClock())
    for camera in findings.cameras:
        typer.echo(f"{camera.id}\t{camera.host}\t{camera.make} {camera.model}\t{camera.name}")
    for trouble in findings.troubles:
        err.print(str(trouble), markup=False)
    if not findings.cameras:
        raise typer.Exit(1)
