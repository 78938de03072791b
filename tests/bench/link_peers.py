"""What others do, beside ours, through the same faults: lost, doubled, alarm, rate, memory, bytes.

    python -m tests.bench.link_peers [--events 1500] [--kbit 512] [--delay 0.1] [--quick]

Three ways from a site to its center: raw paho with its own queue (QoS 1, session kept, unbounded);
paho to a mosquitto on the same box that bridges (MQTT v5, persistent session, saved on every
change); our journal and link to `edge-agent center`. The central broker is the same for all, saved
on every change. The script: a few events; the line goes away; `events` happen; the box loses power
(kill -9 of the sender and of the broker on the box) and comes back; a quarter more happen; the
line comes back and alarms happen while all that drains; then half as many more happen and the
central broker is killed -9 in the middle and comes back. At the end: what was taken over and never
arrived, what arrived twice, how long an alarm took (p95, while the line was poor and the broker
alive), events a second from the line's return to the last of the backlog, growth of the sender's
memory (with its broker's) in the outage and the drain, bytes over the line for each event that
arrived. Exits 1 when ours loses or doubles anything, grows by more than 30 MB, or a peer that loses
nothing is quicker with its alarms.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tests.bench.arrivals import PAUSE, Arrivals, subscriber, watch_database
from tests.bench.line import Line
from tests.integration.broker import Broker
from tests.integration.center.ingest.running import CenterProcess

MOST_MB = 30.0
SAVED = (
    "persistence true", "autosave_on_changes true", "autosave_interval 1",
    "max_queued_messages 0", "max_inflight_messages 200",
)  # fmt: skip


@dataclass
class Box:
    """The site's box: the sender and, for the bridge, a broker beside it."""

    kind: str
    folder: Path
    line: Line
    sender: subprocess.Popen[str] | None = None
    beside: Broker | None = None
    made: dict[str, float] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Power on."""
        port = self.line.port
        if self.kind == "bridge":
            (self.folder / "box").mkdir(exist_ok=True)
            bridge = (
                "connection up", f"address 127.0.0.1:{port}", "topic # out 1",
                "cleansession false", "notifications false", "restart_timeout 1",
                "bridge_protocol_version mqttv50", "keepalive_interval 10",
            )  # fmt: skip
            place = (f"persistence_location {self.folder / 'box'}/",)
            self.beside = self.beside or Broker(self.folder / "box", (*SAVED, *place, *bridge))
            port = self.beside.start().port
        argv = [self.kind, str(self.folder), str(port)]
        self.sender = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.peer_site", *argv, str(len(self.made))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def cut_power(self) -> None:
        """kill -9 of everything on the box."""
        assert self.sender
        self.sender.kill()
        self.sender.communicate()
        if self.beside:
            self.beside.kill()

    def order(self, words: str) -> None:
        """Let events happen; returns when the sender has taken them all over."""
        assert self.sender
        assert self.sender.stdin
        assert self.sender.stdout
        print(words, file=self.sender.stdin, flush=True)
        for answer in self.sender.stdout:
            if answer == "done\n":
                return
            self.made[answer.strip()] = time.monotonic()
            if words == "alarm":
                self.alarms.append(answer.strip())

    def megabytes(self) -> float:
        """Resident memory of the box's messaging."""
        assert self.sender
        pids = [self.sender.pid]
        if self.beside and self.beside.child:
            pids.append(self.beside.child.pid)
        return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1e6


@dataclass
class Result:
    """One way's figures."""

    way: str
    made: int
    lost: int
    doubled: int
    alarm_p50: float
    alarm_p95: float
    rate: float
    memory_mb: float
    bytes_per_event: float


def run(kind: str, events: int, alarms: int, kbit: float, delay: float) -> Result:
    """The script, for one way."""
    with ExitStack() as ending:
        folder = Path(tempfile.mkdtemp())
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "broker").mkdir()
        place = f"persistence_location {folder / 'broker'}/"
        broker = Broker(folder / "broker", (*SAVED, place)).start()
        ending.callback(broker.kill)
        arrivals = Arrivals()
        _listen(kind, folder, broker, arrivals, ending)
        line = ending.enter_context(Line(broker.port, kbit, delay))
        box = Box(kind, folder, line)
        box.start()
        ending.callback(box.cut_power)
        return _script(box, broker, arrivals, events, alarms)


