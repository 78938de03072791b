"""The window fills the line and no more: against a line of arithmetic, rate and delay known."""

import pytest

from edge_agent.link.pace import CEILING, FIRST, FLOOR, SLACK, Pace

PACKET = 2000


class Line:
    """A queue before a line of `rate` bytes a second with a bare round trip of `trip` seconds."""

    def __init__(self, rate: float, trip: float) -> None:
        self.rate, self.trip, self.free = rate, trip, 0.0

    def acknowledged(self, now: float, size: int) -> float:
        self.free = max(self.free, now) + size / self.rate
        return self.free + self.trip


def run(pace: Pace, line: Line, seconds: float, began: float = 0.0) -> tuple[float, list[float]]:
    """Keep the window full; the goodput of the second half, and how long each packet queued."""
    now, flights, waits, done = began, [], [], 0
    while now < began + seconds:
        weight = PACKET * len(flights)
        if not flights or weight < pace.window(now):
            full = weight + PACKET >= pace.window(now)
            arrives = line.acknowledged(now, PACKET)
            flights.append((arrives, pace.departure(now, full=full)))
            if now > began + seconds / 2:
                waits.append(arrives - line.trip - now)
            continue
        arrives, departure = flights.pop(0)
        now = max(now, arrives)
        pace.arrived(departure, PACKET, now)
        done += PACKET if now > began + seconds / 2 else 0
    return done / (seconds / 2), waits


@pytest.mark.parametrize(
    ("rate", "trip"), [(16_000, 0.65), (64_000, 0.25), (500_000, 0.05), (16_000, 2.0)]
)
def test_the_line_is_busy_and_the_queue_before_it_short(rate: float, trip: float) -> None:
    goodput, waits = run(Pace(), Line(rate, trip), 60)
    assert goodput > 0.85 * rate
    assert sorted(waits)[len(waits) * 95 // 100] < SLACK + FLOOR / rate + 0.1


def test_a_line_that_becomes_slow_or_long_is_followed() -> None:
    pace, line = Pace(), Line(64_000, 0.25)
    run(pace, line, 30)
    line.rate, line.trip = 16_000, 0.65
    goodput, _waits = run(pace, line, 60, 40.0)
    assert goodput > 0.8 * 16_000


def test_the_window_begins_small_and_is_bounded() -> None:
    pace = Pace()
    assert pace.window(0) == FIRST
    pace.arrived(pace.departure(0, full=True), 10_000_000, 0.001)
    assert pace.window(0.001) == CEILING
    slow = Pace()
    slow.arrived(slow.departure(0, full=True), 100, 10)
    assert slow.window(10) == FLOOR


def test_the_patience_follows_the_round_trip_within_bounds() -> None:
    quick, slow = Pace(), Pace()
    for number in range(50):
        quick.arrived(quick.departure(number, full=False), 500, number + 0.02)
        slow.arrived(slow.departure(number, full=False), 500, number + 8)
    assert quick.timeout() == 2
    assert 8 < slow.timeout() < 60
