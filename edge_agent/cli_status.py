"""The command that says how a site is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from edge_agent.app.status import site_status
from edge_agent.cli_told import ConfigPath, told
from edge_agent.config.loader import load
from edge_agent.runtime.clock import SystemClock

_STATES = {
    "recording": "đang ghi / recording",
    "online": "trực tuyến / online",
    "offline": "mất kết nối / offline",
    "blind": "không phân tích / blind",
    "unknown": "chưa rõ / unknown",
}
_RULES = {
    "mask": "khẩu trang / mask",
    "distancing": "khoảng cách / distancing",
    "gathering": "tụ tập / gathering",
    "zone": "ra khỏi phòng, vùng / zone",
    "line": "vượt rào, cổng / line",
    "fence": "tiếp cận hàng rào / fence",
    "occupancy": "quá số người / occupancy",
}
Said = dict[str, Any]


@told
def status(
    config: ConfigPath = Path("site.yaml"),
    as_json: Annotated[
        bool, typer.Option("--json", help="một đối tượng JSON / one object")
    ] = False,
) -> None:
    """Say how this site is: cameras, recording, what the rules could see, verdicts, backlog."""
    said = site_status(load(config), SystemClock().now().wall)
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    console = Console()
    console.print(_head(said), highlight=False, markup=False)
    console.print(_cameras(said["cameras"]))
    console.print(_rules(said["rules"]))


def _head(said: Said) -> str:
    runs = {True: "đang chạy / running", False: "KHÔNG chạy / NOT running"}
    backlog = said["backlog"]
    waiting = f"{backlog['count']} tin / messages, {backlog['bytes']} B"
    since = f", từ / since {backlog['oldest']}" if backlog["oldest"] else ""
    return (
        f"{said['name'] or said['site']} ({said['site']})  {said['time']}\n"
        f"chương trình / agent: {runs[said['agent']]}   "
        f"ghi hình / recorder: {runs[said['recorder']]}\n"
        f"vụ việc đang mở / open episodes: {said['open_episodes']}   "
        f"chờ gửi / backlog: {waiting}{since}"
    )


def _cameras(cameras: list[Said]) -> Table:
    table = Table(title="Camera, 24 giờ / 24 hours", box=SIMPLE)
    for heading in (
        "camera",
        "trạng thái\nstate",
        "đã ghi\nrecorded",
        "ngày lưu\ndays held",
        "đã phân tích\nlooked at",
        "người\npersons",
        "khẩu trang rõ\nmask told",
        "trên sàn\non the floor",
    ):
        table.add_column(heading)
    for one in cameras:
        covered = one["rules_24h"]
        asked = covered["masks_answered"] + covered["masks_unknown"]
        table.add_row(
            f"{one['id']} {one['name']}".strip(),
            f"{_STATES[one['state']]} {one['reason']}".strip(),
            _hours(one["recorded_s_24h"]),
            f"{one['days_held']:.1f}",
            _hours(covered["analysed_s"]),
            str(covered["persons"]),
            f"{_share(covered['answered_share'])} ({covered['masks_answered']}/{asked})",
            _share(covered["placed_share"]),
        )
    return table


def _rules(rules: list[Said]) -> Table:
    table = Table(title="Quy tắc, vụ việc 24 giờ / Rules, episodes of 24 hours", box=SIMPLE)
    for heading in (
        "quy tắc\nrule",
        "hiệu lực\nin force",
        "vụ việc\nepisodes",
        "xác minh đúng / báo nhầm / chưa rõ\nconfirmed / false / unclear",
        "độ đúng\nprecision",
    ):
        table.add_column(heading)
    for one in rules:
        force = (
            "có / yes" if one["in_force"] else "tắt / off" if not one["enabled"] else "không / no"
        )
        verdicts = one["verdicts"]
        table.add_row(
            f"{_RULES[one['rule']]} {one['id']}".strip(),
            force,
            _by_camera({camera: str(count) for camera, count in one["opened_24h"].items()}),
            _by_camera(
                {
                    c: f"{v['confirmed']} / {v['false']} / {v['unclear']}"
                    for c, v in verdicts.items()
                }
            ),
            _by_camera({c: _share(v["precision"]) for c, v in verdicts.items()}),
        )
    return table


def _by_camera(cells: dict[str, str]) -> str:
    return "\n".join(f"{camera}: {cell}" for camera, cell in cells.items()) or "–"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
