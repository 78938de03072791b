"""What came at a center, seen from outside: by a subscriber, or in the center's database."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PAUSE = threading.Event()


@dataclass
class Arrivals:
    """What came at the center: when first, and how often more than once."""

    first: dict[str, float] = field(default_factory=dict)
    doubled: int = 0

    def take(self, name: str) -> None:
        """An event came."""
        if name in self.first:
            self.doubled += 1
        else:
            self.first[name] = time.monotonic()

    def quiet(self, wanted: int, seconds: float, most: float) -> None:
        """Wait until so many came, or nothing new for `seconds`, at most `most`."""
        count, since, began = len(self.first), time.monotonic(), time.monotonic()
        while len(self.first) < wanted and time.monotonic() - began < most:
            PAUSE.wait(0.05)
            if len(self.first) != count:
                count, since = len(self.first), time.monotonic()
            if time.monotonic() - since > seconds:
                return


def subscriber(port: int, arrivals: Arrivals) -> Client:
    """A center as an application without one would have it: QoS 1, session kept."""
    client = Client(
        CallbackAPIVersion.VERSION2, client_id="center", protocol=MQTTProtocolVersion.MQTTv5
    )

    def came(_client: Client, _data: object, message: MQTTMessage) -> None:
        arrivals.take(json.loads(message.payload)["id"])

    client.on_message = came
    client.on_connect = lambda *_: client.subscribe("qcam/v1/site/+/event/+", 1)
    client.reconnect_delay_set(1, 1)
    lasting = Properties(PacketTypes.CONNECT)
    lasting.SessionExpiryInterval = 86400
    client.connect("127.0.0.1", port, 10, clean_start=False, properties=lasting)
    client.loop_start()
    return client


def watch_database(path: Path, arrivals: Arrivals, stop: threading.Event) -> None:
    """Note what can be read in the center's database, every 5 ms."""
    last = 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as eye:
        while not stop.wait(0.005):
            query = "SELECT position, id FROM events WHERE position > ? ORDER BY position"
            rows = eye.execute(query, (last,)).fetchall()
            last = rows[-1][0] if rows else last
            for _position, name in rows:
                arrivals.take(name)
