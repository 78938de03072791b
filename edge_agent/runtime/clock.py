"""The one place where the clocks of the box are read (and the one that sleeps)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

from edge_agent.core.time import Instant


class Clock(Protocol):
    """Where `now` comes from; a fake in `tests/fakes` stands in for it."""

    def now(self) -> Instant:
        """This moment on both clocks."""
        ...


class SystemClock:
    """The clocks of the box: CLOCK_REALTIME as label, CLOCK_MONOTONIC as measure."""

    def now(self) -> Instant:
        """This moment on both clocks."""
        return Instant(datetime.now(UTC), time.monotonic())
