"""The commands of `edge-agent`: print, exit codes, nothing else.

Exit status: 0 well, 1 a trouble told in words, 2 wrong usage, 78 wrong configuration or model
(systemd does not restart on it).

A command's module is imported when the command is asked for. All of them take 100 MB, of which the
recorder, which runs all year, needs none.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

import edge_agent

_WHERE = {
    "run": "cli_site",
    "record": "cli_record",
    "check-config": "cli_site",
    "discover": "cli_site",
    "sim": "cli_demo",
    "demo": "cli_demo",
    "version": "cli",
    "ledger": "cli_recording",
    "hold": "cli_recording",
    "disk": "cli_recording",
    "export": "cli_evidence",
    "verify": "cli_evidence",
    "sizing": "cli_sizing",
    "analyze": "cli_analyze",
    "replay": "cli_replay",
    "status": "cli_status",
    "calibrate": "cli_calibrate",
    "play": "cli_playback",
    "enroll": "cli_enrol",
    "center": "cli_district",
    "model": "cli_model",
}  # command: its module, in which a function or a Typer of its own has the command's name


class _OnDemand(TyperGroup):
    """All commands by name; each is made when somebody asks for it."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "commands": dict.fromkeys(_WHERE)})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  (as in TyperGroup)
        """The command of this name; None where there is none."""
        if cmd_name not in _WHERE:
            return None
        module = import_module(f"edge_agent.{_WHERE[cmd_name]}")
        return _made(cmd_name, getattr(module, cmd_name.replace("-", "_")))


def _made(name: str, of: typer.Typer | Callable[..., None]) -> Any:
    """The command, or the group of commands, that is written as this."""
    if not isinstance(of, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(of)
        of = alone
    command = get_command(of)
    command.name = name
    return command


app = typer.Typer(
    cls=_OnDemand,
    callback=lambda: None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=edge_agent.__doc__,
)


def version() -> None:
    """Print the version."""
    typer.echo(edge_agent.__version__)


def main() -> None:
    """Entry point of the console command."""
    app()
