"""The center's commands together."""

from __future__ import annotations

from edge_agent.cli_authority import ca
from edge_agent.cli_center import center
from edge_agent.cli_command import command
from edge_agent.cli_enrol import enrolment

center.add_typer(ca, name="ca")
center.add_typer(enrolment, name="enrolment")
center.add_typer(command, name="command")
