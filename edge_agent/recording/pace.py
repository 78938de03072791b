"""How a reader lets packets gather: waking up for each costs more than the packet itself. Pure.

What gathers waits in the socket. It must always fit there, for a camera whose packets are not taken
throws pictures away: the room that is used grows as the kernel makes the socket's buffer larger,
and a fast stream is left alone for a shorter time.
"""

from __future__ import annotations

_FIRST = 32 * 1024  # bytes that may gather at first: half of what a new TCP socket takes
_MOST = 128 * 1024  # in the end; Linux has grown the buffer to eight times as much by then
_LONGEST = 0.25  # seconds; as much more is lost when the recorder is killed
_LIVE = 0.003  # seconds that a packet lets wait for it when nothing has gathered
_WINDOW = 2.0  # seconds over which the rate is measured; before that nothing gathers


class Pace:
    """The pauses of one reader; moments are seconds of the monotonic clock."""

    def __init__(self, now: float) -> None:
        self._since, self._bytes = now, 0
        self._room, self._longest = _FIRST, 0.0
        self._asked = now

    def pause(self, size: int, arrived: float) -> float:
        """Seconds to wait before the next packet is asked for, after one of so many bytes; 0 while
        more may have gathered. Call `ask` when they are over.
        """
        self._bytes += size
        passed = arrived - self._since
        if passed >= _WINDOW:
            self._longest = min(_LONGEST, self._room * passed / self._bytes)
            self._room = min(_MOST, 2 * self._room)
            self._since, self._bytes = arrived, 0
        return self._longest if arrived - self._asked > _LIVE else 0.0

    def ask(self, now: float) -> None:
        """The next packet is asked for."""
        self._asked = now
