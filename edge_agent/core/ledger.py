"""The ledger's words: what a day of a camera was due and got, holds, deletions, notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from edge_agent.core.media import Gap, GapReason

EVERY_CAMERA = "*"


@dataclass(frozen=True, slots=True)
class Day:
    """One camera's day, in the site's time zone: due from `start` to `end` (UTC).

    `gaps` are clipped to it, ordered, without overlap; what is between them is recorded, so that
    due − recorded − lost is 0 by construction. `closed`: its footage may be gone by now.
    """

    camera: str
    day: date
    start: datetime
    end: datetime
    gaps: tuple[Gap, ...]
    closed: bool = False

    @property
    def due(self) -> timedelta:
        """How long there was something to record."""
        return max(timedelta(), self.end - self.start)

    @property
    def lost(self) -> timedelta:
        """How much of it is not recorded."""
        return sum(((gap.end or self.end) - gap.start for gap in self.gaps), timedelta())

    @property
    def recorded(self) -> timedelta:
        """How much of it is (or, once the footage went, was) on disk."""
        return self.due - self.lost

    def lost_by_reason(self) -> dict[GapReason, timedelta]:
        """What each reason cost."""
        lost: dict[GapReason, timedelta] = {}
        for gap in self.gaps:
            length = (gap.end or self.end) - gap.start
            lost[gap.reason] = lost.get(gap.reason, timedelta()) + length
        return lost


@dataclass(frozen=True, slots=True)
class Hold:
    """Footage and stills of a span that nobody deletes; `camera` may be `EVERY_CAMERA`.

    `end` None: still to come, without an end. `until` None: until it is released.
    """

    id: str
    camera: str
    start: datetime
    end: datetime | None
    reason: str
    who: str
    made: datetime
    until: datetime | None = None
    released: datetime | None = None
    released_by: str = ""

    def active(self, now: datetime) -> bool:
        """Whether it still protects anything."""
        return self.released is None and (self.until is None or now < self.until)

    def covers(self, camera: str, start: datetime, end: datetime) -> bool:
        """Whether any moment of [start, end) of this camera is held."""
        mine = self.camera in {camera, EVERY_CAMERA}
        return mine and start < (self.end or end) and end > self.start


class Why(StrEnum):
    """Why footage was deleted."""

    CEILING = "ceiling"  # older than the ceiling
    SPACE = "space"  # older than the floor, and the disk was running full
    DISK_FULL = "disk_full"  # inside the floor, by `when_full: delete_oldest`
    STILLS = "stills"  # pictures of events, older than the ceiling


@dataclass(frozen=True, slots=True)
class Deletion:
    """What one pass took of one camera: files, bytes, and the span that they covered."""

    at: datetime
    camera: str
    start: datetime
    end: datetime
    files: int
    size: int
    why: Why


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the recorder must tell people through the agent; `id` is idempotent."""

    id: str
    type: str
    subject: str
    time: datetime
    severity: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Promise(StrEnum):
    """How the duty to keep footage stands."""

    MET = "met"
    AT_RISK = "at_risk"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class RetentionStatus:
    """One camera's retention at one moment.

    `days_held` from its oldest footage to now; `risk_days` when the first deletion inside the
    floor (or the first stop) is to be expected, None when it is not; `bytes_per_day` as measured
    over the last week; `held_bytes` what holds keep of it; `capacity` what the disk has for
    footage of all cameras.
    """

    camera: str
    state: Promise
    since: datetime
    checked: datetime
    days_held: float
    risk_days: float | None
    bytes_per_day: int
    held_bytes: int
    capacity: int
