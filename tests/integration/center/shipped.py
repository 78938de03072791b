"""The broker as it is shipped: deploy/center's own files, with other paths and ports."""

import grp
import os
import signal
import subprocess
from pathlib import Path
from threading import Event

from edge_agent.center.authority.home import Home
from edge_agent.center.authority.keeper import Authority
from edge_agent.config.schema import Mqtt
from edge_agent.link.enrol import keys
from edge_agent.link.mqtt import MqttLink
from edge_agent.link.publisher import Received
from edge_agent.link.watch import watch
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import start_thread
from tests.integration.broker import MOSQUITTO, free_port, listens, until

DEPLOY = Path(__file__).resolve().parents[3] / "deploy/center"
HOME = "/var/lib/edge-agent-center"
ACL = "/etc/mosquitto/edge-agent-center.acl"


def broker_folder(folder: Path) -> Home:
    """The folders as the installer makes them: the broker's group reads `broker/` and no more."""
    home = Home(folder / "center")
    home.make()
    home.folder.chmod(0o711)
    if os.geteuid() == 0:
        os.chown(home.broker, -1, grp.getgrnam("mosquitto").gr_gid)
    home.broker.chmod(0o2750)
    return home


class ShippedBroker:
    """mosquitto over the shipped configuration. Started by root it runs as the user `mosquitto`,
    as Debian's unit does, so the rights of the files are what is tested too.
    """

    def __init__(self, folder: Path, home: Home) -> None:
        self.folder, self.home = folder, home
        self.sites, self.center = free_port(), free_port()
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> "ShippedBroker":
        conf, acl = self.folder / "mosquitto.conf", self.folder / "acl"
        acl.write_text((DEPLOY / "acl").read_text())
        text = (DEPLOY / "mosquitto.conf").read_text()
        for shipped, here in (
            (ACL, str(acl)),
            (HOME, str(self.home.folder)),
            ("listener 8883\n", f"listener {self.sites} 127.0.0.1\n"),
            ("listener 8884 127.0.0.1\n", f"listener {self.center} 127.0.0.1\n"),
        ):
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        conf.write_text(text)
        for path in (conf, acl):
            path.chmod(0o644)
        self.log = (self.folder / "broker.log").open("ab")
        self.child = subprocess.Popen([MOSQUITTO, "-c", conf], stdout=self.log, stderr=self.log)
        until(lambda: listens(self.center), what="mosquitto")
        assert listens(self.sites)
        return self

    def reload(self) -> None:
        """What the unit edge-agent-center-revocations does."""
        assert self.child is not None
        before = self.said().count("Reloading config.")
        self.child.send_signal(signal.SIGHUP)
        until(lambda: self.said().count("Reloading config.") > before, what="SIGHUP")

    def said(self) -> str:
        return (self.folder / "broker.log").read_text(errors="replace")

    def stop(self) -> None:
        if self.child:
            self.child.terminate()
            self.child.wait(10)
            self.log.close()

    def as_site(self, identity: Path | None, ca: Path | None = None) -> Mqtt:
        """The settings of somebody at the sites' listener, with this key and certificate."""
        return Mqtt(
            url=f"mqtts://127.0.0.1:{self.sites}",
            ca=ca or self.home.certificate,
            certificate=identity,
            key=identity,
            keepalive="5s",
        )

    def as_center(self) -> Mqtt:
        """The settings of the center's processes."""
        return self.as_site(self.home.center).model_copy(
            update={"url": f"mqtts://127.0.0.1:{self.center}"}
        )


def issued(authority: Authority, folder: Path, site: str) -> Path:
    """Key and certificate of a site in one file."""
    key = keys.new_key()
    made = authority.sign(keys.request(key, site), site, SystemClock().now().wall)
    path = folder / f"{site}.pem"
    path.write_bytes(keys.key_pem(key) + made.pem.encode())
    return path


class Ear:
    """Somebody who subscribes, in a thread, and remembers what was delivered."""

    def __init__(self, settings: Mqtt, *topics: str) -> None:
        self.got: list[Received] = []
        self.ready, self.stop = Event(), Event()

        def attempt(stop: Event) -> None:
            watch(settings.url, topics, None, self.got.append, stop,
                  settings=settings, ready=self.ready.set)  # fmt: skip

        self.thread = start_thread("ear", attempt, self.stop)
        until(self.ready.is_set, what=str(topics))

    def topics(self) -> set[str]:
        return {one.topic for one in self.got}

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)


def connected(settings: Mqtt, name: str) -> MqttLink:
    """A connection under this client id. Raises Trouble."""
    link = MqttLink(settings, name, None)
    try:
        link.connect(Event())
    finally:
        if not link.connected:
            link.close()
    return link
