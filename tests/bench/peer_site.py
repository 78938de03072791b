"""A site's sender as a process that may be killed: raw paho, or our journal and link.

    python -m tests.bench.peer_site raw|bridge|ours FOLDER PORT FIRST

Reads orders from stdin, `bulk N` or `alarm`, and answers each event with its id once the sender
has taken it over (raw paho: `publish` returned; bridge: the broker on the box has acknowledged;
ours: the transaction is committed), each order with `done`. FIRST numbers the events, so that ids
never repeat over restarts.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.core.event import Lane
from edge_agent.link.wire import Topics, event_message
from edge_agent.runtime import logs
from tests.bench.outbox_site import SITE, BenchSite, an_event

Make = Callable[[Lane], str]


def paho(port: int, first: int, *, waits: bool) -> Make:
    """QoS 1 over paho's own queue, session kept, quick reconnects, 100 in flight, no bound."""
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=SITE, protocol=MQTTProtocolVersion.MQTTv5
    )
    client.max_queued_messages_set(0)
    client.max_inflight_messages_set(100)
    client.reconnect_delay_set(1, 2)
    lasting = Properties(PacketTypes.CONNECT)
    lasting.SessionExpiryInterval = 86400
    client.connect_async("127.0.0.1", port, 10, clean_start=False, properties=lasting)
    client.loop_start()
    for _ in range(500 if waits else 0):  # a publication before that has no receipt to wait for
        if client.is_connected():
            break
        threading.Event().wait(0.01)
    topics, dice, numbers = Topics(SITE), random.Random(first), iter(range(first, 10**9))

    def make(lane: Lane) -> str:
        phase = "opened" if lane is Lane.ALARM else "closed"
        event = an_event(next(numbers), datetime.now(UTC), phase, dice)
        message = event_message(event, "peer", topics, lane)
        receipt = client.publish(message.topic, message.payload, 1)
        if waits:
            receipt.wait_for_publish(10)
        return event.id

    return make


def ours(folder: Path, port: int, first: int) -> Make:
    """The journal and the link, as the agent has them."""
    site = BenchSite(folder, f"mqtt://127.0.0.1:{port}", first).start()
    site.number = first
    return site.make


def main() -> None:
    """Until stdin closes, or the kill."""
    kind, folder, port, first = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])
    logs.configure("json", "error")
    bridged = kind == "bridge"
    make = ours(folder, port, first) if kind == "ours" else paho(port, first, waits=bridged)
    for order in sys.stdin:
        word, _, count = order.strip().partition(" ")
        for _ in range(int(count or 1)):
            print(make(Lane.ALARM if word == "alarm" else Lane.BULK), flush=True)
        print("done", flush=True)


if __name__ == "__main__":
    main()
