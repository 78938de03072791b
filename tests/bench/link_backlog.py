"""An alarm behind a backlog on a poor line: how long from its commit until the center stored it?

    python -m tests.bench.link_backlog [--backlog 5000] [--alarms 40] [--quick]

A real site (journal, link), a real mosquitto, a real `edge-agent center` with SQLite; between the
site and the broker a line of 512 kbit/s with 100 ms each way, then one of 128 kbit/s with 300 ms.
While the backlog drains, alarms happen at random moments. A time runs from the commit at the site
until the row can be read in the center's database (looked at every 5 ms). Prints a table and, as
last line, JSON; exits 1 when an alarm's p95 is over 1 s (2 s), the backlog drains slower than 500
(100) events a second, anything is missing or doubled, or an alarm was not taken at all.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge_agent.core.event import Lane
from edge_agent.runtime import logs
from tests.bench.line import Line
from tests.bench.outbox_site import BenchSite
from tests.integration.broker import Broker, until
from tests.integration.center.ingest.running import CenterProcess
from tests.integration.outbox import waiting


@dataclass(frozen=True)
class Case:
    """A line, and what is asked of it."""

    name: str
    kbit: float
    delay: float
    p95: float
    rate: float


CASES = (
    Case("512 kbit/s, 100 ms", 512, 0.1, 1.0, 500),
    Case("128 kbit/s, 300 ms", 128, 0.3, 2.0, 100),
)


@dataclass
class Result:
    """What one case gave: seconds of each alarm, events a second, bytes of the line."""

    case: Case
    alarms: list[float]
    rate: float
    sent: int
    up: int
    lost: int
    doubled: int

    @property
    def p95(self) -> float:
        """The alarm that 95 of 100 are not slower than."""
        ordered = sorted(self.alarms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] if ordered else 0.0

    @property
    def well(self) -> bool:
        """Whether everything asked for held."""
        whole = not self.lost and not self.doubled and bool(self.alarms)
        return whole and self.p95 <= self.case.p95 and self.rate >= self.case.rate


class Eye:
    """Looks into the center's database and notes when each alarm can be read there."""

    def __init__(self, path: Path) -> None:
        self.seen: dict[str, float] = {}
        self._path, self._stop = path, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join(5)

    def _look(self) -> None:
        last = 0
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as eye:
            while not self._stop.wait(0.005):
                rows = eye.execute(
                    "SELECT position, id, lane FROM events WHERE position > ? ORDER BY position",
                    (last,),
                ).fetchall()
                now = time.monotonic()
                for position, name, lane in rows:
                    last = position
                    if lane == Lane.ALARM.value:
                        self.seen[name] = now


def measure(case: Case, backlog: int, alarms: int, seed: int) -> Result:
    """One line: fill, connect, alarm at random moments, wait for the end."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        broker = Broker(folder).start()
        ending.callback(broker.kill)
        center = CenterProcess(folder / "center", broker.url).start()
        ending.callback(center.end)
        center.ready()
        line = ending.enter_context(Line(broker.port, case.kbit, case.delay))
        site = BenchSite(folder, line.url, seed)
        ending.callback(site.end)
        site.fill(Lane.BULK, backlog)
        eye = Eye(folder / "center" / "state" / "center.db")
        ending.callback(eye.end)
        made, took = _drain(case, site, eye, backlog, alarms)
        rows = center.rows("SELECT id FROM events")
        stored = len({name for (name,) in rows})
        return Result(
            case,
            [eye.seen[name] - at for name, at in made.items()],
            (backlog + len(made)) / took,
            site.link.figures.sent,
            line.up.carried,
            site.number - stored,
            len(rows) - stored,
        )


def _drain(
    case: Case, site: BenchSite, eye: Eye, backlog: int, alarms: int
) -> tuple[dict[str, float], float]:
    """When each alarm was committed, and the seconds from the connection to an empty outbox."""
    dice = random.Random(site.seed)
    made: dict[str, float] = {}
    site.start()
    until(lambda: site.link.connected, 30, "connection")
    began = time.monotonic()
    spread = backlog / case.rate / (2 * alarms)  # all of them while at least half still waits
    pause = threading.Event()
    for _ in range(alarms):
        pause.wait(dice.uniform(0.5, 1.5) * spread)
        if site.journal.outbox.backlog()[Lane.BULK].count == 0:
            break
        name = site.make(Lane.ALARM)
        made[name] = time.monotonic()
    until(lambda: waiting(site.journal) == 0, 10 * backlog / case.rate + 60, "an empty outbox")
    took = time.monotonic() - began
    until(lambda: made.keys() <= eye.seen.keys(), 20, "the alarms")
    return made, took


def main() -> int:
    """Measure, print, judge."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--backlog", type=int, default=5000)
    options.add_argument("--alarms", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--quick", action="store_true", help="a cut for CI: 1500 events")
    asked = options.parse_args()
    logs.configure("json", "error")
    backlog, alarms = (1500, 12) if asked.quick else (asked.backlog, asked.alarms)
    results = [measure(case, backlog, alarms, asked.seed) for case in CASES]
    table = Table(
        "line", "alarms", "p50 s", "p95 s (≤)", "max s", "events/s (≥)", "bytes/event", "sent",
        "lost", "doubled", "well",
    )  # fmt: skip
    for one in results:
        ordered = sorted(one.alarms) or [0.0]
        table.add_row(
            one.case.name, str(len(one.alarms)), f"{ordered[len(ordered) // 2]:.2f}",
            f"{one.p95:.2f} ({one.case.p95:g})", f"{ordered[-1]:.2f}",
            f"{one.rate:.0f} ({one.case.rate:g})", f"{one.up / max(1, backlog):.0f}",
            str(one.sent), str(one.lost), str(one.doubled), "yes" if one.well else "NO",
        )  # fmt: skip
    Console(width=160).print(table)
    said = [
        {
            "line": one.case.name, "alarms": len(one.alarms), "p95_s": round(one.p95, 3),
            "rate": round(one.rate, 1), "bytes_per_event": round(one.up / max(1, backlog), 1),
            "lost": one.lost, "doubled": one.doubled, "well": one.well,
        }
        for one in results
    ]  # fmt: skip
    print(json.dumps({"bench": "link_backlog", "backlog": backlog, "cases": said}))
    return 0 if all(one.well for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
