"""What every command shares: troubles told in words, exit codes, the `--config` option."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from edge_agent.core.trouble import Trouble

CONFIGURATION_WRONG = 78
err = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigPath = Annotated[
    Path, typer.Option("--config", help="site.yaml", envvar=None, show_default=True)
]
CenterPath = Annotated[
    Path, typer.Option("--config", help="center.yaml", envvar=None, show_default=True)
]
Command = TypeVar("Command", bound=Callable[..., None])


def told(command: Command) -> Command:
    """A command whose troubles are told in words on stderr instead of a traceback."""

    @wraps(command)
    def run(*args: object, **kwargs: object) -> None:
        try:
            command(*args, **kwargs)
        except Trouble as trouble:
            err.print(str(trouble), markup=False)
            wrong = trouble.code.startswith(("config.", "credentials.", "model."))
            raise typer.Exit(CONFIGURATION_WRONG if wrong else 1) from trouble

    return run  # type: ignore[return-value]


@contextmanager
def center_extra() -> Iterator[None]:
    """The libraries of the center, or in words what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Trouble(
            "center.not_installed",
            f"Thiếu thư viện của trung tâm ({error.name}). Cài: pip install 'edge-agent[center]'.",
            f"The center's libraries are missing ({error.name}). Install 'edge-agent[center]'.",
        ) from error


def not_written(path: Path, error: OSError) -> Trouble:
    """What to tell when a file that was asked for cannot be written."""
    return Trouble(
        "file.not_written",
        f"Không ghi được {path} ({error.strerror}). Kiểm tra thư mục và chỗ trống.",
        f"{path} cannot be written ({error.strerror}). Check the folder and the free space.",
    )


@contextmanager
def written(output: Path | None) -> Iterator[Callable[[str], object]]:
    """Where the lines go: a file that appears whole or not at all, or stdout."""
    if output is None:
        yield sys.stdout.write
        return
    scratch = output.with_name(f".{output.name}.part")
    try:
        with scratch.open("w", encoding="utf-8") as file:
            yield file.write
        scratch.replace(output)
    except OSError as error:
        raise not_written(output, error) from error
    finally:
        scratch.unlink(missing_ok=True)
