"""A center as it runs (parent and ingest processes), and a site that says what it is told."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import yaml
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy import text

from edge_agent.center.store.engine import open_engine, reading
from edge_agent.core.delivery import Ack
from edge_agent.core.event import Lane
from edge_agent.core.time import iso
from edge_agent.link.acks import decode_ack
from edge_agent.link.batch import CONTENT_TYPE as BATCH
from edge_agent.link.batch import Packable, encode_batch
from edge_agent.link.labels import several, single
from edge_agent.link.wire import CLOUDEVENT, JSON, encode
from tests.integration.broker import until


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class CenterProcess:
    """`edge-agent center run` on a folder of its own; `more` goes into the block `ingest`."""

    folder: Path
    url: str
    database: str = ""
    workers: int = 1
    ingest: Mapping[str, Any] = field(default_factory=dict)
    silence: Mapping[str, Any] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    child: subprocess.Popen[bytes] | None = None
    began: int = 0  # where in the log this run begins

    @property
    def config(self) -> Path:
        return self.folder / "center.yaml"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> "CenterProcess":
        self.folder.mkdir(exist_ok=True)
        said = {
            "center": {"id": "huyen-1"},
            "storage": {"database": self.database},
            "mqtt": {"url": self.url, "keepalive": "5s"},
            "ingest": dict(self.ingest),
            "silence": dict(self.silence),
            "log": {"format": "json"},
        }
        self.config.write_text(yaml.safe_dump(said))
        argv = [sys.executable, "-m", "edge_agent", "center", "run"]
        argv += ["--config", str(self.config), "--workers", str(self.workers)]
        self.began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.child = subprocess.Popen([*self.prefix, *argv], stdout=log, stderr=log)
        return self

    def ready(self) -> "CenterProcess":
        until(lambda: len(self.said("ingest.listening")) >= self.workers, 30, "ingest processes")
        until(lambda: any(o["state"] == "online" for o in self.said("center.state")), 15, "online")
        return self

    def said(self, event: str) -> list[dict[str, Any]]:
        """The lines of this run about one thing."""
        lines = self.log.read_bytes()[self.began :].decode().splitlines()
        found = (json.loads(line) for line in lines if f'"{event}"' in line and line[0] == "{")
        return [one for one in found if one["event"] == event]

    def ingest_pids(self) -> list[int]:
        assert self.child is not None
        return [one.pid for one in psutil.Process(self.child.pid).children()]

    def kill(self) -> None:
        """kill -9 of the parent and all its processes."""
        if self.child and self.child.poll() is None:
            pids = self.ingest_pids()
            self.child.kill()
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            self.child.wait(10)

    def stop(self) -> int:
        assert self.child is not None
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(20)

    def end(self) -> None:
        self.kill()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        engine = open_engine(self.database, self.folder / "state")
        try:
            with reading(engine) as connection:
                return [tuple(row) for row in connection.execute(text(query))]
        finally:
            engine.dispose()

    def ids(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT id FROM events ORDER BY position")]

    def command(self, *arguments: str) -> str:
        argv = [sys.executable, "-m", "edge_agent", "center", arguments[0]]
        argv += ["--config", str(self.config), *arguments[1:]]
        done = subprocess.run(argv, capture_output=True, check=True, env={"COLUMNS": "200"})
        return (done.stdout + done.stderr).decode()


class Site:
    """A bare MQTT client under a site's name: no outbox, it says exactly what a test wants."""

    def __init__(self, url: str, name: str, epoch: str) -> None:
        self.name, self.epoch = name, epoch
        self.acks: list[Ack] = []
        self._client = Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, client_id=""
        )
        self._client.on_message = self._came
        host, _, port = url.removeprefix("mqtt://").partition(":")
        self._client.connect(host, int(port))
        self._client.loop_start()
        until(self._client.is_connected, what="site")
        self._client.subscribe(f"qcam/v1/center/{name}/ack", 1)

    def end(self) -> None:
        self._client.disconnect()
        until(lambda: not self._client.is_connected(), what="goodbye")
        self._client.loop_stop()
        if line := self._client.socket():
            line.close()

    def say(
        self,
        topic: str,
        payload: bytes,
        kind: str = JSON,
        labels: Mapping[str, str] | None = None,
        *,
        retain: bool = False,
        qos: int = 1,
    ) -> None:
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = kind
        if labels:
            properties.UserProperty = list(labels.items())
        full = topic if topic.startswith("qcam/") else f"qcam/v1/site/{self.name}/{topic}"
        self._client.publish(full, payload, qos, retain, properties).wait_for_publish(10)

    def cloudevent(self, name: str, **more: Any) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": name,
            "source": f"qcam/{self.name}",
            "type": "vn.qcam.episode.opened.v1",
            "subject": "cam-1",
            "time": iso(now()),
            "severitytext": "warning",
            "data": {"camera": "cam-1"},
            **more,
        }

    def event(self, sequence: int, name: str = "", lane: Lane = Lane.ALARM, **more: Any) -> str:
        name = name or f"{self.name}-{self.epoch}-{lane.value}-{sequence}"
        labels = single(self.epoch, lane, sequence)
        payload = encode(self.cloudevent(name, **more))
        self.say(f"event/{lane.value}", payload, CLOUDEVENT, labels)
        return name

    def batch(self, sequences: list[int], lane: Lane = Lane.BULK, **more: Any) -> list[str]:
        names = [f"{self.name}-{self.epoch}-{lane.value}-{number}" for number in sequences]
        items = [
            Packable(number, False, encode(self.cloudevent(name, **more)))
            for number, name in zip(sequences, names, strict=True)
        ]
        payload = encode_batch(self.epoch, lane, items)
        labels = several(self.epoch, lane, sequences[0], sequences[-1], len(sequences))
        self.say(f"event/{lane.value}", payload, BATCH, labels)
        return names

    def state(self, word: str, conn: int = 1) -> None:
        said = {"state": word, "epoch": self.epoch, "conn": conn, "time": iso(now())}
        self.say("state", encode(said), retain=True)

    def birth(self, conn: int = 1, **marks: int) -> None:
        said = {"epoch": self.epoch, "conn": conn, "time": iso(now()), "high_water": marks}
        self.say("birth", encode(said | {"site": {"version": "0.1"}}), retain=True)

    def heartbeat(self, at: datetime | None = None, backlog: int = 0) -> None:
        waits = {"count": backlog, "bytes": 0, "oldest": None}
        said = {"epoch": self.epoch, "conn": 1, "time": iso(at or now()), "backlog": waits}
        self.say("heartbeat", encode(said | {"site": {}}), qos=0)

    def last(self, lane: Lane) -> tuple[int, int, tuple[tuple[int, int], ...]] | None:
        """through, seen, gaps as last acknowledged for this lane and our epoch."""
        for ack in reversed(self.acks):
            if ack.epoch == self.epoch and lane in ack.lanes:
                one = ack.lanes[lane]
                return one.through, one.seen, one.gaps
        return None

    def _came(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.acks.append(decode_ack(message.payload))
