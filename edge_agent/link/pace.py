"""How much may be on its way at once: enough to keep the line busy, little enough that a fresh
alarm waits `SLACK` behind it. Pure: figures in, figures out; `now` is monotonic seconds.

What is acknowledged of a flight, over the time it took, is the line's rate. A window of
rate × (shortest round trip + SLACK) fills the line and lets a queue of SLACK seconds stand before
it: less, and the rate would be measured too low; more, and an alarm waits longer for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

SLACK = 0.2  # seconds
FLOOR, CEILING = 8 * 1024, 256 * 1024  # bytes of the window
FIRST = 16 * 1024
SMALLEST_PACKET, LARGEST_PACKET = 4 * 1024, 64 * 1024
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 2.0, 60.0
_PACKET_SECONDS = 0.25  # one packet holds the line no longer than this
_FORGETS = 30.0  # seconds after which the shortest round trip is looked for again
_CONFIRMS = 1.1


@dataclass(frozen=True, slots=True)
class Departure:
    """What is to be known of a flight when its acknowledgement comes: when it left, how many
    bytes had been acknowledged by then, and whether more waited than the window let go.
    """

    at: float
    before: int
    full: bool


class Pace:
    """Measures one connection; begin each connection with a new one."""

    def __init__(self) -> None:
        self.done = 0  # bytes acknowledged
        self.rate = 0.0  # bytes a second
        self._shortest = 0.0
        self._found = 0.0
        self._smooth = self._spread = 0.0
        self._probe: float | None = None

    def departure(self, now: float, *, full: bool) -> Departure:
        """Something leaves now."""
        return Departure(now, self.done, full)

    def arrived(self, departure: Departure, size: int, now: float) -> None:
        """A flight of `size` bytes is acknowledged whole."""
        self.done += size
        took = max(now - departure.at, 1e-4)
        self._time(took, departure.at, now)
        sample = (self.done - departure.before) / took
        if sample > self.rate:
            self.rate = sample if not self.rate else self.rate + (sample - self.rate) / 2
        elif departure.full and self._probe is None:
            self.rate += (sample - self.rate) / 4

    def window(self, now: float) -> int:
        """Bytes that may be unacknowledged now."""
        if not self.rate:
            return FIRST
        if self._probe is None and now - self._found > _FORGETS:
            self._probe = now
        if self._probe is not None:
            return FLOOR  # the queue runs dry, so that the next round trip is a bare one
        return int(min(CEILING, max(FLOOR, self.rate * (self._shortest + SLACK))))

    def packet(self) -> int:
        """Bytes that one packet of many events should have at most."""
        return int(min(LARGEST_PACKET, max(SMALLEST_PACKET, self.rate * _PACKET_SECONDS)))

    def timeout(self) -> float:
        """Seconds after which an acknowledgement is overdue."""
        expected = self._smooth + 4 * self._spread
        return min(LONGEST_TIMEOUT, max(SHORTEST_TIMEOUT, expected))

    def _time(self, took: float, left: float, now: float) -> None:
        if not self._smooth:
            self._smooth, self._spread = took, took / 2
        self._spread += (abs(took - self._smooth) - self._spread) / 4
        self._smooth += (took - self._smooth) / 8
        probed = self._probe is not None and left >= self._probe
        if not self._shortest or probed or took <= self._shortest * _CONFIRMS:
            self._shortest = took if probed or not self._shortest else min(took, self._shortest)
            self._found, self._probe = now, None
