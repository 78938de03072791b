"""How well one camera is really looked at: the figures of its `VisionStatus`."""

from __future__ import annotations

from collections import deque

from edge_agent.core.perception import VisionStatus
from edge_agent.core.time import Instant

WINDOW = 10.0  # seconds


class Meter:
    """Counts the frames of one camera that the detector saw, and how late their results were."""

    def __init__(self, camera: str, opened: Instant) -> None:
        self._camera, self._opened = camera, opened
        self._analysed = 0
        self._recent: deque[tuple[float, float]] = deque()

    def analysed(self, taken: Instant, done: Instant) -> None:
        """A frame taken at `taken` had its result at `done`."""
        self._analysed += 1
        self._recent.append((done.mono, done.since(taken)))

    def status(self, now: Instant, dropped: int, persons: int, reason: str) -> VisionStatus:
        """The last ten seconds' rate and worst lag (0 when nothing was analysed in them)."""
        while self._recent and now.mono - self._recent[0][0] >= WINDOW:
            self._recent.popleft()
        span = min(WINDOW, max(now.since(self._opened), 1.0))
        return VisionStatus(
            camera=self._camera,
            at=now,
            fps=round(len(self._recent) / span, 2),
            analysed=self._analysed,
            dropped=dropped,
            lag=round(max((lag for _, lag in self._recent), default=0.0), 3),
            persons=persons,
            reason=reason,
        )
