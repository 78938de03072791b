"""The data account of a line that is paid by the byte: what each lane has sent today."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from edge_agent.core.event import Lane
from edge_agent.core.time import Instant
from edge_agent.link.heartbeat import DataPayload
from edge_agent.store.spent import Spent

OTHER = "other"  # heartbeats, states, births, replies
_FLUSH_SECONDS = 10.0


class Account:
    """Counts bytes by day of the site and lane, in memory first; a kill loses at most the last
    10 s of counting. `caps`: bytes a lane may send on one day, 0 for no limit; alarms have none.

    For any number of threads.
    """

    def __init__(self, spent: Spent, caps: Mapping[Lane, int], timezone: str) -> None:
        self._spent = spent
        self._caps = {lane: cap for lane, cap in caps.items() if cap and lane is not Lane.ALARM}
        self._zone = ZoneInfo(timezone)
        self._fresh: Counter[str] = Counter()
        self._day = ""
        self._known: Counter[str] = Counter()
        self._flushed = 0.0
        self._lock = threading.RLock()

    def spend(self, lane: str, size: int) -> None:
        """So many bytes were handed to the line."""
        with self._lock:
            self._fresh[lane] += size

    def starved(self, wall: datetime) -> frozenset[Lane]:
        """The lanes whose bytes of this day are used up. Raises Trouble."""
        with self._lock:
            self._turn_page(wall)
            return frozenset(
                lane
                for lane, cap in self._caps.items()
                if self._known[lane.value] + self._fresh[lane.value] >= cap
            )

    def flush(self, now: Instant, *, all_of_it: bool = False) -> None:
        """Make durable what was counted, now and then. Raises Trouble."""
        with self._lock:
            self._turn_page(now.wall)
            if all_of_it or now.mono - self._flushed >= _FLUSH_SECONDS:
                self._flushed = now.mono
                self._save()

    def report(self, wall: datetime) -> DataPayload:
        """For the heartbeat: bytes sent today, and what waits for tomorrow because of a cap."""
        with self._lock:
            withheld = sorted(lane.value for lane in self.starved(wall))
            caps = {lane.value: cap for lane, cap in self._caps.items()}
            sent = dict(self._known + self._fresh)
            return DataPayload(day=self._day, sent=sent, caps=caps, withheld=withheld)

    def _turn_page(self, wall: datetime) -> None:
        day = wall.astimezone(self._zone).date().isoformat()
        if day != self._day:
            if self._day:
                self._save()
            self._day, self._known = day, Counter(self._spent.on(day))

    def _save(self) -> None:
        if self._fresh:
            self._spent.add(self._day, self._fresh)
            self._known.update(self._fresh)
            self._fresh = Counter()
