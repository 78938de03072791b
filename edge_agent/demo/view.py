"""The live view in the terminal: a row a camera, a row for the link, the last events."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from edge_agent.core.time import Instant
from edge_agent.demo.board import Board

_COLOURS = {
    "recording": "green",
    "online": "green",
    "offline": "red",
    "blind": "yellow",
    "stopped": "yellow",
}
_RULES = {
    "mask": "không đeo khẩu trang / no mask",
    "distancing": "không giữ khoảng cách / too close",
    "gathering": "tụ tập đông người / gathering",
    "zone": "ra khỏi phòng, khu vực / out of room or zone",
    "line": "vượt rào, qua cổng / line crossed",
    "fence": "tiếp cận hàng rào / at the fence",
    "occupancy": "quá số người / too many people",
    "tamper": "camera bị che, bị xoay / camera tampered with",
}
_LAST_EVENTS = 8


def steps() -> Progress:
    """The progress bar of a long step."""
    return Progress(
        TextColumn("{task.description:<44}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
    )


def picture(board: Board, since: Instant, now: Instant, seconds: float) -> RenderableType:
    """The whole view at this moment."""
    title = f"edge_agent · {now.since(since):.0f} / {seconds:.0f} s"
    return Panel(Group(_cameras(board), _link(board), _events(board, since)), title=title)


def _coloured(state: str) -> Text:
    return Text(state, style=_COLOURS.get(state, "dim"))


def _cameras(board: Board) -> Table:
    table = Table(expand=True, box=None)
    for column in (
        "camera",
        "ghi hình / recording",
        "đoạn / segments",
        "ảnh/s / fps",
        "người / people",
        "sự kiện cuối / last event",
    ):
        table.add_column(column, overflow="fold")
    for camera, row in sorted(board.cameras.items()):
        table.add_row(
            f"{camera} {row.name}",
            _coloured(f"{row.state} {row.reason}".strip()),
            f"{row.segments} · {row.seconds:.0f} s",
            f"{row.fps:.1f}",
            str(row.persons),
            row.last_event,
        )
    if not board.cameras:
        table.add_row("đang tìm camera… / looking for cameras…", "", "", "", "", "")
    return table


def _link(board: Board) -> RenderableType:
    line = Text.assemble(
        "đường truyền / link: ",
        _coloured(board.site_state),
        f"   heartbeat {board.heartbeats}   sự kiện/events {len(board.arrivals)}"
        f"   ảnh/images {board.images}   chờ gửi/backlog {board.backlog}",
    )
    for trouble in board.troubles[:3]:
        line.append(f"\n! {trouble}", style="yellow")
    return line


def _events(board: Board, since: Instant) -> Table:
    table = Table(expand=True, box=None, show_header=False)
    for arrival in list(board.arrivals.values())[-_LAST_EVENTS:]:
        style = "bold red" if arrival.phase == "opened" else "dim"
        what = _RULES.get(arrival.rule, arrival.rule)
        table.add_row(
            Text(
                f"{arrival.at.since(since):5.1f} s  {arrival.camera}  {what}  {arrival.phase}",
                style,
            )
        )
    return table
