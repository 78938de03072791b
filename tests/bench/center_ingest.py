"""How much a center takes in, durably, on this machine; and what a reconnect of everybody costs.

    python -m tests.bench.center_ingest [--engine sqlite,postgres] [--events 20000] [--sites 150]

A real mosquitto, `edge-agent center run` as processes, both databases. Events come as alarms (one a
message) and as batches of 50, from 20 sites; they count when they stand in the database, and the
time ends when the last acknowledgement of the center has come back. Then every site (TLS, its own
certificate) loses the broker and comes back at once. One table; the last line is JSON; exits 1 on
a miss: under 2,000 events/s, over 10 s, or anybody paged.
"""

from __future__ import annotations

import argparse
import json
import selectors
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from edge_agent.core.event import Lane
from edge_agent.link.acks import decode_ack
from edge_agent.link.batch import CONTENT_TYPE as BATCH
from edge_agent.link.batch import Packable, encode_batch
from edge_agent.link.labels import several, single
from edge_agent.link.wire import CLOUDEVENT, encode
from edge_agent.runtime import logs
from tests.bench.center_storm import Storm
from tests.bench.speaker import PUBACK, PUBLISH, Speaker, connect, puback, publish, subscribe
from tests.integration.broker import Broker
from tests.integration.center.ingest.running import CenterProcess
from tests.integration.postgres import Postgres

SITES, WINDOW, PACKED = 20, 20, 50
LEAST_RATE, MOST_SECONDS = 2000.0, 10.0


def cloudevent(site: str, name: str) -> bytes:
    """An event of the usual size: about 700 bytes."""
    data = {
        "camera": "hanh-lang-1", "episode": name, "phase": "opened", "rule": "distancing",
        "model": "person@fp32+" + "0" * 40, "t0": "2021-07-28T05:00:00.000Z", "tracks": [17, 21],
        "figures": {"metres": 1.23, "sigma": 0.11, "probability": 0.97, "limit": 2.0},
        "reason": "", "seconds": 12.4, "still": f"2021-07-28/{name}.jpg",
    }  # fmt: skip
    now = datetime.now(UTC).isoformat()
    said = {"specversion": "1.0", "id": name, "source": f"qcam/{site}", "subject": "hanh-lang-1"}
    said |= {"type": "vn.qcam.episode.opened.v1", "time": now, "severitytext": "warning"}
    return encode(said | {"data": data})


@dataclass
class Sender:
    """One site: its packets, how many are unacknowledged, and what the center has said it has."""

    name: str
    lane: Lane
    packets: Iterator[tuple[int, bytes]]
    total: int
    line: Speaker
    flying: int = 0
    has: int = 0
    over: bool = False

    def fill(self) -> None:
        """Keep the window full: as many messages as a site's outbox has on their way."""
        while not self.over and self.flying < WINDOW:
            following = next(self.packets, None)
            if following is None:
                self.over = True
                return
            self.line.send(following[1])
            self.flying += 1

    def hear(self) -> None:
        """Receipts of the broker, acknowledgements of the center."""
        for kind, packet_id, payload in self.line.receive():
            if kind == PUBACK:
                self.flying -= 1
            elif kind == PUBLISH:
                self.line.send(puback(packet_id))
                told = decode_ack(payload).lanes.get(self.lane)
                self.has = max(self.has, told.through if told else 0)


def alarms(site: str, events: int) -> Iterator[tuple[int, bytes]]:
    """One event a message."""
    topic = f"qcam/v1/site/{site}/event/alarm"
    for number in range(1, events + 1):
        labels = single("e1", Lane.ALARM, number)
        event = cloudevent(site, f"{site}-a{number}")
        yield 1, publish(topic, event, number % 65535 + 1, CLOUDEVENT, labels)


