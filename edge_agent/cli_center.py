"""`edge-agent center …`: the district's side; the group that further center commands join.

The center's libraries are an extra: they are loaded where a command needs them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from edge_agent.cli_told import CenterPath, center_extra, err, told
from edge_agent.config.center import CenterConfig, load_center
from edge_agent.config.environment import notify_socket
from edge_agent.config.secrets import CENTER, Credentials, read_credentials
from edge_agent.core.moment import parse_moment
from edge_agent.core.time import iso
from edge_agent.runtime import logs, notify
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import stop_on_signals
from edge_agent.store.moments import wall

center = typer.Typer(no_args_is_help=True, help="Trung tâm huyện / the district's center.")

_SiteName = Annotated[str, typer.Option("--site", help="chỉ cơ sở này / this site only")]
_Json = Annotated[bool, typer.Option("--json", help="một dòng một sự kiện / a line each")]
_Limit = Annotated[int, typer.Option(min=1, max=100_000)]
_STALE_SECONDS = 15.0


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


@center.command()
@told
def run(
    config: CenterPath = Path("center.yaml"),
    workers: Annotated[int, typer.Option(min=0, max=64, help="0: ingest.workers")] = 0,
) -> None:
    """Run the center: ingest processes, acknowledgements, the watch over the sites."""
    notify.connect(notify_socket())
    settings, credentials = read_center(config)
    with center_extra():
        from edge_agent.center.service import run_center  # noqa: PLC0415 - the extra [center]
    stop = Event()
    with stop_on_signals(stop):
        count = workers or settings.ingest.workers
        run_center(settings, config.resolve(), credentials, count, SystemClock(), stop)


@center.command(hidden=True)
@told
def ingest(
    config: CenterPath = Path("center.yaml"),
    number: Annotated[int, typer.Option(min=1, max=9999)] = 1,
) -> None:
    """One ingest process alone, as `run` starts them; on a further machine, with PostgreSQL."""
    settings, credentials = read_center(config)
    with center_extra():
        from edge_agent.center.service import run_worker  # noqa: PLC0415 - the extra [center]
    stop = Event()
    with stop_on_signals(stop):
        run_worker(settings, credentials, number, SystemClock(), stop)


@center.command()
@told
def sites(config: CenterPath = Path("center.yaml")) -> None:
    """Say how every site is: state, since when, backlog, last event, clock."""
    settings, credentials = _quietly(config)
    zone, now = ZoneInfo(settings.center.timezone), SystemClock().now().wall
    with _looking(settings, credentials) as connection:
        from edge_agent.center.store import views  # noqa: PLC0415 - the extra [center]

        rows, pulses = views.site_views(connection), views.pulses(connection)
        told = views.notices_told(connection, 20)
    for pulse in pulses:
        if pulse.beat is None or (now - pulse.beat).total_seconds() > _STALE_SECONDS:
            since = _at(pulse.beat, zone)
            err.print(f"{pulse.center}: KHÔNG CHẠY từ / NOT RUNNING since {since}", markup=False)
        if pulse.clock_off is not None:
            err.print(f"{pulse.center}: đồng hồ lệch / clock off {pulse.clock_off:+.1f} s")
    table = Table(
        "cơ sở/site", "trạng thái/state", "từ/since", "còn chờ/backlog", "sự kiện cuối/last event",
        "đồng hồ/clock s", "báo/told",
    )  # fmt: skip
    for one in rows:
        row = one.row
        state = "revoked" if row.revoked else row.standing + (" !" if row.paged else "")
        skew = "–" if row.skew is None else f"{-row.skew / 1000:+.1f}"
        backlog = "–" if one.backlog is None else str(one.backlog)
        since = _at(wall(row.since) if row.since else None, zone)
        table.add_row(
            row.site, state, since, backlog, _at(one.last_event, zone), skew, str(one.notices or "")
        )
    Console().print(table)
    for notice in told:
        typer.echo(f"{_at(wall(notice.last_at), zone)} ×{notice.times} {notice.vi} / {notice.en}")


@center.command()
@told
def events(
    config: CenterPath = Path("center.yaml"),
    site: _SiteName = "",
    since: Annotated[str, typer.Option(help="2021-07-28 14:32, -1h")] = "",
    as_json: _Json = False,
    limit: _Limit = 50,
) -> None:
    """Show the events that sites have sent, in the order in which they were stored."""
    settings, credentials = _quietly(config)
    zone = ZoneInfo(settings.center.timezone)
    after = parse_moment(since, SystemClock().now().wall, zone) if since else None
    with _looking(settings, credentials) as connection:
        from edge_agent.center.store import views  # noqa: PLC0415 - the extra [center]

        rows = views.latest_events(connection, site, after, limit)
    for row in rows:
        if as_json:
            typer.echo(json.dumps(_event(row), ensure_ascii=False))
            continue
        late = " TRỄ/LATE" if row.late else ""
        when = _at(wall(row.time), zone)
        typer.echo(f"{when} {row.site} {row.subject} {row.severity} {row.type} {row.id}{late}")


@center.command()
@told
def quarantine(
    config: CenterPath = Path("center.yaml"), site: _SiteName = "", limit: _Limit = 50
) -> None:
    """Show what was not taken, and why."""
    settings, credentials = _quietly(config)
    zone = ZoneInfo(settings.center.timezone)
    with _looking(settings, credentials) as connection:
        from edge_agent.center.store import views  # noqa: PLC0415 - the extra [center]

        rows = views.quarantined(connection, site, limit)
    for row in rows:
        when = _at(wall(row.last_at), zone)
        typer.echo(f"{when} {row.site or '?'} ×{row.times} {row.size} B {row.topic} [{row.reason}]")
        typer.echo(f"  {row.vi}\n  {row.en}")


def _quietly(path: Path) -> tuple[CenterConfig, Credentials]:
    """As `read_center`, for a command whose stdout is for people."""
    settings = load_center(path)
    return settings, replace(read_credentials(settings.credentials, logs.hide, CENTER), warnings=())


@contextmanager
def _looking(settings: CenterConfig, credentials: Credentials) -> Iterator[Any]:
    with center_extra():
        from edge_agent.center.service import open_center  # noqa: PLC0415 - the extra [center]
        from edge_agent.center.store.engine import reading  # noqa: PLC0415
    engine = open_center(settings, credentials)
    with reading(engine) as connection:
        yield connection
    engine.dispose()


def _at(moment: datetime | None, zone: ZoneInfo) -> str:
    return "–" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _event(row: Any) -> dict[str, Any]:
    said = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    times = {name: iso(wall(said[name])) for name in ("time", "received")}
    return said | times | {"data": json.loads(said["data"]), "late": bool(said["late"])}
