"""What of a lane is on its way over one connection. Pure bookkeeping; holds no payload."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge_agent.core.delivery import Ranges
from edge_agent.core.event import Lane
from edge_agent.link.pace import Departure

_FIRST_REST, _LONGEST_REST = 2.0, 60.0
_MOST_HELD = 50


@dataclass(slots=True, eq=False)
class Flight:
    """A publication under way: its numbers that are still unacknowledged, its bytes on the line,
    and since when the broker has it (None: it may still be in our own socket).

    `suspect`: it goes alone, because connections ended while it was on its way; `stones`: it
    holds tombstones, not messages.
    """

    lane: Lane
    numbers: Ranges
    size: int
    departure: Departure
    suspect: bool = False
    stones: bool = False
    taken: float | None = None


@dataclass(slots=True)
class Course:
    """How far one lane has come over this connection.

    `cursor`: everything up to it has been sent at least once; `again`: what of that must go once
    more; `ahead`: how far fresh alarms were looked for; `held`: refused numbers, until when.
    After a failure without any progress the lane rests, longer each time, and then tries with one
    publication; it rests too while `_MOST_HELD` numbers or more are held.
    """

    lane: Lane
    cursor: int = 0
    ahead: int = 0
    again: Ranges = field(default_factory=Ranges)
    flights: list[Flight] = field(default_factory=list)
    held: dict[int, float] = field(default_factory=dict)
    failures: int = 0
    rest_until: float = 0.0
    progress: float = 0.0

    @property
    def size(self) -> int:
        """Bytes that are unacknowledged."""
        return sum(flight.size for flight in self.flights)

    @property
    def untaken(self) -> list[Flight]:
        """What the broker has not confirmed."""
        return [flight for flight in self.flights if flight.taken is None]

    @property
    def busy(self) -> Ranges:
        """Numbers that are under way, held, or will go again before new ones go."""
        flying = Ranges.of(
            span for flight in self.flights if not flight.stones for span in flight.numbers.spans
        )
        return flying | self.again | Ranges.numbers(self.held)

    def resting(self, now: float) -> bool:
        """Whether nothing of this lane should go now."""
        trying = self.failures > 0 and bool(self.flights)
        return now < self.rest_until or trying or len(self.held) >= _MOST_HELD

    def depart(self, flight: Flight) -> None:
        """A publication leaves."""
        self.flights.append(flight)
        if not flight.stones:
            self.again -= flight.numbers

    def fail(self, flights: Iterable[Flight], now: float) -> None:
        """These did not get through: once more, and after a rest if nothing else did either."""
        alone = True
        for flight in flights:
            self._remove(flight)
            alone = alone and self.progress <= flight.departure.at
            if not flight.stones:
                self.again |= flight.numbers
        if alone and now >= self.rest_until:
            rest = min(_LONGEST_REST, _FIRST_REST * 2.0 ** min(self.failures, 6))
            self.failures, self.rest_until = self.failures + 1, now + rest

    def hold(self, flight: Flight, until: float) -> None:
        """It was refused: once more at that time; the others do not wait for it."""
        self._remove(flight)
        if not flight.stones:
            self.held.update(dict.fromkeys(flight.numbers, until))

    def release(self, now: float) -> None:
        """What was held long enough goes again."""
        ready = [number for number, until in self.held.items() if until <= now]
        for number in ready:
            del self.held[number]
        self.again |= Ranges.numbers(ready)

    def had(self, numbers: Ranges, now: float) -> list[Flight]:
        """The other side has these; gives the flights that are settled by it."""
        done: list[Flight] = []
        for flight in tuple(self.flights):
            left = flight.numbers - numbers
            if not left:
                self._remove(flight)
                done.append(flight)
            elif not flight.stones:
                flight.numbers = left
        self.again -= numbers
        if done:
            self.progress = now
            self.wake()
        return done

    def overdue(self, now: float, timeout: float) -> list[Flight]:
        """What the broker has taken and nobody has acknowledged for so long."""
        return [
            flight
            for flight in self.flights
            if flight.taken is not None and now - flight.taken > timeout
        ]

    def wake(self) -> None:
        """There is a reason to try at once."""
        self.failures, self.rest_until = 0, 0.0

    def _remove(self, flight: Flight) -> None:
        if flight in self.flights:
            self.flights.remove(flight)
