"""`edge-agent replay`: the rules alone over kept detections or a table, and with other limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from edge_agent.app.replay import replay as lines_of
from edge_agent.cli_told import err, told, written
from edge_agent.config.loader import load
from edge_agent.core.event import Phase
from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble

Line = dict[str, Any]


@told
def replay(
    tracks: Annotated[Path, typer.Argument(help="state/detections…, hoặc / or CSV")],
    config: Annotated[Path, typer.Option("--config", help="site.yaml")],
    camera: Annotated[str, typer.Option(help="mã camera / camera id")],
    trust_ids: Annotated[bool, typer.Option("--trust-ids", help="id là người / persons")] = False,
    pairs: Annotated[bool, typer.Option("--pairs", help="khoảng cách / distances")] = False,
    size: Annotated[str, typer.Option(help="WxH: ảnh của CSV / its picture")] = "",
    compare: Annotated[Path | None, typer.Option(help="site.yaml khác / another")] = None,
    output: Annotated[Path | None, typer.Option(help="lines.jsonl")] = None,
) -> None:
    """Run the rules over what was detected before, and write their events as JSON Lines."""
    picture = _size(size)
    configs = {path: load(path) for path in (config, *([compare] if compare else []))}
    fired: dict[str, list[Line]] = {}
    with _shown() as show, written(output) as write:
        for path, site in configs.items():
            found = fired.setdefault(str(path), [])
            for line in lines_of(
                tracks, site, camera, picture, trust_ids=trust_ids, pairs=pairs, progress=show
            ):
                found += [line] if line["type"] == "event" else []
                told_of = {**line, "config": path.name} if compare else line
                write(json.dumps(told_of, ensure_ascii=False, separators=(",", ":")) + "\n")
    if compare:
        err.print(_compared(fired))


def _compared(fired: dict[str, list[Line]]) -> Table:
    """What fired under each configuration, by rule: episodes and their seconds."""
    table = Table()
    table.add_column("quy tắc / rule")
    for name in fired:
        table.add_column(f"{name}\nlần / episodes", justify="right")
        table.add_column("giây / seconds", justify="right")
    closed = {
        name: [line for line in lines if line["event"] == Phase.CLOSED.value]
        for name, lines in fired.items()
    }
    for rule in sorted({line["rule"] for lines in closed.values() for line in lines}):
        cells = []
        for lines in closed.values():
            lasted = [line["t1_s"] - line["t0_s"] for line in lines if line["rule"] == rule]
            cells += [str(len(lasted)), f"{sum(lasted):.1f}"]
        table.add_row(rule, *cells)
    return table


def _size(text: str) -> Size | None:
    if not text:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise Trouble(
            "replay.size",
            f"--size {text}: cần dạng như 640x360.",
            f"--size {text}: something like 640x360 is needed.",
        )
    return Size(int(width), int(height))


@contextmanager
def _shown() -> Iterator[Callable[[int], None]]:
    """How many frames are behind us, on stderr, where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"))
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task("replay", total=None)

        def show(done: int) -> None:
            if done % 50 == 0:
                bars.update(task, completed=done)

        yield show