def _listen(kind: str, folder: Path, broker: Broker, arrivals: Arrivals, ending: ExitStack) -> None:
    if kind != "ours":
        client = subscriber(broker.port, arrivals)
        ending.callback(client.loop_stop)
        ending.callback(client.disconnect)
        return
    center = CenterProcess(folder / "center", broker.url).start()
    ending.callback(center.end)
    center.ready()
    stop = threading.Event()
    path = folder / "center" / "state" / "center.db"
    eye = threading.Thread(target=watch_database, args=(path, arrivals, stop))
    eye.start()
    ending.callback(eye.join)
    ending.callback(stop.set)


def _script(box: Box, broker: Broker, arrivals: Arrivals, events: int, alarms: int) -> Result:
    box.order("bulk 20")
    arrivals.quiet(20, 10, 30)
    idle = box.megabytes()
    box.line.close_door()
    box.order(f"bulk {events}")
    grown = box.megabytes() - idle
    box.cut_power()
    box.start()
    box.order(f"bulk {events // 4}")
    box.line.flow()
    back, waited = time.monotonic(), len(arrivals.first)
    for _ in range(alarms):
        PAUSE.wait(0.3)
        box.order("alarm")
        grown = max(grown, box.megabytes() - idle)
    arrivals.quiet(len(box.made), 8, 240)
    drained = [at for name, at in arrivals.first.items() if name not in box.alarms]
    rate = (len(drained) - waited) / max(0.1, max(drained) - back)
    timely = sorted(
        arrivals.first[name] - box.made[name] for name in box.alarms if name in arrivals.first
    )
    box.order(f"bulk {events // 2}")
    PAUSE.wait(0.3)
    broker.kill()
    PAUSE.wait(1.0)
    broker.start()
    arrivals.quiet(len(box.made), 15, 240)
    came = box.made.keys() & arrivals.first.keys()
    return Result(
        box.kind,
        len(box.made),
        len(box.made) - len(came),
        arrivals.doubled,
        timely[len(timely) // 2] if timely else float("inf"),
        timely[min(len(timely) - 1, len(timely) * 95 // 100)] if timely else float("inf"),
        rate,
        grown,
        box.line.up.carried / max(1, len(came)),
    )


def judge(results: list[Result]) -> bool:
    """Whether ours lost and doubled nothing, stayed small, and no honest peer was quicker."""
    ours = next(one for one in results if one.way == "ours")
    honest = [one for one in results if one is not ours and not one.lost]
    whole = not ours.lost and not ours.doubled and ours.memory_mb <= MOST_MB
    return whole and all(ours.alarm_p95 <= one.alarm_p95 for one in honest)


def main() -> int:
    """Measure all, print, judge."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=1500)
    options.add_argument("--alarms", type=int, default=20)
    options.add_argument("--kbit", type=float, default=512)
    options.add_argument("--delay", type=float, default=0.1)
    options.add_argument("--quick", action="store_true", help="a cut for CI: 300 events")
    asked = options.parse_args()
    events, alarms = (300, 5) if asked.quick else (asked.events, asked.alarms)
    results = [
        run(kind, events, alarms, asked.kbit, asked.delay) for kind in ("raw", "bridge", "ours")
    ]
    well = judge(results)
    table = Table(
        "way", "made", "lost", "doubled", "alarm p50 s", "alarm p95 s", "events/s", "memory MB",
        "bytes/event",
    )  # fmt: skip
    for one in results:
        table.add_row(
            one.way, str(one.made), str(one.lost), str(one.doubled), f"{one.alarm_p50:.2f}",
            f"{one.alarm_p95:.2f}", f"{one.rate:.0f}", f"{one.memory_mb:.1f}",
            f"{one.bytes_per_event:.0f}",
        )  # fmt: skip
    Console(width=140).print(table)
    said = [asdict(one) for one in results]
    print(json.dumps({"bench": "link_peers", "kbit": asked.kbit, "ways": said, "well": well}))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
