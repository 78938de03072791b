"""Immortal shell, mortal attempt: restarting lives here and nowhere else.

An attempt is a callable that takes the stop event and works until it fails or is told to stop.
The shell logs the failure once, waits (never `sleep`: the wait ends when stop is set), tries again.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from types import FrameType

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.runtime.logs import log

Attempt = Callable[[Event], None]


class Hopeless(Trouble):
    """A trouble that no further attempt can mend without a person: the shell gives up on it."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between attempts: `first`, doubled up to `ceiling`, ± `jitter` share; an attempt
    that held out longer than `settled` seconds starts again from `first`.
    """

    first: float = 1.0
    ceiling: float = 30.0
    jitter: float = 0.2
    settled: float = 30.0

    def delay(self, failures: int, chance: float) -> float:
        """Seconds to wait after so many failures in a row; `chance` is 0..1."""
        base = min(self.ceiling, self.first * 2.0 ** min(max(failures, 1) - 1, 16))
        return base * (1 + self.jitter * (2 * chance - 1))


def immortal(
    name: str,
    attempt: Attempt,
    stop: Event,
    backoff: Backoff | None = None,
    clock: Clock | None = None,
) -> None:
    """Run `attempt` again and again until `stop` is set; never raises for what it raised.

    Returns before that only when the attempt raised Hopeless.
    """
    backoff, clock = backoff or Backoff(), clock or SystemClock()
    failures = 0
    while not stop.is_set():
        began = clock.now()
        try:
            attempt(stop)
            reason = "ended"
        except Hopeless as trouble:
            log.error("attempt.given_up", name=name, **_told(trouble))
            return
        except Trouble as trouble:
            reason = trouble.code
            log.warning("attempt.trouble", name=name, **_told(trouble))
        except Exception as error:
            reason = type(error).__name__
            log.error("attempt.failed", name=name, error=str(error), exc_info=True)
        if stop.is_set():
            return
        failures = 1 if clock.now().since(began) > backoff.settled else failures + 1
        wait = backoff.delay(failures, random.random())
        log.info(
            "attempt.again", name=name, after_s=round(wait, 1), reason=reason, failures=failures
        )
        stop.wait(wait)


def _told(trouble: Trouble) -> dict[str, str]:
    return {"code": trouble.code, "vi": trouble.vi, "en": trouble.en}


def start_thread(
    name: str, attempt: Attempt, stop: Event, backoff: Backoff | None = None
) -> Thread:
    """An immortal attempt in its own daemon thread, already started."""
    thread = Thread(target=immortal, args=(name, attempt, stop, backoff), name=name, daemon=True)
    thread.start()
    return thread


@contextmanager
def stop_on_signals(stop: Event) -> Iterator[None]:
    """While this lasts, SIGTERM and SIGINT set `stop`; a second SIGINT acts as it did before.

    Only for the main thread. The handler writes one byte to a pipe and a thread sets the event:
    an event set by a handler could wait for a lock that the interrupted code itself holds.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def on_signal(number: int, _frame: FrameType | None) -> None:
        os.write(writer, bytes([number]))
        if number == signal.SIGINT:
            signal.signal(number, before[signal.SIGINT])

    def listen() -> None:
        number = os.read(reader, 1)[0]
        if number:
            log.info("signal.received", signal=signal.Signals(number).name)
            stop.set()

    listener = Thread(target=listen, name="signals", daemon=True)
    listener.start()
    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.write(writer, b"\0")
        listener.join()
        os.close(writer)
        os.close(reader)
