"""`edge-agent center ca …`: the center's authority; registered by `cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge_agent.center.authority import troubles
from edge_agent.center.authority.home import Home
from edge_agent.center.authority.keeper import Authority
from edge_agent.center.authority.key_file import read_passphrase
from edge_agent.center.expulsion import expel_revoked
from edge_agent.cli_told import CenterPath, err, not_written, told
from edge_agent.config.center import load_center
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import SystemClock

ca = typer.Typer(
    no_args_is_help=True, help="Cơ quan chứng thư / the authority: init, issue, renew, revoke, …"
)

State = Annotated[Path, typer.Option("--state", help="storage.state của/of center.yaml")]
Passphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="tệp 0600 mở khóa CA / opens the CA's key")
]
Hosts = Annotated[
    list[str] | None, typer.Option("--host", help="tên hoặc IP mà cơ sở gọi / as sites call it")
]
HERE = Path("/var/lib/edge-agent-center")


@ca.command()
@told
def init(
    host: Hosts = None,
    name: Annotated[str, typer.Option(help="tên CA / its name")] = "edge-agent center",
    state: State = HERE,
    passphrase_file: Passphrase = None,
) -> None:
    """Make the authority, and the certificates of broker, HTTPS server and center. Only once."""
    now, words = SystemClock().now().wall, read_passphrase(passphrase_file)
    made = Authority.create(Home(state), name, host or [], now, words)
    try:
        typer.echo(f"{made.home.certificate}\nSHA-256: {made.digest}")
    finally:
        made.close()


@ca.command()
@told
def issue(
    site: Annotated[str, typer.Argument(help="mã cơ sở / site id")],
    csr: Annotated[Path, typer.Option(help="yêu cầu chứng thư PEM / signing request")],
    out: Annotated[Path, typer.Option(help="tệp chứng thư mới / the new certificate")],
    state: State = HERE,
    passphrase_file: Passphrase = None,
) -> None:
    """Sign a request that was brought by hand (`openssl req -new …`)."""
    try:
        text = csr.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise troubles.unreadable(csr, error.strerror or "") from error
    authority = _opened(state, passphrase_file)
    try:
        signed = authority.sign(text, site, SystemClock().now().wall)
        out.write_text(signed.pem, encoding="ascii")
        typer.echo(f"{site}: {signed.serial}, đến / until {iso(signed.ends)}")
    except OSError as error:
        raise not_written(out, error) from error
    finally:
        authority.close()


@ca.command()
@told
def renew(host: Hosts = None, state: State = HERE, passphrase_file: Passphrase = None) -> None:
    """Renew the certificates of broker, HTTPS server and center that are past two thirds, or give
    the servers other host names.
    """
    authority = _opened(state, passphrase_file)
    try:
        for path in authority.renew_own(SystemClock().now().wall, host or ()):
            typer.echo(f"{path}: mới / new")
    finally:
        authority.close()


@ca.command()
@told
def revoke(
    what: Annotated[str, typer.Argument(help="mã cơ sở hoặc số sê-ri / site id or serial number")],
    who: Annotated[str, typer.Option(help="người quyết định / who decides")],
    reason: Annotated[str, typer.Option(help="lý do / why")],
    state: State = HERE,
    passphrase_file: Passphrase = None,
) -> None:
    """Withdraw a site's certificates for ever: a stolen or retired box. The broker hears of it."""
    authority = _opened(state, passphrase_file)
    try:
        for one in authority.revoke(what, SystemClock().now().wall, who, reason):
            typer.echo(f"{one.name}: {one.serial} đã thu hồi / revoked")
        typer.echo(
            f"{authority.home.revocations}: máy chủ MQTT đọc lại khi nhận SIGHUP; "
            "edge-agent-center-revocations.path làm việc này.\n"
            "The broker reads it again on SIGHUP; edge-agent-center-revocations.path sees to it."
        )
    finally:
        authority.close()


@ca.command("list")
@told
def show(state: State = HERE, passphrase_file: Passphrase = None) -> None:
    """Every certificate that was ever signed, and what became of it."""
    authority, now = _opened(state, passphrase_file), SystemClock().now().wall
    try:
        for one in authority.register.all():
            word = "revoked" if one.revoked else "valid" if one.valid(now) else "expired"
            typer.echo(
                f"{one.name}\t{one.purpose}\t{word}\t{iso(one.ends)}\t{one.serial}\t"
                f"{one.revoked_by}\t{one.reason}"
            )
    finally:
        authority.close()


@ca.command()
@told
def crl(state: State = HERE, passphrase_file: Passphrase = None) -> None:
    """Write the list of revoked certificates anew, where the broker reads it."""
    authority = _opened(state, passphrase_file)
    try:
        authority.publish(SystemClock().now().wall)
        typer.echo(str(authority.home.revocations))
    finally:
        authority.close()


@ca.command()
@told
def expel(config: CenterPath = Path("center.yaml")) -> None:
    """Hang up on revoked sites that are still connected; after the broker has read the list."""
    settings = load_center(config)
    authority = _opened(settings.storage.state, settings.https.unlock)
    try:
        revoked = authority.revoked_since(SystemClock().now().wall)
    finally:
        authority.close()
    failed: list[Trouble] = []
    for site in expel_revoked(settings.mqtt, revoked, failed.append):
        typer.echo(f"{site}: đã ngắt / hung up")
    for trouble in failed:
        err.print(str(trouble), markup=False)
    if failed:
        raise typer.Exit(1)


def _opened(state: Path, passphrase_file: Path | None) -> Authority:
    return Authority.open(Home(state), read_passphrase(passphrase_file))
