"""A site's outbox and link with nothing else around them, and events like those of a camera."""

from __future__ import annotations

import random
import sqlite3
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.config.schema import Mqtt
from edge_agent.core.event import Event, Lane
from edge_agent.core.time import iso
from edge_agent.link.session import Link
from edge_agent.link.wire import event_message
from edge_agent.runtime.supervisor import Backoff, start_thread
from edge_agent.store.journal import Journal

SITE = "khu-a"
QUICK = Backoff(first=0.2, ceiling=1.0, jitter=0.5, settled=10.0)


def an_event(number: int, when: datetime, phase: str, dice: random.Random) -> Event:
    """An episode's event as the rules make it: random ids, figures of its own."""
    episode = str(uuid.UUID(int=dice.getrandbits(128)))
    start = when - timedelta(seconds=dice.uniform(10, 90))
    data = {
        "episode": episode,
        "phase": phase,
        "rule": dice.choice(("mask", "distancing", "gathering")),
        "camera": f"cam-{dice.randrange(8)}",
        "t0": iso(start),
        "t1": iso(when),
        "seconds": round((when - start).total_seconds(), 3),
        "tracks": [dice.randrange(5000), dice.randrange(5000)],
        "reason": "" if phase == "opened" else "apart",
        "model": "person-int8@20260901",
        "figures": {"metres": round(dice.uniform(0.4, 2), 2), "sigma": round(dice.random(), 3)},
    }
    kind, severity = f"vn.qcam.episode.{phase}.v1", "warning" if phase == "opened" else "info"
    name = f"{episode}.{number}.{phase}"
    return Event(name, f"qcam/{SITE}", kind, str(data["camera"]), when, severity, data)


@dataclass
class BenchSite:
    """The journal and link of one site on the line at `url`."""

    folder: Path
    url: str
    seed: int = 1
    journal: Journal = field(init=False)
    link: Link = field(init=False)
    committed: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder / "events.db")
        self.dice = random.Random(self.seed)
        self.number = 0
        self.stop = threading.Event()
        self.thread: threading.Thread | None = None
        settings = Mqtt.model_validate({"url": self.url, "keepalive": "10s"})
        self.link = Link(settings, SITE, None, self.journal, dict, tuple)

    def start(self) -> BenchSite:
        """Connect and relay, in a thread of its own."""
        self.thread = start_thread("link", self.link.run_once, self.stop, QUICK)
        return self

    def make(self, lane: Lane, age: float = 0.0) -> str:
        """One event, committed; `age` seconds old."""
        self.number += 1
        phase = "opened" if lane is Lane.ALARM else "closed"
        when = datetime.now(UTC) - timedelta(seconds=age)
        event = an_event(self.number, when, phase, self.dice)
        self.journal.record(
            event, (event_message(event, self.journal.epoch, self.link.topics, lane),)
        )
        self.link.notify()
        return event.id

    def fill(self, lane: Lane, count: int, age: float = 7200.0) -> None:
        """A backlog, written the quick way: no power cut is to be survived here."""
        with sqlite3.connect(self.journal.path) as connection:
            connection.execute("PRAGMA synchronous=OFF")
        for _ in range(count):
            self.make(lane, age)

    def end(self) -> None:
        """Stop and wait."""
        self.stop.set()
        self.link.notify()
        if self.thread:
            self.thread.join(20)
        self.journal.close()
