"""`edge-agent sizing`: terabytes for cameras and days, and the reverse; a sheet for the budget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge_agent.app.layout import Layout
from edge_agent.cli_told import not_written, told
from edge_agent.config.loader import load
from edge_agent.config.values import parse_size
from edge_agent.core.trouble import Trouble
from edge_agent.recording.sizing import DAY_BYTES_PER_MBIT, Load, cameras_on, days_on, size
from edge_agent.recording.sizing_sheet import write_sheet
from edge_agent.runtime.clock import SystemClock
from edge_agent.store.recordings import Recordings


@told
def sizing(
    cameras: Annotated[int, typer.Option(min=1, max=10_000)] = 8,
    bitrate: Annotated[float, typer.Option(min=0.05, max=200, help="Mbit/s")] = 4.0,
    days: Annotated[float, typer.Option(min=1, max=3650)] = 35.0,
    capacity: Annotated[str, typer.Option("--disk", help="10TB: mấy ngày / how many days")] = "",
    xlsx: Annotated[Path | None, typer.Option(help="bảng dự toán / budget sheet")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="đo thực tế / measured")] = None,
) -> None:
    """Say how many terabytes cameras need, and what fits on a disk."""
    loads = _measured(config) if config is not None else ()
    loads = loads or tuple(Load(f"camera {at + 1}", bitrate) for at in range(cameras))
    needed = size(loads, days)
    mean = sum(load.mbit for load in loads) / len(loads)
    source = "đo thực tế / measured" if loads[0].measured else "dự kiến / planned"
    typer.echo(f"{len(loads)} camera × {mean:.2f} Mbit/s ({source}) × {days:g} ngày/days:")
    typer.echo(f"  video {needed.footage / 1e12:.2f} TB, ổ đĩa/disk ≥ {needed.disk / 1e12:.2f} TB,")
    typer.echo(f"  ghi/writes {needed.write_rate / 1e6:.1f} MB/s")
    if capacity:
        try:
            room = parse_size(capacity)
        except ValueError as error:
            raise Trouble(
                "sizing.disk",
                f"--disk phải như 500GB hoặc 10TB, nhận được {capacity!r}.",
                f"--disk must be like 500GB or 10TB, got {capacity!r}.",
            ) from error
        typer.echo(f"{room / 1e12:g} TB: {days_on(loads, room):.1f} ngày/days, hoặc/or ")
        typer.echo(f"  {cameras_on(mean, days, room)} camera × {days:g} ngày/days")
    if xlsx is not None:
        settings = load(config) if config is not None else None
        site = (settings.site.name or settings.site.id) if settings else "………"
        try:
            write_sheet(xlsx, needed, site, f"{SystemClock().now().wall:%d/%m/%Y}")
        except OSError as error:
            raise not_written(xlsx, error) from error


def _measured(config: Path) -> tuple[Load, ...]:
    settings = load(config)
    if not Layout.of(settings).recordings_index.is_file():
        return ()
    recordings = Recordings(Layout.of(settings).recordings_index)
    try:
        totals = recordings.totals()
    finally:
        recordings.close()
    # bytes over the seconds that are really there: gaps make no camera cheaper
    return tuple(
        Load(camera, total.bytes / total.seconds * 86_400 / DAY_BYTES_PER_MBIT, measured=True)
        for camera, total in sorted(totals.items())
        if total.seconds >= 60
    )
