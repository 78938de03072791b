"""`edge-agent play`: a film of any span of a camera, as a file or as an address for a player."""

from __future__ import annotations

import os
import pwd
from contextlib import ExitStack
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from edge_agent.app.footage import SiteFootage
from edge_agent.app.layout import Layout
from edge_agent.app.web import SitePages, site_token
from edge_agent.cli_told import ConfigPath, told
from edge_agent.config.loader import load
from edge_agent.config.schema import Config
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.recording.films import join_span, nothing
from edge_agent.recording.span import Span
from edge_agent.runtime import logs
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import start_thread, stop_on_signals
from edge_agent.store.audit import Audit
from edge_agent.store.recordings import Recordings

_PATIENCE = 2.0  # seconds for the agent's own server to answer
_START = 10.0  # seconds for ours to be there


@told
def play(
    camera: Annotated[str, typer.Option(help="mã camera / camera id")],
    at: Annotated[
        str, typer.Option(help="'2021-07-28 14:32' (giờ cơ sở / site time), ISO + zone, -5m")
    ],
    config: ConfigPath = Path("site.yaml"),
    seconds: Annotated[float, typer.Option(min=1, max=86400)] = 60.0,
    output: Annotated[Path | None, typer.Option(help="film.mp4")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="in địa chỉ / print a URL")] = False,
) -> None:
    """Play what was recorded of a camera from a moment on: a file, or a URL on this machine."""
    settings = load(config)
    layout = Layout.of(settings)
    if not layout.recordings_index.is_file():
        raise Trouble(
            "play.no_index",
            f"Không có {layout.recordings_index}: cơ sở này chưa ghi hình lần nào.",
            f"{layout.recordings_index} is not there: this site has never recorded.",
        )
    _refuse_root(layout, serve=serve)
    with ExitStack() as opened:
        recordings = Recordings(layout.recordings_index)
        opened.callback(recordings.close)
        audit = Audit(layout.events)
        opened.callback(audit.close)
        footage = SiteFootage.of(settings, layout, recordings, audit, SystemClock())
        start = footage.moment(at)
        span = footage.span(camera, start, start + timedelta(seconds=seconds))
        _tell_missing(span, ZoneInfo(settings.site.timezone))
        if not span.files:
            raise nothing(span)
        if serve:
            _serve(settings, layout, f"/media/{camera}/{iso(span.start)}/{iso(span.end)}.mp4")
            return
        footage.looked(_who(), "file", camera, span.start, span.end)
        _write(span, layout.recordings, output or Path(f"{camera}_{start:%Y%m%dT%H%M%SZ}.mp4"))


def _who() -> str:
    """The user of the box who looks, for the audit."""
    return pwd.getpwuid(os.getuid()).pw_name


def _tell_missing(span: Span, zone: ZoneInfo) -> None:
    """Say what the film will not show, and why."""
    for hole in span.missing:
        begin, end = (f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" for at in (hole.start, hole.end))
        why = hole.reason or "sổ chưa ghi lý do / no reason in the ledger"
        typer.echo(f"không có hình / no pictures: {begin} – {end}: {why}", err=True)


def _write(span: Span, root: Path, out: Path) -> None:
    if out.exists():
        raise Trouble(
            "play.exists",
            f"{out} đã có; chọn tên khác bằng --output.",
            f"{out} exists already; choose another name with --output.",
        )
    try:
        joined = join_span(span, root, out)
    except OSError as error:
        raise Trouble(
            "play.not_written",
            f"Không ghi được {out} ({error.strerror}). Kiểm tra thư mục và chỗ trống.",
            f"{out} cannot be written ({error.strerror}). Check the folder and the free space.",
        ) from error
    for path, why in joined.unreadable:
        typer.echo(f"không đọc được / unreadable: {path}: {why}", err=True)
    if not joined.parts:
        raise nothing(span)
    for part in joined.parts:
        typer.echo(f"{part.path}\t{iso(part.start)}\t{part.seconds:.1f} s\t{part.size} B")


def _serve(settings: Config, layout: Layout, path: str) -> None:
    """The address at the agent's own server, or at one that lives until Ctrl-C."""
    token = site_token(layout)
    address = f"{quote(path)}?token={token}"
    if settings.web.enabled and _answers(settings, token):
        typer.echo(f"http://{_host(settings)}:{settings.web.port}{address}")
        return
    stop = Event()
    with stop_on_signals(stop):
        pages = SitePages(settings, layout, SystemClock(), port=0, who=_who())
        logs.configure(level="error")
        thread = start_thread("web", pages.run_once, stop)
        if not pages.ready.wait(_START):
            stop.set()
            raise Trouble(
                "play.not_served",
                f"Không mở được máy chủ trên {settings.web.address}.",
                f"No server could be started on {settings.web.address}.",
            )
        typer.echo(f"{pages.url}{address}")
        typer.echo("Ctrl-C để dừng / to stop", err=True)
        stop.wait()
        thread.join(_START)


def _refuse_root(layout: Layout, *, serve: bool) -> None:
    """What root makes in the state folder the agent could not use: token, films, a new database."""
    made = layout.events.exists()
    owner = (layout.events if made else layout.state).stat().st_uid
    if os.geteuid() == 0 and owner != 0 and (serve or not made):
        name = pwd.getpwuid(owner).pw_name
        raise Trouble(
            "play.root",
            f"Hãy chạy bằng người dùng của agent: sudo -u {name} edge-agent play …",
            f"Run this as the agent's user: sudo -u {name} edge-agent play …",
        )


def _answers(settings: Config, token: str) -> bool:
    """Whether the agent's pages answer to this token at the configured address."""
    line = HTTPConnection(settings.web.address, settings.web.port, timeout=_PATIENCE)
    try:
        line.request("GET", "/api/cameras", headers={"Authorization": f"Bearer {token}"})
        return line.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        line.close()


def _host(settings: Config) -> str:
    address = settings.web.address
    return f"[{address}]" if ":" in address else address
