"""A clock that moves only when told to."""

from datetime import UTC, datetime, timedelta

from edge_agent.core.time import Instant


class FakeClock:
    """Both clocks in the test's hands: `pass_time` moves both, `step_wall` only the label."""

    def __init__(self, wall: datetime | None = None, mono: float = 1000.0) -> None:
        self.instant = Instant(wall or datetime(2021, 7, 28, 7, 0, tzinfo=UTC), mono)

    def now(self) -> Instant:
        return self.instant

    def pass_time(self, seconds: float) -> Instant:
        self.instant = self.instant.plus(seconds)
        return self.instant

    def step_wall(self, seconds: float) -> None:
        self.instant = Instant(self.instant.wall + timedelta(seconds=seconds), self.instant.mono)
