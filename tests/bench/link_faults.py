"""Sites, broker and center under faults without end, from a seed: is every event stored once?

    sudo python -m tests.bench.link_faults --faults 1000 --seed 1

Two sites (the real journal and link, real processes) make events without pause. Sites, broker,
ingest processes and the whole center are killed (-9) and restarted, the line is cut, stalled,
half-open and slow, the center's disk (a small tmpfs in a mount namespace of its own) fills, the
sites' wall clocks step, and the line is away for 72 hours of the sites' clocks while events pile
up. At the end, when all is up again and the outboxes are empty, the set of events made must be the
set stored. One table; the last line is JSON; exits 1 on anything lost, duplicated, unexplained or
strange.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from edge_agent.runtime import logs
from edge_agent.store.database import open_database
from tests.bench.line import Line
from tests.bench.link_account import Account, account
from tests.bench.stepped_clock import step
from tests.integration.broker import Broker
from tests.integration.center.ingest.running import CenterProcess

INSIDE = "--inside-its-own-mounts"
RATE = 20  # events a second and site
OUTAGE_HOURS = 72.0


@dataclass
class SiteHouse:
    """One site: its folder, its line to the broker, its process."""

    name: str
    folder: Path
    line: Line
    child: subprocess.Popen[bytes] | None = None
    orders: dict[str, float] = field(default_factory=lambda: {"rate": RATE, "burst": 0})
    shift: float = 0.0

    def __post_init__(self) -> None:
        self.folder.mkdir()
        step(self.folder / "clock", 0.0)
        self.order()

    def order(self, **changes: float) -> None:
        """Tell the process what to do from now on."""
        self.orders |= changes
        fresh = self.folder / "orders.new"
        fresh.write_text(json.dumps(self.orders))
        fresh.replace(self.folder / "orders")

    def start(self) -> None:
        """Start the process."""
        argv = [sys.executable, "-m", "tests.bench.link_site"]
        argv += [str(self.folder), self.line.url, self.name]
        with (self.folder / "log").open("ab") as log:
            self.child = subprocess.Popen(argv, stdout=log, stderr=log)

    def kill(self) -> None:
        """kill -9."""
        if self.child:
            self.child.kill()
            self.child.wait()

    def waiting(self) -> int:
        """Messages in the outbox."""
        with closing(open_database(self.folder / "events.db", "events", check=False)) as rows:
            return int(rows.execute("SELECT count(*) FROM outbox").fetchone()[0])


class Faults:
    """One fault after another; what it broke may still be mending when the next one comes."""

    def __init__(
        self, sites: list[SiteHouse], broker: Broker, center: CenterProcess, chance: Random
    ) -> None:
        self.sites, self.broker, self.center, self.chance = sites, broker, center, chance
        self.done: Counter[str] = Counter()
        self.kinds: list[Callable[[], None]] = [
            self.site_killed, self.broker_killed, self.ingest_killed, self.center_killed,
            self.line_cut, self.line_stalled, self.line_half_open, self.line_slow,
            self.disk_full, self.clock_stepped,
        ]  # fmt: skip
        self._order: list[Callable[[], None]] = []

    def one(self) -> None:
        """The next fault; every kind comes before any comes again."""
        self._order = self._order or self.chance.sample(self.kinds, len(self.kinds))
        kind = self._order.pop()
        kind()
        self.done[kind.__name__] += 1
        self._wait(0.1, 0.5)

    def site_killed(self) -> None:
        site = self._site()
        site.kill()
        self._wait(0, 0.3)
        site.start()

    def broker_killed(self) -> None:
        self.broker.kill()
        self._wait(0, 1)
        self.broker.start()

    def ingest_killed(self) -> None:
        pids = self.center.ingest_pids()
        if pids:
            os.kill(self.chance.choice(pids), signal.SIGKILL)

    def center_killed(self) -> None:
        self.center.kill()
        self._wait(0, 1)
        self.center.start()

    def line_cut(self) -> None:
        line = self._site().line
        line.close_door()
        self._wait(0, 1)
        line.flow()

    def line_stalled(self) -> None:
        line = self._site().line
        line.stall()
        self._wait(0.2, 2)
        line.flow()

    def line_half_open(self) -> None:
        self._site().line.half_open()
        self._wait(0.2, 1)

    def line_slow(self) -> None:
        line = self._site().line
        line.kbit, line.delay = 128, 0.3
        self._wait(0.5, 2)
        line.kbit, line.delay = 0, 0

    def disk_full(self) -> None:
        ballast = self.center.folder / "state" / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * 1_000_000)
        except OSError:
            pass  # full
        self._wait(0.5, 1.5)
        ballast.unlink()

    def clock_stepped(self) -> None:
        site = self._site()
        site.shift += self.chance.choice([-3600.0, -90.0, 60.0, 600.0, 3600.0])
        step(site.folder / "clock", site.shift)

    def outage(self, events: int) -> None:
        """The line is away for 72 hours of the site's clock, which end now; events pile up."""
        for site in self.sites:
            site.line.close_door()
        for part in range(1, 13):
            for site in self.sites:
                site.shift = -OUTAGE_HOURS * 3600 * (1 - part / 12)
                step(site.folder / "clock", site.shift)
                site.order(burst=site.orders["burst"] + events / 12)
            time.sleep(0.3 if part < 12 else 1.0)
        for site in self.sites:
            site.line.flow()
        self.done["outage_72h"] += 1

    def _site(self) -> SiteHouse:
        return self.chance.choice(self.sites)

    def _wait(self, least: float, most: float) -> None:
        time.sleep(self.chance.uniform(least, most))


