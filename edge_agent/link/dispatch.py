"""What goes over one connection, and when: lanes by urgency, a window of bytes, alarms at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta

from edge_agent.core.delivery import Ranges
from edge_agent.core.event import Lane
from edge_agent.core.time import Instant
from edge_agent.link import parcel, tombstones
from edge_agent.link.batch import MOST_ITEMS
from edge_agent.link.flights import Course, Flight
from edge_agent.link.pace import Pace
from edge_agent.link.parcel import Parcel
from edge_agent.link.publisher import Publisher, Receipt
from edge_agent.link.wire import Topics
from edge_agent.store.journal import Journal
from edge_agent.store.outbox import Waiting

_KEPT_FREE = 5  # one in so many places of the window is for fresh alarms alone
_FRESH_AT_ONCE = 50
_PATIENT = (Lane.ALARM, Lane.STATE)  # go also while no center says that it is there


@dataclass(frozen=True, slots=True)
class Departures:
    """Where publications are reported: `left` when one goes, `landed` with its receipt (from any
    thread).
    """

    left: Callable[[Flight], None]
    landed: Callable[[Flight, Receipt], None]


class Dispatch:
    """Sends the outbox over one connection; begin each connection with a new one.

    `in_flight` publications may wait for the broker's word, a fifth of them fresh alarms alone;
    `batches`: many events may share a packet (a center unpacks them, a plain subscriber does not).
    """

    def __init__(
        self,
        journal: Journal,
        topics: Topics,
        publisher: Publisher,
        report: Departures,
        in_flight: int,
        *,
        batches: bool,
    ) -> None:
        self.courses = {lane: Course(lane) for lane in Lane}
        self.pace = Pace()
        self._journal, self._outbox, self._topics = journal, journal.outbox, topics
        self._publisher, self._report, self._batches = publisher, report, batches
        self._in_flight = in_flight
        self._window = max(1, in_flight - max(1, in_flight // _KEPT_FREE))
        self._shrink = 0.3  # what compression makes of a byte, as measured

    @property
    def connected(self) -> bool:
        """Whether anything could go out now."""
        return self._publisher.connected

    @property
    def untaken(self) -> list[Flight]:
        """Publications that the broker has not confirmed, in the order of lanes."""
        return [flight for course in self.courses.values() for flight in course.untaken]

    def send(self, now: Instant, *, heard: bool) -> None:
        """Everything that may go now; `heard` when somebody says that it takes it in."""
        self._send_fresh(now)
        for course in self._open_courses(now, heard=heard):
            self._send_tombstones(course, now)
            while self._room(now) and not course.resting(now.mono):
                rows, again = self._candidates(course)
                plan = parcel.plan(rows, self._largest(), self._shrink)
                if not plan.rows:
                    break
                if plan.suspect and self.untaken:
                    return  # it goes when it can go alone
                if not again:
                    course.cursor = plan.rows[-1].sequence
                self._launch_rows(course, plan.rows, now, suspect=plan.suspect)

    def _open_courses(self, now: Instant, *, heard: bool) -> Iterator[Course]:
        """The lanes that may send, most urgent first."""
        for lane, course in self.courses.items():
            withheld = lane in self._outbox.starved or not (heard or lane in _PATIENT)
            if not withheld and not course.resting(now.mono):
                yield course

    def _room(self, now: Instant) -> bool:
        """Whether the window lets another publication go; one always may."""
        leaving = self.untaken
        if any(flight.suspect for flight in leaving) or len(leaving) >= self._window:
            return False
        return not self._unacknowledged or self._unacknowledged < self.pace.window(now.mono)

    @property
    def _unacknowledged(self) -> int:
        return sum(course.size for course in self.courses.values())

    def _send_fresh(self, now: Instant) -> None:
        """Alarms that just happened go alone and at once, whatever else waits or is under way."""
        course = self.courses[Lane.ALARM]
        since = now.wall - timedelta(seconds=parcel.LATE_SECONDS)
        busy = course.busy
        for row in self._outbox.fresh(Lane.ALARM, course.ahead, since, _FRESH_AT_ONCE):
            if len(self.untaken) >= self._in_flight:
                return
            course.ahead = row.sequence
            if row.sequence > course.cursor and row.sequence not in busy and not row.losses:
                self._launch_rows(course, (row,), now)

    def _send_tombstones(self, course: Course, now: Instant) -> None:
        """One packet of them at a time; it is small and does not wait for the window."""
        if any(flight.stones for flight in course.flights):
            return
        stones = self._outbox.tombstones(course.lane)[: tombstones.MOST]
        if stones:
            self._launch(
                course, parcel.of_tombstones(self._journal.epoch, stones, self._topics), now
            )

    def _candidates(self, course: Course) -> tuple[tuple[Waiting, ...], bool]:
        """The rows to choose from, and whether they were sent before. A lane that tries anew takes
        turns: one message that never gets through must not stand before all others.
        """
        new_first = course.failures % 2 == 1
        if new_first and (rows := self._new(course)):
            return rows, False
        if course.again:
            rows = self._outbox.within(course.lane, course.again, MOST_ITEMS)
            if rows:
                return rows, True
            course.again = Ranges()  # gone meanwhile
        return self._new(course), False

    def _new(self, course: Course) -> tuple[Waiting, ...]:
        while rows := self._outbox.waiting(course.lane, course.cursor, MOST_ITEMS):
            busy = course.busy
            if left := tuple(row for row in rows if row.sequence not in busy):
                return left
            course.cursor = rows[-1].sequence
        return ()

    def _largest(self) -> int:
        """What one packet of many should hold: little enough for the line and for the broker."""
        if not self._batches:
            return 0
        paced, allowed = self.pace.packet(), self._publisher.largest
        return min(paced, allowed // 2) if allowed else paced

    def _launch_rows(
        self, course: Course, chosen: tuple[Waiting, ...], now: Instant, *, suspect: bool = False
    ) -> None:
        late = {row.sequence: parcel.is_late(row.time, now.wall) for row in chosen}
        course.again -= Ranges.numbers(late)
        rows = self._outbox.load(course.lane, list(late))
        if not rows:
            return  # gone since they were chosen
        named = [(row, late[row.sequence]) for row in rows]
        sent = parcel.of_rows(self._journal.epoch, named, self._topics)
        if len(rows) > 1:
            plain = sum(len(row.message.payload) for row in rows)
            self._shrink += (len(sent.payload) / plain - self._shrink) / 8
        self._launch(course, sent, now, suspect=suspect)

    def _launch(self, course: Course, sent: Parcel, now: Instant, *, suspect: bool = False) -> None:
        full = self._unacknowledged + sent.size >= self.pace.window(now.mono)
        departure = self.pace.departure(now.mono, full=full)
        flight = Flight(course.lane, sent.numbers, sent.size, departure, suspect, sent.stones)
        course.depart(flight)
        self._report.left(flight)

        def land(future: Future[Receipt]) -> None:
            self._report.landed(flight, future.result())

        self._publisher.publish(
            sent.topic, sent.payload, qos=1, content_type=sent.content_type, labels=sent.labels
        ).add_done_callback(land)
