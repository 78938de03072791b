"""`edge-agent enroll` on the box, `edge-agent center enrolment …` at the center; registered by
`cli`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from edge_agent.app.layout import Layout
from edge_agent.center.authority.keeper import Authority
from edge_agent.center.enrolment.desk import Desk
from edge_agent.cli_told import CenterPath, ConfigPath, center_extra, err, told
from edge_agent.config.center import CenterConfig, load_center
from edge_agent.config.loader import load
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.link.enrol import troubles
from edge_agent.link.enrol.enrol import Enrolled, enrol
from edge_agent.link.enrol.folder import Identity
from edge_agent.link.enrol.keys import fingerprint, short
from edge_agent.link.enrol.slip import Slip, checked_slip, read_slip
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.logs import hide
from edge_agent.runtime.supervisor import stop_on_signals

Who = Annotated[str, typer.Option("--who", help="cán bộ quyết định / the officer who decides")]

enrolment = typer.Typer(
    no_args_is_help=True, help="Đăng ký cơ sở / enrolment: new, list, approve, refuse."
)


@told
def enroll(
    text: Annotated[str, typer.Argument(help="dòng chữ trên phiếu; trống: hỏi / the slip")] = "",
    host: Annotated[str, typer.Option(help="máy:cổng / host:port, thay cho phiếu")] = "",
    code: Annotated[str, typer.Option(help="mã một lần / one-time code")] = "",
    ca: Annotated[str, typer.Option(help="CA SHA-256, 64 hex")] = "",
    config: ConfigPath = Path("site.yaml"),
) -> None:
    """Make this box a site of a center: its key is made here and never leaves."""
    settings = load(config)
    site = settings.site.id
    slip = checked_slip(host, site, code, ca) if host else read_slip(text or _asked())
    hide([slip.code, slip.shown_code()])
    if slip.site != site:
        raise troubles.other_site(slip.site, site)
    layout = Layout.of(settings)
    layout.make()
    if os.geteuid() == 0 and layout.state.stat().st_uid != 0:
        raise troubles.as_root(layout.state)
    identity = Identity(layout.identity)
    key = short(fingerprint(identity.coming_key().public_key()))
    typer.echo(f"Dấu vân tay khóa / key fingerprint:  {key}")
    stop = Event()
    with stop_on_signals(stop):
        done = enrol(slip, identity, stop, _tell)
    if done is None:
        raise typer.Exit(1)
    typer.echo(_proposal(identity, slip, done))


@enrolment.command("new")
@told
def new(
    site: Annotated[str, typer.Argument(help="mã cơ sở / site id")],
    who: Who,
    host: Annotated[str, typer.Option(help="máy[:cổng] mà cơ sở gọi / as the site calls it")] = "",
    config: CenterPath = Path("center.yaml"),
) -> None:
    """Print a slip for a technician: host, site, one-time code, CA fingerprint, as text and QR."""
    with center_extra():
        from edge_agent.center.enrolment.paper import printed  # noqa: PLC0415 - the extra [center]
    settings = load_center(config)
    center = host or settings.https.host
    center = center if _has_port(center) else f"{center}:{settings.https.port}"
    with _desk(settings) as desk:
        slip, ticket = desk.open(site, center, who)
    typer.echo(printed(slip, ticket.id, _local(settings, ticket.expires)))


@enrolment.command("list")
@told
def show(config: CenterPath = Path("center.yaml")) -> None:
    """Who has a code, who waits for a decision and with which key, what was decided."""
    settings = load_center(config)
    with _desk(settings) as desk:
        for one in desk.all():
            key = short(one.key) if one.key else "–"
            typer.echo(
                f"{one.id}\t{one.state}\t{one.site}\t{key}\t{one.source or '–'}\t"
                f"{_local(settings, one.expires)}\t{one.kind}\t{one.decided_by}\t{one.reason}"
            )


@enrolment.command()
@told
def approve(
    number: Annotated[int, typer.Argument(help="số phiếu / ticket number")],
    who: Who,
    key: Annotated[str, typer.Option(help="dấu vân tay trên màn hình thiết bị / as on its screen")],
    config: CenterPath = Path("center.yaml"),
) -> None:
    """Let a waiting box be the site, after both screens have shown the same key fingerprint."""
    with _desk(load_center(config)) as desk:
        ticket, former = desk.approve(number, who, key)
        typer.echo(f"{ticket.site}: đã duyệt / approved, {short(ticket.key)}")
        for one in former:
            typer.echo(f"  thu hồi / revoked: {one.serial} (đến / until {iso(one.ends)})")


@enrolment.command()
@told
def refuse(
    number: Annotated[int, typer.Argument(help="số phiếu / ticket number")],
    who: Who,
    reason: Annotated[str, typer.Option(help="lý do, kỹ thuật viên đọc được / why")],
    config: CenterPath = Path("center.yaml"),
) -> None:
    """Turn a waiting box away, or take back a code that nobody has used."""
    with _desk(load_center(config)) as desk:
        ticket = desk.refuse(number, who, reason)
    typer.echo(f"{ticket.site}: đã từ chối / refused")


@contextmanager
def _desk(settings: CenterConfig) -> Iterator[Desk]:
    """The desk of this center, closed afterwards."""
    authority = Authority.of(settings)
    try:
        yield Desk(authority, SystemClock())
    finally:
        authority.close()


def _asked() -> str:
    return str(typer.prompt("Dòng chữ trên phiếu / text of the slip", err=True))


def _tell(trouble: Trouble | None) -> None:
    """What the technician sees while waiting."""
    if trouble:
        err.print(str(trouble), markup=False)
        return
    typer.echo(
        "Trung tâm đã nhận yêu cầu. Đọc dấu vân tay cho cán bộ trung tâm, chờ duyệt…\n"
        "The center has the request. Read the fingerprint to its officer, wait for approval…"
    )


def _proposal(identity: Identity, slip: Slip, done: Enrolled) -> str:
    commands = f"\ncommands:\n  keys: [{identity.command_key}]\n  upload: https://{slip.center}"
    return f"""
Đã được duyệt, chứng thư đến {iso(done.until)}. Ghi vào site.yaml rồi khởi động lại edge-agent:
Approved; the certificate lasts until {iso(done.until)}. Write into site.yaml, restart edge-agent:

mqtt:
  url: {done.broker}
  ca: {identity.authority}
  certificate: {identity.pem}
  key: {identity.pem}
  renewal: https://{slip.center}{commands if identity.command_key.exists() else ""}"""


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdecimal() and (host.count(":") == 1 or "]:" in host)


def _local(settings: CenterConfig, moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(settings.center.timezone)):%Y-%m-%d %H:%M}"
