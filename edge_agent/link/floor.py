"""The clock floor: a time that has surely come. A box that woke with an older clock cannot judge
certificates: those not valid yet would be refused, and those long expired accepted.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from edge_agent.core.trouble import Trouble
from edge_agent.link import troubles

BUILT = datetime(2026, 11, 1, tzinfo=UTC)  # raised with every release, never after its date
_TOLERANCE = timedelta(hours=1)
_STEP = timedelta(hours=1)


def behind(now: datetime, agreed: datetime) -> Trouble | None:
    """Why no certificate can be judged now; `agreed` is what site and center last agreed on."""
    floor = max(BUILT, agreed)
    return troubles.clock_behind(now, floor) if now < floor - _TOLERANCE else None


def raised(agreed: datetime, now: datetime, center: datetime) -> datetime | None:
    """The new floor when the center says what time it is: the earlier of both clocks, so that no
    single clock that runs ahead locks the site out. None while it is not worth writing down.
    """
    both = min(now, center)
    return both if both > max(agreed, BUILT) + _STEP else None
