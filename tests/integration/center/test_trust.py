"""The whole way with the commands that people type: authority, slip, enrolment, officer, TLS to the
shipped broker, an event stored, acknowledged; then the box is stolen.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import IO, Any

import pytest
import yaml

from edge_agent.center.authority.home import Home
from edge_agent.config.loader import load
from edge_agent.core.event import Event as Fact
from edge_agent.core.event import Lane
from edge_agent.link.session import Link
from edge_agent.link.wire import Topics, event_message
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import Backoff, start_thread
from edge_agent.store.journal import Journal
from tests.integration.broker import free_port, until
from tests.integration.center.shipped import ShippedBroker, broker_folder
from tests.integration.outbox import waiting

SITE = "khu-a"
AGAIN = Backoff(first=0.1, ceiling=0.5)


def command(*words: object, **more: Any) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "edge_agent", *map(str, words)]
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
    )


def said(*words: object) -> str:
    process = command(*words)
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 0, text
    return text


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def place(cleanup: ExitStack) -> Path:
    """A folder that the broker's unprivileged user can reach."""
    folder = Path(tempfile.mkdtemp())
    cleanup.callback(shutil.rmtree, folder)
    folder.chmod(0o711)
    return folder


class District:
    """A center with its broker, made and started as the installer says."""

    def __init__(self, folder: Path, cleanup: ExitStack) -> None:
        self.home: Home = broker_folder(folder)
        said("center", "ca", "init", "--host", "127.0.0.1", "--state", self.home.folder)
        self.broker = ShippedBroker(folder, self.home).start()
        cleanup.callback(self.broker.stop)
        self.config = folder / "center.yaml"
        line = self.broker.as_center()
        settings = {
            "center": {"id": "huyen-1"},
            "storage": {"state": str(self.home.folder)},
            "mqtt": {"url": line.url, "ca": str(line.ca), "keepalive": "5s"},
            "https": {
                "enabled": "true",
                "address": "127.0.0.1",
                "port": str(free_port()),
                "host": "127.0.0.1",
                "broker": f"mqtts://127.0.0.1:{self.broker.sites}",
            },
        }
        settings["mqtt"] |= {"certificate": str(line.certificate), "key": str(line.key)}
        self.config.write_text(yaml.safe_dump(settings))
        self.log = (folder / "center.log").open("wb")
        argv = [sys.executable, "-m", "edge_agent", "center", "run", "--config", str(self.config)]
        self.process = subprocess.Popen(argv, stdout=self.log, stderr=self.log)
        cleanup.callback(self.end)

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0
        self.log.close()

    def center(self, *words: object) -> str:
        return said("center", *words, "--config", self.config)

    def events(self) -> list[Any]:
        text = self.center("events", "--json")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Box:
    """A site with its own folder, enrolled with the command."""

    def __init__(self, folder: Path, cleanup: ExitStack) -> None:
        self.folder, self.cleanup = folder, cleanup
        folder.mkdir()
        self.config = folder / "site.yaml"
        self.config.write_text(f"site: {{id: {SITE}}}\n")

    def enrol(self, district: District) -> None:
        slip = next(
            line
            for line in district.center("enrolment", "new", SITE, "--who", "Lan").splitlines()
            if line.startswith("QCAM1/")
        )
        with command("enroll", "--config", self.config, stdin=subprocess.PIPE) as asking:
            assert asking.stdin is not None
            assert asking.stdout is not None
            asking.stdin.write(f"{slip}\n")
            asking.stdin.close()
            key = self.approve(district, asking.stdout)
            text = asking.stdout.read()
            assert asking.wait(30) == 0, (key, text)
        proposal = yaml.safe_load(text[text.index("\nmqtt:") :])
        proposal["mqtt"]["keepalive"] = "5s"
        self.config.write_text(yaml.safe_dump({"site": {"id": SITE}, **proposal}))

    @staticmethod
    def approve(district: District, screen: IO[str]) -> str:
        """Wait for the box to wait, compare what both screens show, and let it in."""
        text = ""
        while "wait for approval" not in text:
            line = screen.readline()
            assert line, text
            text += line
        key = re.search(r"key fingerprint: +([0-9a-f-]{24})", text)
        assert key is not None, text
        asking = district.center("enrolment", "list").splitlines()[-1].split("\t")
        assert asking[1:4] == ["waiting", SITE, key[1]], "both screens show the same"
        district.center("enrolment", "approve", asking[0], "--who", "Lan", "--key", key[1])
        return key[1]

    def connect(self) -> tuple[Link, Journal]:
        """The agent's link on what was proposed and written into site.yaml."""
        settings = load(self.config)
        journal = Journal(settings.storage.state / "events.db")
        link = Link(settings.mqtt, SITE, None, journal, dict, tuple)
        stop = Event()
        thread = start_thread("link", link.run_once, stop, AGAIN)
        for step in (journal.close, lambda: thread.join(20), link.notify, stop.set):
            self.cleanup.callback(step)
        return link, journal


def record(journal: Journal, link: Link, name: str) -> None:
    now = SystemClock().now().wall
    fact = Fact(name, f"qcam/{SITE}", "vn.qcam.episode.opened.v1", "c1", now, "warning", {"n": 1})
    journal.record(fact, [event_message(fact, journal.epoch, Topics(SITE), Lane.ALARM)])
    link.notify()


@pytest.mark.timeout(420)  # some twenty starts of the program, on a machine that does other things
def test_from_a_slip_of_paper_to_an_event_in_the_district_s_database_and_out_again(
    place: Path, cleanup: ExitStack
) -> None:
    district = District(place, cleanup)
    box = Box(place / "box", cleanup)
    box.enrol(district)
    link, journal = box.connect()
    until(lambda: link.connected, 30, "TLS with the issued certificate")
    record(journal, link, "e1.opened")
    until(lambda: waiting(journal) == 0, 30, "the row is settled")
    assert [one["id"] for one in district.events()] == ["e1.opened"]

    state = ("--state", district.home.folder)
    said("center", "ca", "revoke", SITE, "--who", "Lan", "--reason", "máy bị mất", *state)
    assert "revoked\t" in said("center", "ca", "list", *state)
    district.broker.reload()
    assert SITE in district.center("ca", "expel")
    until(lambda: not link.connected, 15, "hung up on")
    record(journal, link, "e2.opened")
    until(lambda: "revoked" in district.center("sites"), 30, "the center knows")
    assert not link.connected
    assert waiting(journal) == 1, "what a stolen box says stays with it"
    assert len(district.events()) == 1
