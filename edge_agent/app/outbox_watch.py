"""What a person must know of the outbox: it fills, a message was set aside, it was damaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edge_agent.core.event import Event, Lane
from edge_agent.core.time import iso
from edge_agent.link.wire import Topics, event_message
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.journal import Journal

FILLING, QUARANTINED = "vn.qcam.outbox.filling.v1", "vn.qcam.outbox.quarantined.v1"
DAMAGED = "vn.qcam.outbox.damaged.v1"
_FULL, _RELIEVED = 0.8, 0.7  # shares of a lane's quota


class OutboxWatch:
    """Makes events of the outbox's own troubles. `look` from time to time, from one thread."""

    def __init__(
        self, site: str, journal: Journal, topics: Topics, wake: Callable[[], None], clock: Clock
    ) -> None:
        self._site, self._journal, self._topics = site, journal, topics
        self._wake, self._clock = wake, clock
        self._filling: set[Lane] = set()

    def look(self) -> None:
        """Tell what is new. Raises Trouble when the database does not answer."""
        outbox = self._journal.outbox
        for lane, waits in outbox.backlog().items():
            if waits.filled >= _FULL and lane not in self._filling:
                self._filling.add(lane)
                share = round(waits.filled, 3)
                self._tell(
                    f"outbox-filling.{lane.value}.{iso(self._clock.now().wall)}",
                    FILLING,
                    {"lane": lane.value, "filled": share, "count": waits.count},
                )
            elif waits.filled < _RELIEVED:
                self._filling.discard(lane)
        for aside in outbox.set_aside():
            self._tell(
                f"outbox-quarantined.{self._journal.epoch}.{aside.lane.value}.{aside.sequence}",
                QUARANTINED,
                {
                    "lane": aside.lane.value,
                    "sequence": aside.sequence,
                    "event": aside.event,
                    "bytes": aside.size,
                    "reason": aside.reason.value,
                },
            )
            outbox.told(aside)

    def damaged(self, aside: Path) -> None:
        """The events database was damaged and now lies at `aside`; a new one was begun."""
        self._tell(f"outbox-damaged.{aside.name}", DAMAGED, {"moved_to": aside.name}, "critical")

    def _tell(
        self, name: str, kind: str, data: Mapping[str, Any], severity: str = "warning"
    ) -> None:
        now = self._clock.now().wall
        event = Event(name, f"qcam/{self._site}", kind, self._site, now, severity, data)
        note = event_message(event, self._journal.epoch, self._topics, Lane.ALARM)
        if self._journal.record(event, (note,)):
            log.warning("outbox.told", id=name, type=kind, data=dict(data))
            self._wake()
