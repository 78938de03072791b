"""An ingest process: messages of the shared subscription → one transaction → acknowledgements.

Any number of them share the work; each may die at any moment. What it had not committed was not
acknowledged either, so the sites send it again, and whoever gets it then stores it once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

from sqlalchemy import Engine

from edge_agent.center import flaws
from edge_agent.center.ingest import Arrived, Line
from edge_agent.center.intake import Refused, judge
from edge_agent.center.receipts import AckBook
from edge_agent.center.store.engine import Unstorable
from edge_agent.center.store.events import Judged, Taken, take
from edge_agent.center.store.quarantine import Caps
from edge_agent.config.center import Ingest
from edge_agent.core.event import Lane
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log

FILTERS = tuple(f"$share/qcam/qcam/v1/site/+/{kind}/+" for kind in ("event", "image"))
_MOST_BYTES = 4 * 1024 * 1024  # of payloads in one transaction
_RETRY_SECONDS = 1.0
_IDLE_SECONDS = 0.2


@dataclass(slots=True)
class _Batch:
    """Messages on their way into one transaction."""

    arrived: list[Arrived] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    bytes: int = 0
    urgent: bool = False
    since: float = 0.0

    def add(self, one: Arrived, now: float) -> None:
        """Judge a message and hold it."""
        if not self.arrived:
            self.since = now
        values = judge(one.message)
        self.arrived.append(one)
        self.judged.append((one.message, values))
        self.bytes += len(one.message.payload)
        self.urgent |= any(v.of is not None and v.of.lane is Lane.ALARM for v in values)


class Worker:
    """One ingest process. `ready` is told whether it could store what came last."""

    def __init__(
        self,
        settings: Ingest,
        line: Callable[[], Line],
        engine: Engine,
        clock: Clock,
        ready: Callable[[bool], None] = lambda _yes: None,
    ) -> None:
        self.stored = self.refused = 0
        self._settings = settings
        self._open = line
        self._engine = engine
        self._clock = clock
        self._tell = ready
        self._told = False
        self._caps = Caps(settings.quarantine_rows, settings.quarantine_bytes)

    def run_once(self, stop: Event) -> None:
        """One connection, from its subscription until `stop` or its loss. Raises Trouble."""
        line = self._open()
        try:
            line.open(FILTERS)
            self._ready(True)
            log.info("ingest.listening", broker=str(line.address))
            self._work(line, stop)
        finally:
            self._ready(False)
            line.close()

    def _work(self, line: Line, stop: Event) -> None:
        batch, book, again = _Batch(), AckBook(), 0.0
        while not stop.is_set():
            now = self._clock.now().mono
            line.pump(self._patience(batch, book, now, again))
            quiet = not line.arrived
            now = self._clock.now().mono
            for one in line.arrived:
                batch.add(one, now)
            line.arrived.clear()
            if batch.arrived and now >= again and self._due(batch, now, quiet=quiet):
                if self._commit(batch, book, now):
                    line.acknowledge(batch.arrived)
                    batch, again = _Batch(), 0.0
                else:
                    again = now + _RETRY_SECONDS
            for site, payload, kind in book.due(self._clock.now()):
                line.publish(f"qcam/v1/center/{site}/ack", payload, kind)

    def _patience(self, batch: _Batch, book: AckBook, now: float, again: float) -> float:
        """How long the network may keep us waiting. Behind an alarm nobody waits for company."""
        if not batch.arrived or again > now:
            return book.wait(now, _IDLE_SECONDS)
        if batch.urgent:
            return 0.0
        return max(0.0, min(self._settings.wait, batch.since + self._settings.wait - now))

    def _due(self, batch: _Batch, now: float, *, quiet: bool) -> bool:
        return (
            len(batch.arrived) >= self._settings.batch
            or batch.bytes >= _MOST_BYTES
            or now - batch.since >= self._settings.wait
            or (batch.urgent and quiet)
        )

    def _commit(self, batch: _Batch, book: AckBook, now: float) -> bool:
        """Store what waits; False when the database cannot take it now: nothing is acknowledged."""
        try:
            taken = self._store(batch.judged)
        except Trouble as trouble:
            self._ready(False)
            log.error("ingest.waiting", code=trouble.code, vi=trouble.vi, en=trouble.en)
            return False
        self._ready(True)
        self.stored += taken.stored
        self.refused += taken.refused
        book.add(taken.acks, now)
        log.info(
            "batch.stored",
            messages=len(batch.judged),
            stored=taken.stored,
            refused=taken.refused,
            ms=round(1000 * (self._clock.now().mono - now), 1),
        )
        return True

    def _ready(self, yes: bool) -> None:
        if yes is not self._told:
            self._told = yes
            self._tell(yes)

    def _store(self, judged: Sequence[Judged]) -> Taken:
        """All in one transaction; where one message cannot be stored at all, each by itself."""
        try:
            return self._take(judged)
        except Unstorable as error:
            if len(judged) > 1:
                return _joined([self._store([one]) for one in judged])
            message, values = judged[0]
            flaw = flaws.unstorable(str(error))
            site = next((value.of.site for value in values if value.of), "")
            return self._take([(message, (Refused(site, message, flaw),))])

    def _take(self, judged: Sequence[Judged]) -> Taken:
        wall = self._clock.now().wall
        return take(self._engine, judged, wall, self._settings.late, self._caps)


def _joined(parts: Sequence[Taken]) -> Taken:
    whole = Taken()
    for part in parts:
        whole.stored += part.stored
        whole.refused += part.refused
        for owner, lanes in part.acks.items():
            whole.acks.setdefault(owner, {}).update(lanes)
    return whole