def batches(site: str, events: int) -> Iterator[tuple[int, bytes]]:
    """Fifty events a message."""
    topic = f"qcam/v1/site/{site}/event/bulk"
    for first in range(1, events + 1, PACKED):
        numbers = range(first, min(first + PACKED, events + 1))
        items = [Packable(n, False, cloudevent(site, f"{site}-b{n}")) for n in numbers]
        labels = several("e1", Lane.BULK, numbers[0], numbers[-1], len(numbers))
        payload = encode_batch("e1", Lane.BULK, items)
        yield len(numbers), publish(topic, payload, first % 65535 + 1, BATCH, labels)


def drive(broker: Broker, lane: Lane, each: int) -> tuple[float, int]:
    """Send `each` events from every site; seconds until the center has acknowledged all of them."""
    make = alarms if lane is Lane.ALARM else batches
    ready = {f"site-{at}": list(make(f"site-{at}", each)) for at in range(SITES)}
    senders: list[Sender] = []
    with selectors.DefaultSelector() as selector:
        for name, packets in ready.items():
            line = Speaker(broker.port).open(connect(f"{name}-{lane.value}"))
            line.send(subscribe(f"qcam/v1/center/{name}/ack"))
            list(line.wait())
            senders.append(Sender(name, lane, iter(packets), each, line))
            selector.register(line.line, selectors.EVENT_READ, senders[-1])
        began = time.monotonic()
        while any(one.has < one.total for one in senders):
            if time.monotonic() - began > 120:
                break
            for one in senders:
                one.fill()
            for key, _events in selector.select(0.5):
                key.data.hear()
        took = time.monotonic() - began
    for one in senders:
        one.line.close()
    return took, sum(one.has for one in senders)


def measure(engine: str, events: int, workers: int) -> Iterator[dict[str, Any]]:
    """Both shapes of traffic against one engine."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = ""
        if engine == "postgres":
            server = Postgres()
            stack.callback(server.end)
            database = server.start().create("bench")
        broker = Broker(folder, settings=("max_queued_messages 100000",))
        stack.callback(broker.kill)
        broker.start()
        center = CenterProcess(folder / "center", broker.url, database, workers)
        stack.callback(center.end)
        center.start().ready()
        for lane, shape in ((Lane.ALARM, "1 a message"), (Lane.BULK, f"{PACKED} a message")):
            each = events // SITES
            took, acknowledged = drive(broker, lane, each)
            query = f"SELECT count(*) FROM events WHERE lane = '{lane.value}'"
            stored = center.rows(query)[0][0]
            yield {
                "engine": engine, "workers": workers, "shape": shape, "sent": each * SITES,
                "stored": stored, "acknowledged": acknowledged, "seconds": round(took, 2),
                "rate": round(stored / took),
            }  # fmt: skip
        center.stop()


def _slow(rows: list[dict[str, Any]]) -> list[str]:
    """Engines that reach the rate in neither number of processes, for either shape of traffic."""
    best: dict[str, int] = {}
    for row in rows:
        key = f"{row['engine']}, {row['shape']}"
        best[key] = max(best.get(key, 0), row["rate"])
    return [f"{key}: {rate}/s" for key, rate in best.items() if rate < LEAST_RATE]


def main() -> int:
    """The table, the JSON, the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", default="sqlite,postgres")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--sites", type=int, default=150, help="0: no storm")
    options = parser.parse_args()
    logs.configure("json", "error")
    rows = [
        row
        for engine in options.engine.split(",")
        for workers in map(int, options.workers.split(","))
        for row in measure(engine, options.events, workers)
    ]
    console = Console(width=120)
    table = Table(*rows[0], title="durable ingest")
    for row in rows:
        table.add_row(*map(str, row.values()))
    console.print(table)
    missed = [
        f"{row['engine']}/{row['workers']}/{row['shape']}"
        for row in rows
        if row["stored"] != row["sent"] or row["acknowledged"] != row["sent"]
    ]
    missed += _slow(rows)
    storm = None
    if options.sites:
        storm = Storm(options.sites).run()
        console.print(storm)
        if storm["seconds"] > MOST_SECONDS or storm["paged"] or storm["online"] != options.sites:
            missed.append("storm")
    sys.stdout.write(json.dumps({"rows": rows, "storm": storm, "missed": missed}) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
