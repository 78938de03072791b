"""The immortal shell around mortal attempts."""

from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.supervisor import Backoff, Hopeless, immortal, start_thread
from tests.fakes.clock import FakeClock

AT_ONCE = Backoff(first=0.0, ceiling=0.0)


class Attempt:
    """Fails as told, one failure a call, then sets stop."""

    def __init__(self, *failures: Exception | None, clock: FakeClock | None = None) -> None:
        self.failures = list(failures)
        self.calls = 0
        self.clock = clock

    def __call__(self, stop: Event) -> None:
        self.calls += 1
        if self.clock:
            self.clock.pass_time(60)
        if not self.failures:
            stop.set()
            return
        failure = self.failures.pop(0)
        if failure:
            raise failure


def test_an_attempt_that_fails_or_ends_is_made_again_until_stop() -> None:
    attempt = Attempt(ValueError("x"), None, Trouble("camera.gone", "mất", "gone"))
    with capture_logs() as logs:
        immortal("c1", attempt, Event(), AT_ONCE)
    assert attempt.calls == 4
    assert [line["event"] for line in logs] == [
        "attempt.failed",
        "attempt.again",
        "attempt.again",
        "attempt.trouble",
        "attempt.again",
    ]
    assert [line.get("reason") for line in logs if line["event"] == "attempt.again"] == [
        "ValueError",
        "ended",
        "camera.gone",
    ]
    assert {line["name"] for line in logs} == {"c1"}


def test_what_a_person_must_mend_is_not_tried_again() -> None:
    attempt = Attempt(Hopeless("child.configuration", "sai", "wrong"))
    with capture_logs() as logs:
        immortal("recorder", attempt, Event(), AT_ONCE)
    assert attempt.calls == 1
    assert [line["event"] for line in logs] == ["attempt.given_up"]


def test_a_stop_before_the_first_attempt_makes_none() -> None:
    stop = Event()
    stop.set()
    attempt = Attempt()
    immortal("c1", attempt, stop, AT_ONCE)
    assert attempt.calls == 0


def test_an_attempt_that_held_out_counts_from_one_again() -> None:
    clock = FakeClock()
    attempt = Attempt(ValueError(), ValueError(), clock=clock)
    with capture_logs() as logs:
        immortal("c1", attempt, Event(), Backoff(0, 0, settled=30), clock)
    assert [line["failures"] for line in logs if line["event"] == "attempt.again"] == [1, 1]


def test_a_thread_ends_with_its_stop() -> None:
    stop = Event()
    thread = start_thread("waiter", lambda told: told.wait(30) and None, stop)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 30), (99, 30)]
)
def test_waits_double_up_to_the_ceiling(failures: int, seconds: float) -> None:
    assert Backoff().delay(failures, 0.5) == seconds


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_a_wait_is_never_negative_nor_far_above_the_ceiling(failures: int, chance: float) -> None:
    assert 0 < Backoff().delay(failures, chance) <= 30 * 1.2
