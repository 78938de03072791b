"""The commands about what was recorded: ledger, hold, disk; registered by `cli`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from edge_agent.app.layout import Layout
from edge_agent.cli_told import ConfigPath, err, not_written, told
from edge_agent.config.loader import load
from edge_agent.config.schema import Config
from edge_agent.core.ledger import EVERY_CAMERA, Day, Hold
from edge_agent.core.media import Gap
from edge_agent.core.moment import parse_moment
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.recording.coverage import day_of, not_noticed
from edge_agent.recording.days import DayBook
from edge_agent.recording.strip import LEGEND, clock, percent, picture
from edge_agent.recording.volume import Volume, filesystem_uuid
from edge_agent.runtime.clock import SystemClock
from edge_agent.store.holds import Holds
from edge_agent.store.ledger import Ledger
from edge_agent.store.recordings import Recordings

hold = typer.Typer(no_args_is_help=True, help="Giữ hình khỏi bị xóa / keep footage from deletion.")
disk = typer.Typer(no_args_is_help=True, help="Ổ ghi hình / the recordings disk.")
_WHEN = "'2021-07-28 14:32' (giờ cơ sở / site time), ISO + zone, -5m"


@contextmanager
def _opened(config: Config) -> Iterator[Recordings]:
    path = Layout.of(config).recordings_index
    if not path.is_file():
        raise Trouble(
            "ledger.no_index",
            f"Không có {path}: cơ sở này chưa ghi hình lần nào.",
            f"{path} is not there: this site has never recorded.",
        )
    recordings = Recordings(path)
    try:
        yield recordings
    finally:
        recordings.close()


@told
def ledger(
    config: ConfigPath = Path("site.yaml"),
    first: Annotated[str, typer.Option("--from", help="2021-07-28; mặc định/default: -6d")] = "",
    last: Annotated[str, typer.Option("--to", help="2021-08-03; mặc định/default: nay/today")] = "",
    camera: Annotated[str, typer.Option(help="mã camera / camera id")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
    file: Annotated[Path | None, typer.Option("--picture", help="FILE.svg")] = None,
) -> None:
    """Say for each camera and day what was due, recorded and lost, and why."""
    settings = load(config)
    zone, now = ZoneInfo(settings.site.timezone), SystemClock().now().wall
    today = day_of(now, zone)
    until = _day(last) if last else today
    since = _day(first) if first else until - timedelta(days=6)
    if file is not None and file.suffix.lower() != ".svg":
        raise Trouble(
            "ledger.picture",
            f"{file}: chỉ vẽ được .svg; mở bằng trình duyệt để in hoặc lưu thành PNG.",
            f"{file}: only .svg is drawn; open it in a browser to print it or save it as PNG.",
        )
    with _opened(settings) as recordings:
        book = DayBook(recordings, zone)
        names = [camera] if camera else list(book.ledger.cameras())
        days = [day for name in names for day in book.days(name, since, until, now)]
    if file is not None:
        title = f"{settings.site.name or settings.site.id}: {since:%d/%m/%Y} – {until:%d/%m/%Y}"
        _write(file, picture(days, zone, title))
    if as_json:
        typer.echo(json.dumps([_plain(day) for day in days], ensure_ascii=False))
    elif file is None:
        _print_days(days, zone)


def _print_days(days: list[Day], zone: ZoneInfo) -> None:
    for camera in dict.fromkeys(day.camera for day in days):
        table = Table(title=f"Sổ ghi hình / recording ledger: {camera}", box=SIMPLE, padding=(0, 1))
        for heading in ("ngày\nday", "phải ghi\ndue", "đã ghi\nrecorded", "mất\nlost", "\n%"):
            table.add_column(heading, no_wrap=True, justify="right")
        table.add_column("lý do\nreasons", min_width=18)
        for day in days:
            if day.camera == camera:
                spans = (clock(day.due), clock(day.recorded), clock(day.lost))
                why = "\n".join(_said(gap, day, zone) for gap in day.gaps)
                table.add_row(f"{day.day}", *spans, percent(day.recorded, day.due), why)
        Console().print(table)


def _said(gap: Gap, day: Day, zone: ZoneInfo) -> str:
    begin, end = (at.astimezone(zone) for at in (gap.start, gap.end or day.end))
    return f"{begin:%H:%M:%S}–{end:%H:%M:%S} {' / '.join(LEGEND[gap.reason][1:])}"


def _plain(day: Day) -> dict[str, Any]:
    due, recorded = day.due.total_seconds(), day.recorded.total_seconds()
    gaps = [
        {
            "start": iso(gap.start),
            "end": iso(gap.end or day.end),
            "seconds": round(((gap.end or day.end) - gap.start).total_seconds(), 6),
            "reason": gap.reason.value,
            "detail": gap.detail,
        }
        for gap in day.gaps
    ]
    return {
        "camera": day.camera,
        "day": day.day.isoformat(),
        "start": iso(day.start),
        "end": iso(day.end),
        "due_s": due,
        "recorded_s": recorded,
        "lost_s": day.lost.total_seconds(),
        "unexplained_s": (day.due - day.recorded - day.lost).total_seconds(),
        "not_noticed_s": not_noticed(day).total_seconds(),
        "by_reason_s": {why.value: t.total_seconds() for why, t in day.lost_by_reason().items()},
        "closed": day.closed,
        "gaps": gaps,
    }


@hold.command("add")
@told
def hold_add(
    camera: Annotated[str, typer.Option(help="mã camera, hoặc/or '*'")],
    first: Annotated[str, typer.Option("--from", help=_WHEN)],
    reason: Annotated[str, typer.Option(help="vì sao / why")],
    who: Annotated[str, typer.Option(help="ai yêu cầu / who asks")],
    last: Annotated[str, typer.Option("--to", help="trống: không thời hạn / empty: no end")] = "",
    until: Annotated[str, typer.Option(help="giữ đến / held until; trống: đến khi bỏ")] = "",
    config: ConfigPath = Path("site.yaml"),
) -> None:
    """Hold the footage and stills of a camera and span, past or still to come."""
    settings = load(config)
    zone, now = ZoneInfo(settings.site.timezone), SystemClock().now().wall
    wanted = Hold(
        id=uuid4().hex[:8],
        camera=camera,
        start=parse_moment(first, now, zone),
        end=parse_moment(last, now, zone) if last else None,
        reason=reason.strip(),
        who=who.strip(),
        made=now,
        until=parse_moment(until, now, zone) if until else None,
    )
    _check_hold(wanted, now)
    with _opened(settings) as recordings:
        if camera != EVERY_CAMERA and camera not in Ledger(recordings.rows).cameras():
            err.print(f"{camera}: chưa có hình nào / nothing recorded of it yet", markup=False)
        Holds(recordings.rows).put(wanted)
    typer.echo(wanted.id)


def _check_hold(wanted: Hold, now: datetime) -> None:
    wrong = (
        ("thiếu lý do hoặc người yêu cầu", "reason or who is empty")
        if not wanted.reason or not wanted.who
        else ("--to phải sau --from", "--to must be after --from")
        if wanted.end is not None and wanted.end <= wanted.start
        else ("--until đã qua", "--until has passed")
        if wanted.until is not None and wanted.until <= now
        else None
    )
    if wrong is not None:
        raise Trouble("hold.wrong", f"Không giữ được: {wrong[0]}.", f"No hold: {wrong[1]}.")


@hold.command("list")
@told
def hold_list(
    config: ConfigPath = Path("site.yaml"),
    ended: Annotated[bool, typer.Option("--all", help="cả đã hết / ended ones too")] = False,
) -> None:
    """List what is held, by whom, why and until when."""
    settings = load(config)
    zone, now = ZoneInfo(settings.site.timezone), SystemClock().now().wall
    with _opened(settings) as recordings:
        holds = Holds(recordings.rows)
        found = holds.all() if ended else holds.active(now)

    def when(moment: datetime | None) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else "–"

    table = Table("id", "camera", "từ/from", "đến/to", "giữ đến/until", "ai/who", "lý do/reason")
    for one in found:
        who = f"{one.who} (bỏ/released: {one.released_by})" if one.released else one.who
        times = (when(one.start), when(one.end), when(one.until))
        table.add_row(one.id, one.camera, *times, who, one.reason)
    Console().print(table)


@hold.command("release")
@told
def hold_release(
    name: Annotated[str, typer.Argument(help="id")],
    who: Annotated[str, typer.Option(help="ai bỏ / who releases it")],
    config: ConfigPath = Path("site.yaml"),
) -> None:
    """End a hold; it stays in the list with who ended it."""
    with _opened(load(config)) as recordings:
        if not Holds(recordings.rows).release(name, SystemClock().now().wall, who):
            raise Trouble(
                "hold.unknown",
                f"Không có lệnh giữ '{name}' đang có hiệu lực.",
                f"There is no hold '{name}' in force.",
            )


@disk.command("accept")
@told
def disk_accept(config: ConfigPath = Path("site.yaml")) -> None:
    """Make the disk that is mounted now the recordings disk of this site."""
    layout, clock = Layout.of(load(config)), SystemClock()
    layout.make()
    try:
        name = Volume(layout.recordings, layout.state, clock).accept(clock.now().wall)
    except OSError as error:
        raise Trouble(
            "disk.not_accepted",
            f"Không ghi được dấu lên {layout.recordings} ({error.strerror}).",
            f"{layout.recordings} cannot be marked ({error.strerror}).",
        ) from error
    typer.echo(name)


@disk.command("show")
@told
def disk_show(config: ConfigPath = Path("site.yaml")) -> None:
    """Say which disk is expected and which is there."""
    layout = Layout.of(load(config))
    expected = Volume(layout.recordings, layout.state, SystemClock()).id
    found = filesystem_uuid(layout.recordings) or "–"
    typer.echo(f"đã nhận / accepted: {expected or '–'}\nđang gắn / mounted: uuid:{found}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Trouble(
            "ledger.day",
            f"Ngày phải như 2021-07-28, nhận được {text[:40]!r}.",
            f"A day must be like 2021-07-28, got {text[:40]!r}.",
        ) from error


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise not_written(path, error) from error
