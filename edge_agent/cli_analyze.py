"""`edge-agent analyze`: the live pipeline over videos, pictures and folders, as JSON Lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from edge_agent.cli_told import err, not_written, told, written
from edge_agent.config.loader import load
from edge_agent.config.schema import Config
from edge_agent.core.trouble import Trouble
from edge_agent.runtime import logs
from edge_agent.runtime.supervisor import stop_on_signals

if TYPE_CHECKING:
    from edge_agent.vision.footage import Source

_INTERRUPTED = 130


@told
def analyze(
    sources: Annotated[list[Path], typer.Argument(help="phim, ảnh, thư mục / videos, pictures")],
    config: Annotated[Path | None, typer.Option("--config", help="site.yaml")] = None,
    camera: Annotated[str, typer.Option(help="mã camera: mặt sàn / its floor")] = "",
    fps: Annotated[float | None, typer.Option(min=0.1, max=60, help="vision.fps")] = None,
    output: Annotated[Path | None, typer.Option(help="lines.jsonl")] = None,
    annotate: Annotated[Path | None, typer.Option(help="thư mục ảnh / folder")] = None,
) -> None:
    """Look at footage as the site would, and write what is seen as JSON Lines."""
    from edge_agent.app.analysis import analyse  # noqa: PLC0415 - a hundred megabytes of libraries

    if camera and config is None:
        raise _no_config(camera)
    settings = load(config) if config else Config.model_validate({"site": {"id": "analyze"}})
    logs.configure(level="critical")  # stdout is for the lines
    stop = Event()
    with stop_on_signals(stop), _shown() as show, written(output) as lines:
        try:
            whole = analyse(
                sources, settings, camera, fps or settings.vision.fps, annotate, lines, show, stop
            )
        except OSError as error:
            raise not_written(annotate or output or Path("stdout"), error) from error
        if not whole:
            raise typer.Exit(_INTERRUPTED)


@contextmanager
def _shown() -> Iterator[Callable[[Source, int], None]]:
    """A bar for each source on stderr, where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"))
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as bars:
        tasks: dict[Path, TaskID] = {}

        def show(source: Source, done: int) -> None:
            if source.path not in tasks:
                for task in tasks.values():
                    bars.update(task, visible=False)
                total = source.frames or None
                tasks[source.path] = bars.add_task(source.path.name, total=total)
            bars.update(tasks[source.path], completed=done)

        yield show


def _no_config(camera: str) -> Trouble:
    return Trouble(
        "analyze.no_config",
        f"--camera {camera} cần --config: mặt sàn của camera nằm trong cấu hình.",
        f"--camera {camera} needs --config: the camera's floor is in the configuration.",
    )
