"""`edge-agent center …`: the district's side; the group that further center commands join."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge_agent.cli_told import err, told
from edge_agent.config.center import CenterConfig, load_center
from edge_agent.config.secrets import CENTER, Credentials, read_credentials
from edge_agent.runtime import logs

center = typer.Typer(no_args_is_help=True, help="Trung tâm huyện / the district's center.")


def read_center(path: Path) -> tuple[CenterConfig, Credentials]:
    """Configuration and credentials of the center; logs are set up, warnings are told."""
    config = load_center(path)
    logs.configure(config.log.format, config.log.level)
    logs.guard()
    credentials = read_credentials(config.credentials, logs.hide, CENTER)
    for warning in credentials.warnings:
        logs.log.warning("credentials.warning", code=warning.code, vi=warning.vi, en=warning.en)
    return config, credentials


@center.command("check-config")
@told
def check_config(
    config: Annotated[Path, typer.Argument(help="center.yaml")] = Path("center.yaml"),
) -> None:
    """Say every mistake of a center's configuration at once, with its line."""
    settings = load_center(config)
    for warning in read_credentials(settings.credentials, logs.hide, CENTER).warnings:
        err.print(str(warning), markup=False)
    typer.echo(f"{config}: đúng / is correct: {settings.center.id}")
