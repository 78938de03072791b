"""SIGTERM and SIGINT end a program in order."""

import os
import signal
import threading
from collections.abc import Iterator
from threading import Event

import pytest

from edge_agent.runtime.supervisor import stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sets_stop_and_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    stop = Event()
    with stop_on_signals(stop):
        os.kill(os.getpid(), number)
        assert stop.wait(5)
    assert signal.getsignal(number) is before
    assert "signals" not in [thread.name for thread in threading.enumerate()]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell's background job inherits an ignored SIGINT; these tests start from Python's own."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_second_interrupt_is_as_rude_as_ever() -> None:
    stop = Event()

    def twice() -> None:
        with stop_on_signals(stop):
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.wait(5)
            os.kill(os.getpid(), signal.SIGINT)
            Event().wait(5)

    with pytest.raises(KeyboardInterrupt):
        twice()


def test_without_a_signal_nothing_is_set_and_no_thread_stays() -> None:
    stop = Event()
    with stop_on_signals(stop):
        pass
    assert not stop.is_set()
    assert "signals" not in [thread.name for thread in threading.enumerate()]
