"""Every site loses the broker and comes back at once, over TLS with its own certificate."""

from __future__ import annotations

import ssl
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge_agent.center.authority.home import Home
from edge_agent.center.authority.keeper import Authority
from edge_agent.core.event import Lane
from edge_agent.core.time import iso
from edge_agent.link.acks import decode_ack
from edge_agent.link.enrol import keys
from edge_agent.link.wire import JSON, encode
from tests.bench.speaker import PUBLISH, Speaker, connect, publish, subscribe
from tests.integration.broker import Broker, free_port
from tests.integration.center.ingest.running import CenterProcess


def _now() -> str:
    return iso(datetime.now(UTC))


@dataclass
class StormSite:
    """One site: connects, says that it is online and who it is, and waits to be greeted."""

    name: str
    port: int
    tls: ssl.SSLContext
    conn: int = 0
    line: Speaker | None = None
    failed: str = ""
    greeted: bool = False
    _words: dict[str, Any] = field(default_factory=dict)

    def come(self) -> None:
        """From TCP to the greeting of the center (its acknowledgement of all lanes)."""
        self.conn += 1
        self.greeted, self.failed = False, ""
        root = f"qcam/v1/site/{self.name}"
        said = {"epoch": f"epoch-{self.name}", "conn": self.conn}
        will = encode({**said, "state": "offline"})
        try:
            self.line = Speaker(self.port, self.tls).open(
                connect(self.name, will=(f"{root}/state", will))
            )
            self.line.send(subscribe(f"qcam/v1/center/{self.name}/ack"))
            state = encode({**said, "state": "online", "time": _now()})
            marks = {lane.value: 0 for lane in Lane}
            birth = encode({**said, "time": _now(), "high_water": marks, "site": {}})
            self.line.send(publish(f"{root}/state", state, 2, JSON, retain=True))
            self.line.send(publish(f"{root}/birth", birth, 3, JSON, retain=True))
            while not self.greeted:
                for kind, _packet_id, payload in self.line.wait():
                    if kind == PUBLISH:
                        self.greeted = set(decode_ack(payload).lanes) == set(Lane)
        except OSError as error:
            self.failed = str(error)

    def beat(self) -> None:
        """A heartbeat (QoS 0)."""
        waits = {"count": 0, "bytes": 0, "oldest": None}
        said = {"epoch": f"epoch-{self.name}", "conn": self.conn, "time": _now(), "site": {}}
        topic = f"qcam/v1/site/{self.name}/heartbeat"
        if self.line:
            self.line.send(publish(topic, encode({**said, "backlog": waits}), 0, JSON))


class Storm:
    """A broker with TLS for sites and a plain door for the center, as it is shipped."""

    def __init__(self, sites: int) -> None:
        self._count = sites

    def run(self) -> dict[str, Any]:
        """Everybody comes, the broker is killed and started, everybody comes at once."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            folder.chmod(0o755)
            tls_port = free_port()
            authority = self._authority(folder / "ca", stack)
            broker = Broker(folder, settings=_listener(authority.home, tls_port))
            stack.callback(broker.kill)
            broker.start()
            silence = {"hold_down": "20s", "heartbeat": "10s"}
            center = CenterProcess(folder / "center", broker.url, silence=silence)
            stack.callback(center.end)
            center.start().ready()
            sites = [_site(authority, folder, f"site-{at}", tls_port) for at in range(self._count)]
            first = _all_come(sites)
            broker.kill()
            for site in sites:
                if site.line:
                    site.line.close()
            broker.start()
            again = _all_come(sites)
            for _ in range(6):  # longer than the hold-down: a page would have come by now
                for site in sites:
                    site.beat()
                time.sleep(5)
            return {
                "sites": self._count,
                "first": round(first, 2),
                "seconds": round(again, 2),
                "online": _online(center, 2),
                "paged": len(center.said("site.page")),
                "failed": sum(1 for site in sites if site.failed),
            }

    @staticmethod
    def _authority(folder: Path, stack: ExitStack) -> Authority:
        home, now = Home(folder), datetime.now(UTC)
        authority = Authority.create(home, "bench", ("localhost", "127.0.0.1"), now)
        stack.callback(authority.close)
        return authority


def _listener(home: Home, port: int) -> tuple[str, ...]:
    return (
        f"listener {port} 127.0.0.1",
        f"cafile {home.broker_authority}",
        f"certfile {home.broker_identity}",
        f"keyfile {home.broker_identity}",
        "require_certificate true",
        "use_identity_as_username true",
    )


def _site(authority: Authority, folder: Path, name: str, port: int) -> StormSite:
    key = keys.new_key()
    signed = authority.sign(keys.request(key, name), name, datetime.now(UTC))
    path = folder / f"{name}.pem"
    path.write_text(keys.key_pem(key).decode() + signed.pem)
    context = ssl.create_default_context(cafile=str(authority.home.certificate))
    context.load_cert_chain(path)
    return StormSite(name, port, context)


def _all_come(sites: list[StormSite]) -> float:
    """Seconds until the last one is greeted; all begin in the same moment."""
    gate = threading.Barrier(len(sites) + 1)

    def come(site: StormSite) -> None:
        gate.wait()
        site.come()

    threads = [threading.Thread(target=come, args=(site,)) for site in sites]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join(60)
    return time.monotonic() - began


def _online(center: CenterProcess, conn: int) -> int:
    query = f"SELECT count(*) FROM sites WHERE standing = 'online' AND conn = {conn}"
    return int(center.rows(query)[0][0])
