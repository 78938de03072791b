"""What the whole house costs: CPU and memory of recorder, agent and vision, by number of cameras.

    python -m tests.bench.house_cost [--cameras 2,8] [--seconds 30]

Virtual cameras (1080p15 main, 640×360 sub) serve from this process and are not counted. Prints one
table and, as last line, JSON; exit status 1 if a process was missing or a camera was not analysed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.e2e.house import Ear, House, broker, house, until

_WARM_UP = 10.0


def processes(site: House) -> dict[str, psutil.Process]:
    """The three processes of the site by name."""
    agent = psutil.Process(int(site.agent().pid))
    until(lambda: bool(site.lines("vision.looking")), 120, "vision looks")
    vision = psutil.Process(int(site.lines("vision.started")[-1]["pid"]))
    assert site.recorder is not None
    return {"recorder": psutil.Process(site.recorder), "agent": agent, "vision": vision}


def sample(parts: dict[str, psutil.Process], seconds: float) -> dict[str, dict[str, float]]:
    """Per process: per cent of one core over `seconds`, and MB of memory of its own (USS)."""
    for part in parts.values():
        part.cpu_percent()
    psutil.cpu_percent(interval=seconds)
    return {
        name: {"cpu": part.cpu_percent(), "mb": part.memory_full_info().uss / 1e6}
        for name, part in parts.items()
    }


def measure(folder: Path, clips: Path, cameras: int, seconds: float) -> dict[str, Any]:
    """One site of so many cameras, warmed up, then watched."""
    with broker(folder / "broker") as center:
        ear = Ear(center.url)
        with house(folder / "site", clips, center.url, cameras, "127.0.70.11") as site:
            parts = processes(site)
            until(lambda: len(site.recordings.totals()) == cameras, 120, "all cameras record")
            psutil.cpu_percent(interval=_WARM_UP)
            found = sample(parts, seconds)
            beat = ear.said("/heartbeat")[-1]["site"]["cameras"]
        ear.close()
    return {
        "cameras": cameras,
        **{
            f"{name}_{key}": round(value, 1)
            for name, one in found.items()
            for key, value in one.items()
        },
        "fps": round(sum(camera["fps"] for camera in beat.values()), 1),
        "dropped": sum(camera["dropped"] for camera in beat.values()),
        "worst_lag_ms": max(camera["lag_ms"] for camera in beat.values()),
    }


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", default="2,8")
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        rows = []
        for cameras in (int(count) for count in asked.cameras.split(",")):
            folder = Path(scratch) / str(cameras)
            folder.mkdir()
            rows.append(measure(folder, Path(scratch) / "clips", cameras, asked.seconds))
    table = Table(title="house_cost: % of one core, MB of own memory (USS)")
    for column in rows[0]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console(width=140).print(table)
    good = all(row["fps"] >= 0.5 * row["cameras"] for row in rows)
    print(json.dumps({"bench": "house_cost", "rows": rows, "good": good}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
