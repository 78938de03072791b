"""The commands about what was recorded: ledger, hold, disk, sizing; registered by `cli`."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add these commands to the program's."""
    del app
