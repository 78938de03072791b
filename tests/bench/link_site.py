"""A site without cameras: the real journal and the real link, making events until it is killed.

    python -m tests.bench.link_site FOLDER URL NAME

FOLDER/orders (JSON) says what to do: `rate` events a second, `burst` how many more at once since
the beginning of time. Every event that was recorded is written to FOLDER/made afterwards.
"""

from __future__ import annotations

import json
import signal
import sys
import uuid
from pathlib import Path
from threading import Event as Flag

from edge_agent.config.schema import Mqtt
from edge_agent.core.event import Event, Lane, Message
from edge_agent.core.trouble import Trouble
from edge_agent.link.session import Link
from edge_agent.link.wire import Topics, event_message, thumbnail_message
from edge_agent.runtime import logs
from edge_agent.runtime.supervisor import Backoff, start_thread
from edge_agent.store.journal import Journal
from tests.bench.stepped_clock import SteppedClock

TICK = 0.05
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 6
LANES = (*[Lane.BULK] * 5, *[Lane.STATE] * 2, *[Lane.ALARM] * 2, Lane.IMAGE)


class Maker:
    """Makes events: ids never repeat over restarts, the lanes in a fixed mixture."""

    def __init__(self, folder: Path, name: str, journal: Journal, clock: SteppedClock) -> None:
        self._topics, self._journal, self._clock = Topics(name), journal, clock
        self._life = uuid.uuid4().hex[:8]
        self._count = 0
        self._made = (folder / "made").open("a", buffering=1)

    def make(self) -> None:
        """One event, recorded; then it is said to be made."""
        self._count += 1
        lane = LANES[self._count % len(LANES)]
        event = Event(
            id=f"{self._life}-{self._count}.opened",
            source=f"qcam/{self._topics.site}",
            type="vn.qcam.episode.opened.v1",
            subject="cam-1",
            time=self._clock.now().wall,
            severity="warning",
            data={"number": self._count, "life": self._life, "padding": "x" * 300},
        )
        self._journal.record(event, self._messages(event, lane))
        self._made.write(f"{event.id}\n")

    def _messages(self, event: Event, lane: Lane) -> list[Message]:
        carrier = Lane.ALARM if lane is Lane.IMAGE else lane
        fact = event_message(event, self._journal.epoch, self._topics, carrier)
        if lane is not Lane.IMAGE:
            return [fact]
        return [fact, thumbnail_message(event, JPEG, self._topics)]


def main() -> None:
    """Until SIGTERM (a goodbye) or SIGKILL."""
    folder, url, name = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    logs.configure("json", "info")
    stop = Flag()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    clock = SteppedClock(folder / "clock")
    journal = Journal(folder / "events.db")
    settings = Mqtt.model_validate({"url": url, "keepalive": "5s", "heartbeat": "1s"})
    link = Link(settings, name, None, journal, dict, list, clock)
    thread = start_thread("link", link.run_once, stop, Backoff(0.1, 1.0, 0.5, 5.0))
    maker, due, burst = Maker(folder, name, journal, clock), 0.0, -1
    while not stop.wait(TICK):
        orders = json.loads((folder / "orders").read_text())
        wanted = int(orders["burst"])
        due += orders["rate"] * TICK + (max(0, wanted - burst) if burst >= 0 else 0)
        burst = wanted
        try:
            while due >= 1:
                maker.make()
                due -= 1
        except Trouble as trouble:
            logs.log.error("site.waiting", code=trouble.code, en=trouble.en)
        link.notify()
        link.heartbeat({})
    thread.join(20)


if __name__ == "__main__":
    main()