def run(faults: int, seed: int, burst: int, folder: Path, drain: float) -> dict[str, object]:
    """Everything from the first start to the account."""
    with ExitStack() as stack:
        broker = Broker(folder, settings=("max_queued_messages 1000",)).start()
        stack.callback(broker.kill)
        state = folder / "center" / "state"
        state.mkdir(parents=True)
        megabytes = 48 + round(faults * 0.05 + burst * 0.01)
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(state))
        stack.callback(_mount, "-l", str(state), tool="umount")
        center = CenterProcess(folder / "center", broker.url, workers=2)
        stack.callback(center.end)
        center.start().ready()
        sites: list[SiteHouse] = []
        for number in range(2):
            name = f"khu-{number}"
            line = stack.enter_context(Line(broker.port))
            sites.append(SiteHouse(name, folder / name, line))
            stack.callback(sites[-1].kill)
            sites[-1].start()
        trouble = Faults(sites, broker, center, Random(seed))
        for number in range(faults):
            if number == faults // 2:
                trouble.outage(burst)
            trouble.one()
        for site in sites:
            site.order(rate=0)
        took = _drained(sites, drain)
        folders = {site.name: site.folder for site in sites}
        found = account(state / "center.db", folders)
        status = [_stopped(site) for site in sites] + [center.stop()]
    text = (folder / "center" / "log").read_text(errors="replace")
    return _figures(faults, seed, trouble, found, took, status, text)


def _figures(
    faults: int,
    seed: int,
    trouble: Faults,
    found: Account,
    took: float,
    status: list[int],
    log: str,
) -> dict[str, object]:
    return {
        "faults": sum(trouble.done.values()), "asked": faults, "seed": seed,
        "by_kind": dict(sorted(trouble.done.items())), "drained_s": round(took, 1),
        **asdict(found), "right": found.right, "exit_status": status,
        "faults_of_our_own": log.count("attempt.failed"),
    }  # fmt: skip


def _drained(sites: list[SiteHouse], most: float) -> float:
    """Seconds until the outboxes are empty; what is not away by then counts as unexplained."""
    began = time.monotonic()
    while time.monotonic() - began < most:
        time.sleep(0.5)
        if not any(site.waiting() for site in sites):
            break
    return time.monotonic() - began


def _stopped(site: SiteHouse) -> int:
    assert site.child is not None
    site.child.send_signal(signal.SIGTERM)
    return site.child.wait(30)


def _mount(*arguments: str, tool: str = "mount") -> None:
    subprocess.run([tool, *arguments], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--burst", type=int, default=14_400, help="events of a site in the outage")
    parser.add_argument("--drain", type=float, default=300.0, help="seconds to empty the outboxes")
    parser.add_argument("--keep", type=Path, help="copy everything here afterwards")
    parser.add_argument(INSIDE, action="store_true", dest="inside")
    given = parser.parse_args()
    if not given.inside:
        apart = ["--mount"] if os.geteuid() == 0 else ["--map-root-user", "--mount"]
        module = [sys.executable, "-m", "tests.bench.link_faults", INSIDE, *sys.argv[1:]]
        return subprocess.run(["unshare", *apart, *module], check=False).returncode
    logs.configure("json", "error")
    folder = Path(tempfile.mkdtemp(prefix="link-faults-"))
    try:
        figures = run(given.faults, given.seed, given.burst, folder, given.drain)
    finally:
        if given.keep:
            shutil.copytree(folder, given.keep, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    table = Table("figure", "value", title="the link under faults")
    for name, value in figures.items():
        table.add_row(name, str(value))
    Console(width=120).print(table)
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0 if figures["right"] and not any(figures["exit_status"]) else 1  # type: ignore[call-overload]


if __name__ == "__main__":
    sys.exit(main())
