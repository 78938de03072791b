"""The figures of a camera's status."""

from edge_agent.vision.meter import Meter
from tests.fakes.clock import FakeClock


def test_the_rate_is_that_of_the_last_ten_seconds_and_the_lag_the_worst() -> None:
    clock = FakeClock()
    meter = Meter("c", clock.now())
    for index in range(200):
        taken = clock.pass_time(0.2)
        meter.analysed(taken, taken.plus(0.3 if index == 190 else 0.05))
    status = meter.status(clock.pass_time(0.1), 4, 2, "")
    assert (status.fps, status.analysed, status.dropped, status.persons) == (5.0, 200, 4, 2)
    assert status.lag == 0.3


def test_a_camera_that_sends_nothing_has_a_rate_of_zero_and_says_why() -> None:
    clock = FakeClock()
    meter = Meter("c", clock.now())
    meter.analysed(clock.now(), clock.now())
    status = meter.status(clock.pass_time(60), 0, 0, "camera.stream_lost")
    assert (status.fps, status.lag, status.reason) == (0.0, 0.0, "camera.stream_lost")


def test_the_rate_is_honest_from_the_first_seconds_on() -> None:
    clock = FakeClock()
    meter = Meter("c", clock.now())
    for _ in range(10):
        meter.analysed(clock.now(), clock.now())
        clock.pass_time(0.2)
    assert meter.status(clock.now(), 0, 0, "").fps == 5.0
