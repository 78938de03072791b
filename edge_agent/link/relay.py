"""The relay: rows of the outbox on their way; a row leaves only when the other side has it.

Lives in one thread. Nothing here waits: `turn` does what can be done now.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from edge_agent.core.event import Lane
from edge_agent.link.labels import single
from edge_agent.link.publisher import Outcome, Publisher, Receipt
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.journal import Journal, Row

WINDOW = 20
WINDOW_BYTES = 256 * 1024  # 16 s of a line of 128 kbit/s: what a fresh alarm waits at most
REFUSED_SECONDS = 60.0
UNHEARD_SECONDS = 2.0
LOST_SECONDS = 1.0

_Key = tuple[Lane, int]


@dataclass(frozen=True, slots=True)
class _Flight:
    row: Row
    since: float


class Relay:
    """Sends what waits in the journal over one connection after another.

    At most `WINDOW` messages and `WINDOW_BYTES` (but always one) are unacknowledged. A refused
    message keeps its row and is tried again after `refused_seconds`; so does one that the broker
    took while nobody subscribed (the center is away: the broker has thrown it away). That does not
    hold up the others, until `WINDOW` of a lane wait so: then the lane rests.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        wake: Callable[[], None],
        refused_seconds: float = REFUSED_SECONDS,
    ) -> None:
        self.sent = self.acknowledged = self.refused = self.unheard = 0
        self._heard = True
        self._journal = journal
        self._clock = clock
        self._wake = wake
        self._patience = {
            Outcome.REFUSED: refused_seconds,
            Outcome.UNHEARD: UNHEARD_SECONDS,
            Outcome.LOST: LOST_SECONDS,
        }
        self._publisher: Publisher | None = None
        self._flights: dict[_Key, _Flight] = {}
        self._held: dict[_Key, float] = {}
        self._landed: SimpleQueue[tuple[_Key, Receipt]] = SimpleQueue()

    def begin(self, publisher: Publisher) -> None:
        """A new connection: whatever was unacknowledged on the old one is sent again."""
        self._publisher = publisher
        self._flights = {}
        self._landed = SimpleQueue()

    def turn(self) -> bool:
        """Take in the receipts, send what fits the window; whether anything is on its way.

        Raises Trouble when the database does not answer.
        """
        self._take_in()
        if self._publisher and self._publisher.connected:
            self._send(self._publisher)
        return bool(self._flights)

    def oldest_flight(self) -> float:
        """Seconds since the longest unacknowledged message was sent; 0 when none is."""
        first = next(iter(self._flights.values()), None)
        return self._clock.now().mono - first.since if first else 0.0

    def _take_in(self) -> None:
        done: list[_Flight] = []
        while True:
            try:
                key, receipt = self._landed.get_nowait()
            except Empty:
                break
            flight = self._flights.pop(key)
            if receipt.outcome is Outcome.ACCEPTED:
                done.append(flight)
            else:
                self._hold(flight.row, receipt)
        if done:
            self._journal.settle([flight.row.key for flight in done])
            self.acknowledged += len(done)
            self._note_silence(done[-1].row, heard=True)
            for flight in done:
                self._note(flight)

    def _hold(self, row: Row, receipt: Receipt) -> None:
        seconds = self._patience[receipt.outcome]
        self._held[row.key] = self._clock.now().mono + seconds
        if receipt.outcome is Outcome.UNHEARD:
            self.unheard += 1
            self._note_silence(row, heard=False)
        elif receipt.outcome is Outcome.REFUSED:
            self.refused += 1
            log.warning(
                "link.refused",
                topic=row.message.topic,
                reason=receipt.reason,
                lane=row.lane.value,
                sequence=row.sequence,
                again_s=seconds,
            )

    def _send(self, publisher: Publisher) -> None:
        now = self._clock.now().mono
        self._held = {key: until for key, until in self._held.items() if until > now}
        room = WINDOW - len(self._flights)
        lanes = [lane for lane in Lane if self._held_in(lane) < WINDOW]
        if room <= 0 or not lanes:
            return
        weight = sum(len(flight.row.message.payload) for flight in self._flights.values())
        for row in self._journal.pending(room, self._flights.keys() | self._held.keys(), lanes):
            weight += len(row.message.payload)
            if self._flights and weight > WINDOW_BYTES:
                return
            self._launch(publisher, row, now)

    def _held_in(self, lane: Lane) -> int:
        return sum(1 for held, _sequence in self._held if held is lane)

    def _launch(self, publisher: Publisher, row: Row, now: float) -> None:
        key, landed, wake = row.key, self._landed, self._wake
        self._flights[key] = _Flight(row, now)
        self.sent += 1

        def land(future: Future[Receipt]) -> None:
            landed.put((key, future.result()))
            wake()

        publisher.publish(
            row.message.topic,
            row.message.payload,
            qos=1,
            content_type=row.message.content_type,
            labels=single(self._journal.epoch, row.lane, row.sequence),
        ).add_done_callback(land)

    def _note_silence(self, row: Row, *, heard: bool) -> None:
        """Once when the center stops listening, once when it listens again."""
        if heard is not self._heard:
            self._heard = heard
            told = log.info if heard else log.warning
            told("link.heard" if heard else "link.unheard", topic=row.message.topic)

    def _note(self, flight: _Flight) -> None:
        log.info(
            "message.delivered",
            lane=flight.row.lane.value,
            sequence=flight.row.sequence,
            topic=flight.row.message.topic,
            bytes=len(flight.row.message.payload),
            ms=round(1000 * (self._clock.now().mono - flight.since), 1),
        )
