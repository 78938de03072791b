"""`edge-agent center command …`: ask a site for something, signed; part of the center's group."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from edge_agent.center.asking import Asker, failed
from edge_agent.center.commands import Wish, command_key
from edge_agent.center.uploads import Uploads
from edge_agent.cli_center import read_center
from edge_agent.cli_told import CenterPath, err, not_written, told
from edge_agent.config.center import CenterConfig
from edge_agent.core.command import Action, Reply, Role
from edge_agent.core.moment import parse_moment
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.link.command_arguments import read_arguments
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import stop_on_signals

command = typer.Typer(no_args_is_help=True, help="Lệnh ký cho cơ sở / signed commands to a site.")
_TIMES, _NUMBERS = ("from", "to", "until"), ("seconds",)
_PLACEHOLDER = "0" * 43  # an upload's token is made when the command is


@command.command("key")
@told
def key(config: CenterPath = Path("center.yaml")) -> None:
    """Print the public key that sites are given (commands.keys in site.yaml)."""
    settings, _credentials = read_center(config)
    typer.echo(command_key(settings.storage.state).public_pem().decode(), nl=False)


@command.command("send")
@told
def send(
    site: Annotated[str, typer.Argument(help="mã cơ sở / site id")],
    action: Annotated[Action, typer.Argument(help="việc cần làm / what is asked")],
    user: Annotated[str, typer.Option(help="người yêu cầu / who asks")],
    role: Annotated[Role, typer.Option(help="vai trò / in what capacity")] = Role.DUTY,
    camera: Annotated[str, typer.Option(help="mã camera / camera id")] = "",
    argument: Annotated[
        list[str] | None,
        typer.Option("--argument", help="name=value; =@FILE: nội dung/content"),
    ] = None,
    wait: Annotated[float, typer.Option(min=1, help="chờ bao nhiêu giây / seconds")] = 60.0,
    output: Annotated[Path | None, typer.Option(help="ghi ảnh, phim ra / picture, clip")] = None,
    config: CenterPath = Path("center.yaml"),
) -> None:
    """Ask a site for something and print its answers; status 1 when it was not done."""
    settings, credentials = read_center(config)
    wish = Wish(site, camera, action, _arguments(action, argument or [], settings), user, role)
    uploads, clock = Uploads(settings.storage.state / "uploads"), SystemClock()
    asker = Asker(
        settings.mqtt,
        credentials.mqtt,
        command_key(settings.storage.state),
        uploads,
        clock,
    )
    made = asker.prepare(wish)
    stop = Event()
    with stop_on_signals(stop):
        reply = asker.ask(made, wait, stop, _print)
    if reply is None:
        err.print(f"{site}: không trả lời / no answer ({wait:.0f} s)", markup=False)
    if failed(reply):
        raise typer.Exit(1)
    if output is not None:
        _fetch(uploads, made.id, output)


def _arguments(action: Action, given: list[str], settings: CenterConfig) -> dict[str, Any]:
    """The arguments as the wire has them; times in the center's zone. Raises Trouble."""
    now, zone = SystemClock().now().wall, ZoneInfo(settings.center.timezone)
    pairs = [one.partition("=") for one in given]
    values: dict[str, Any] = {
        name: _value(name, text, now, zone) for name, equals, text in pairs if equals
    }
    wanted = {"upload": _PLACEHOLDER} if action in Asker.SUFFIX else {}
    try:
        read_arguments(action, values | wanted)
    except ValueError as error:
        raise Trouble(
            "center.arguments",
            f"Đối số của {action} không đúng: {error}. Viết --argument tên=giá_trị.",
            f"The arguments of {action} are wrong: {error}. Write --argument name=value.",
        ) from error
    return values


def _value(name: str, text: str, now: datetime, zone: ZoneInfo) -> Any:
    if name in _TIMES:
        return iso(parse_moment(text, now, zone))
    if name in _NUMBERS and text.isdecimal():
        return int(text)
    return _content(Path(text[1:])) if text.startswith("@") else text


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Trouble(
            "center.no_file",
            f"Không đọc được tệp {path} ({error}).",
            f"The file {path} cannot be read ({error}).",
        ) from error


def _print(reply: Reply) -> None:
    said = {"state": reply.state, "reason": reply.reason, **reply.result}
    typer.echo(json.dumps(said, ensure_ascii=False))


def _fetch(uploads: Uploads, request: str, output: Path) -> None:
    """Copy what the site sent; the upload itself stays. Raises Trouble."""
    found = uploads.file(request)
    if found is None:
        raise Trouble(
            "center.nothing_sent",
            "Cơ sở không gửi ảnh hay phim nào cho lệnh này.",
            "The site sent neither picture nor clip for this command.",
        )
    try:
        shutil.copyfile(found, output)
    except OSError as error:
        raise not_written(output, error) from error
    typer.echo(str(output))
