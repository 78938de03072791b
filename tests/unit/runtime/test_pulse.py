"""Who has promised signs of life, and who is late."""

from edge_agent.runtime.notify import Pulse
from tests.fakes.clock import FakeClock


def test_only_who_promised_and_is_overdue_is_late() -> None:
    clock = FakeClock()
    pulse = Pulse(clock)
    pulse.promise("camera/c1", within=60)
    pulse.promise("link", within=10)
    pulse.beat("stranger")
    assert pulse.late() == []
    clock.pass_time(11)
    assert pulse.late() == ["link"]
    pulse.beat("link")
    assert pulse.late() == []
    clock.pass_time(60)
    assert pulse.late() == ["camera/c1", "link"]
    pulse.released("camera/c1")
    pulse.released("link")
    assert pulse.late() == []


def test_a_wall_clock_that_is_set_makes_nobody_late() -> None:
    clock = FakeClock()
    pulse = Pulse(clock)
    pulse.promise("link", within=10)
    clock.step_wall(86400)
    assert pulse.late() == []
