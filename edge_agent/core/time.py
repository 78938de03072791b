"""Time: wall time labels, monotonic time measures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment, read from both clocks of the box at once.

    `wall` is an aware UTC datetime and only labels; `mono` is seconds of the monotonic clock
    (comparable between processes of one boot) and is the only one durations come from.
    """

    wall: datetime
    mono: float

    def since(self, earlier: Instant) -> float:
        """Seconds from `earlier` to this moment, whatever the wall clock did in between."""
        return self.mono - earlier.mono

    def plus(self, seconds: float) -> Instant:
        """The moment `seconds` later (negative: earlier) on both clocks."""
        return Instant(self.wall + timedelta(seconds=seconds), self.mono + seconds)

    def labelled(self, wall: datetime) -> Instant:
        """The moment with this label, had the wall clock never been stepped in between."""
        return Instant(wall, self.mono + (wall - self.wall).total_seconds())


EPOCH = Instant(datetime(1970, 1, 1, tzinfo=UTC), 0.0)  # where footage without a date begins


def iso(wall: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`: the only spelling of time on disk and wire."""
    text = wall.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """The aware UTC datetime that `iso` wrote. Raises ValueError on anything else."""
    wall = datetime.fromisoformat(text)
    if wall.tzinfo is None:
        raise ValueError(f"time without a zone: {text!r}")
    return wall.astimezone(UTC)
