"""The relay: rows of the outbox on their way; a row leaves only when the other side has it.

Lives in one thread. Nothing here waits: `turn` does what can be done now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Literal

from edge_agent.core.delivery import Ack, GivenUp, Ranges
from edge_agent.core.event import Lane
from edge_agent.core.time import Instant
from edge_agent.link.account import Account
from edge_agent.link.dispatch import Departures, Dispatch
from edge_agent.link.flights import Course, Flight
from edge_agent.link.publisher import Outcome, Publisher, Receipt
from edge_agent.link.wire import Topics
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.journal import Journal

REFUSED_SECONDS = 60.0
POISON_LOSSES = 3
_BLAME_SECONDS = 5.0  # a message that breaks a connection does so at once

_Landing = tuple[Dispatch, Flight, Receipt]


@dataclass(slots=True)
class Figures:
    """What a run of the program has sent and what became of it."""

    sent: int = 0
    acknowledged: int = 0
    refused: int = 0
    unheard: int = 0


class Relay:
    """Sends what waits in the journal over one connection after another.

    `ack` says whose word settles a row: the center's (`acknowledge`) or the broker's receipt.
    Whatever is unacknowledged goes again over a new connection, or when its acknowledgement is
    overdue. `acknowledge`, `hear_center` and `turn` belong to one thread.
    """

    def __init__(
        self,
        journal: Journal,
        topics: Topics,
        account: Account,
        clock: Clock,
        wake: Callable[[], None],
        ack: Literal["center", "broker"] = "center",
        refused_seconds: float = REFUSED_SECONDS,
    ) -> None:
        self.figures = Figures()
        self.center_online = False
        self._journal, self._outbox, self._topics = journal, journal.outbox, topics
        self._account, self._clock, self._wake = account, clock, wake
        self._by_broker = ack == "broker"
        self._refused_seconds = refused_seconds
        self._landed: SimpleQueue[_Landing] = SimpleQueue()
        self._line: Dispatch | None = None

    def begin(self, publisher: Publisher, in_flight: int) -> None:
        """A new connection: whatever was unacknowledged on the old one is sent again."""
        self.center_online = False

        def landed(flight: Flight, receipt: Receipt) -> None:
            self._landed.put((line, flight, receipt))
            self._wake()

        line = self._line = Dispatch(
            self._journal,
            self._topics,
            publisher,
            Departures(self._left, landed),
            in_flight,
            batches=not self._by_broker,
        )

    def lost(self) -> None:
        """The connection ended by itself: what was just leaving is remembered. Raises Trouble."""
        now, line = self._clock.now(), self._line
        if line is None:
            return
        self._line = None
        while not self._landed.empty():  # what the broker confirmed last is innocent, not settled
            _line, flight, receipt = self._landed.get_nowait()
            if receipt.outcome is Outcome.ACCEPTED:
                flight.taken = now.mono
        for flight in line.untaken:
            if flight.stones or now.mono - flight.departure.at > _BLAME_SECONDS:
                continue
            self._outbox.blame(flight.lane, list(flight.numbers))
            if flight.suspect:
                self._judge(flight, now)

    def acknowledge(self, ack: Ack) -> None:
        """The center has spoken. Raises Trouble when the database does not answer.

        Its gaps are under way still, or go again when they are overdue, or have a tombstone now.
        """
        now, line = self._clock.now(), self._line
        self.figures.acknowledged += self._outbox.settle(ack, now.wall)
        for lane, one in ack.lanes.items() if line else ():
            assert line
            self._settled(line, line.courses[lane], one.had, now)

    def hear_center(self, *, online: bool) -> None:
        """Whether a center says that it takes in what sites send."""
        if online is not self.center_online:
            log.info("link.center", online=online)
        self.center_online = online
        for course in self._line.courses.values() if online and self._line else ():
            course.wake()

    def turn(self) -> bool:
        """Take in the receipts, send what may go; whether an answer is still expected soon.

        Raises Trouble when the database does not answer.
        """
        now = self._clock.now()
        self._take_receipts(now)
        self._outbox.starved = self._account.starved(now.wall)
        self._account.flush(now)
        line = self._line
        if line is None:
            return False
        if line.connected:
            self._look_after(line, now)
            line.send(now, heard=self._by_broker or self.center_online)
        answered = self.center_online and any(course.flights for course in line.courses.values())
        return answered or bool(line.untaken)

    def oldest_flight(self) -> float:
        """Seconds since the longest unconfirmed publication was sent; 0 when none is."""
        left = [flight.departure.at for flight in self._line.untaken] if self._line else []
        return self._clock.now().mono - min(left) if left else 0.0

    def _left(self, flight: Flight) -> None:
        self.figures.sent += 0 if flight.stones else len(flight.numbers)
        self._account.spend(flight.lane.value, flight.size)

    def _take_receipts(self, now: Instant) -> None:
        while True:
            try:
                line, flight, receipt = self._landed.get_nowait()
            except Empty:
                return
            if line is not self._line:
                continue
            course = line.courses[flight.lane]
            if receipt.outcome is Outcome.ACCEPTED:
                self._taken(line, flight, now)
            elif receipt.outcome is not Outcome.LOST:
                self._turned_away(course, flight, receipt, now)
            elif line.connected:  # otherwise it ends with its connection
                course.fail([flight], now.mono)

    def _taken(self, line: Dispatch, flight: Flight, now: Instant) -> None:
        flight.taken = now.mono
        if flight.suspect:
            self._outbox.acquit(flight.lane, list(flight.numbers))
        if self._by_broker:
            self._outbox.taken(flight.lane, flight.numbers)
            self.figures.acknowledged += 0 if flight.stones else len(flight.numbers)
            self._settled(line, line.courses[flight.lane], flight.numbers, now)

    def _settled(self, line: Dispatch, course: Course, had: Ranges, now: Instant) -> None:
        for flight in course.had(had, now.mono):
            line.pace.arrived(flight.departure, flight.size, now.mono)
            log.info(
                "message.delivered",
                lane=course.lane.value,
                bytes=flight.size,
                ms=round(1000 * (now.mono - flight.departure.at), 1),
            )

    def _turned_away(self, course: Course, flight: Flight, receipt: Receipt, now: Instant) -> None:
        if receipt.outcome is Outcome.UNHEARD:
            self.figures.unheard += 1
            if not course.failures:
                log.warning("link.unheard", lane=flight.lane.value)
            course.fail([flight], now.mono)
            return
        self.figures.refused += 1
        log.warning("link.refused", lane=flight.lane.value, reason=receipt.reason)
        course.hold(flight, now.mono + self._refused_seconds)
        if receipt.outcome is Outcome.OVERSIZE and len(flight.numbers) == 1 and not flight.stones:
            number = flight.numbers.highest
            course.held.pop(number, None)
            self._set_aside(course.lane, number, GivenUp.OVERSIZE, now)

    def _judge(self, flight: Flight, now: Instant) -> None:
        """A suspect went alone and the connection ended again: there is no next time."""
        rows = self._outbox.within(flight.lane, flight.numbers, 1)
        if rows and rows[0].losses >= POISON_LOSSES:
            self._set_aside(flight.lane, rows[0].sequence, GivenUp.POISON, now)

    def _set_aside(self, lane: Lane, sequence: int, reason: GivenUp, now: Instant) -> None:
        if self._outbox.quarantine(lane, sequence, reason, now.wall):
            log.error("link.quarantined", lane=lane.value, sequence=sequence, reason=reason.value)

    def _look_after(self, line: Dispatch, now: Instant) -> None:
        for course in line.courses.values():
            course.release(now.mono)
            overdue = course.overdue(now.mono, line.pace.timeout())
            if overdue:
                log.info("link.overdue", lane=course.lane.value, publications=len(overdue))
                course.fail(overdue, now.mono)
