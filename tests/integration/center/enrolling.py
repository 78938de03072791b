"""A desk behind its real HTTPS server, and boxes that enrol at it."""

import http.client
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

from edge_agent.center.authority.keeper import Authority
from edge_agent.center.enrolment.desk import Desk
from edge_agent.center.enrolment.routes import enrolment
from edge_agent.center.http import application
from edge_agent.core.trouble import Trouble
from edge_agent.link.enrol import keys
from edge_agent.link.enrol.enrol import Enrolled, enrol
from edge_agent.link.enrol.folder import Identity
from edge_agent.link.enrol.slip import Slip
from edge_agent.runtime.clock import SystemClock
from tests.fakes.clock import FakeClock
from tests.integration.broker import until
from tests.integration.center.conftest import NOW

BROKER = "mqtts://127.0.0.1:8883"
COMMAND_KEY = "-----BEGIN PUBLIC KEY-----\nnot looked at here\n-----END PUBLIC KEY-----\n"
DAY = 86400


class Center:
    """A desk behind its real server."""

    def __init__(self, authority: Authority, serve: Callable[..., int]) -> None:
        self.clock = FakeClock(NOW)
        self.desk = Desk(authority, self.clock)
        authority.home.command_key.write_text(COMMAND_KEY)
        wing = enrolment(self.desk, BROKER, authority.home.command_key)
        self.address = f"127.0.0.1:{serve(application([wing], SystemClock()))}"

    def slip(self, site: str = "khu-a") -> Slip:
        return self.desk.open(site, self.address, "Đ/c Lan")[0]

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """As a stranger would, with any bytes."""
        context = ssl.create_default_context(cafile=self.desk.authority.home.certificate)
        host, _, port = self.address.rpartition(":")
        line = http.client.HTTPSConnection(host, int(port), timeout=10, context=context)
        try:
            line.request("POST", path, body if isinstance(body, bytes) else json.dumps(body))
            got = line.getresponse()
            return got.status, json.loads(got.read())
        finally:
            line.close()

    def try_code(self, code: str, site: str = "khu-a") -> int:
        request = keys.request(keys.new_key(), site)
        said = {"site": site, "code": code, "request": request}
        return self.post("/enrol/v1/certificate", said)[0]


class Box:
    """A device that enrols in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.identity = Identity(folder / "identity")
        self.told: list[str] = []
        self.result: Enrolled | Trouble | None = None
        self.stop = Event()
        self.thread = Thread()

    @property
    def key(self) -> str:
        return keys.short(keys.fingerprint(self.identity.coming_key().public_key()))

    def enrol(self, slip: Slip) -> None:
        def run() -> None:
            try:
                self.result = enrol(slip, self.identity, self.stop, self.tell, poll=0.05)
            except Trouble as trouble:
                self.result = trouble

        self.thread = Thread(target=run)
        self.thread.start()

    def tell(self, trouble: Trouble | None) -> None:
        self.told.append(trouble.code if trouble else "waiting")

    def end(self) -> Enrolled | Trouble | None:
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.result


def enrolled(center: Center, folder: Path, site: str = "khu-a") -> Box:
    box = Box(folder)
    box.enrol(center.slip(site))
    until(lambda: box.told == ["waiting"])
    center.desk.approve(center.desk.all()[-1].id, "Đ/c Lan", box.key)
    assert isinstance(box.end(), Enrolled)
    return box
