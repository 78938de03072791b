"""What systemd is told (sd_notify(3)): ready, status, stopping, and a watchdog that means it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock

from edge_agent.core.time import Instant
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log, scrub
from edge_agent.runtime.supervisor import start_thread


class Pulse:
    """Who has promised signs of life, how often, and who is late: what makes a watchdog real.

    A thread promises once (`promise("camera/c01", within=60)`), beats as it works, and is
    `released` when it ends on purpose. Thread-safe.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._within: dict[str, float] = {}
        self._last: dict[str, Instant] = {}

    def promise(self, name: str, within: float) -> None:
        """From now on `name` beats at least every `within` seconds."""
        with self._lock:
            self._within[name] = within
            self._last[name] = self._clock.now()

    def beat(self, name: str) -> None:
        """A sign of life; of somebody who promised nothing it means nothing."""
        with self._lock:
            if name in self._within:
                self._last[name] = self._clock.now()

    def released(self, name: str) -> None:
        """The promise is over."""
        with self._lock:
            self._within.pop(name, None)
            self._last.pop(name, None)

    def late(self) -> list[str]:
        """Who is overdue at this moment."""
        now = self._clock.now()
        with self._lock:
            return sorted(
                name
                for name, within in self._within.items()
                if now.since(self._last[name]) > within
            )


@dataclass(slots=True)
class _Systemd:
    """Where systemd listens; empty: there is none."""

    address: str = ""


_systemd = _Systemd()


def connect(address: str) -> None:
    """Once at the start of a program, with `config.environment.notify_socket()`. Without it every
    call of this file says nothing to nobody.
    """
    _systemd.address = address


def ready(text: str = "") -> None:
    """Tell systemd that everything that was asked for runs."""
    _say("READY=1", text)


def status(text: str) -> None:
    """One line for `systemctl status`."""
    _say("", text)


def stopping() -> None:
    """Tell systemd that we are on our way out."""
    _say("STOPPING=1", "")


@contextmanager
def watchdog(
    stop: Event, interval: float | None, late: Callable[[], Sequence[str]] = tuple
) -> Iterator[None]:
    """While this lasts, beat three times per `interval` as long as `late()` names nobody.

    `interval` is what `config.environment.watchdog_interval()` says: seconds within which systemd
    wants a sign of life, None if it wants none. Somebody late (see Pulse): no beat, one log line,
    and systemd restarts the process if it lasts. Beats go on after `stop` until the context ends,
    as stopping in order takes its time.
    """
    if interval is None:
        yield
        return
    over = Event()
    thread = start_thread("watchdog", lambda _: _beat(over, stop, interval / 3, late), over)
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(over: Event, stop: Event, every: float, late: Callable[[], Sequence[str]]) -> None:
    silent: tuple[str, ...] = ()
    while not over.wait(every):
        overdue = () if stop.is_set() else tuple(late())
        if overdue and overdue != silent:
            log.error("watchdog.withheld", late=overdue)
        if not overdue:
            _say("WATCHDOG=1", "")
        silent = overdue


def _say(state: str, text: str) -> None:
    """One datagram; systemd that does not listen, or not in time, stops nobody's work."""
    if not _systemd.address:
        return
    line = f"STATUS={' '.join(str(scrub(text)).split())}" if text else ""
    message = "\n".join(part for part in (state, line) if part)
    address = _systemd.address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line_to_systemd:
        line_to_systemd.setblocking(False)
        try:
            line_to_systemd.sendto(
                message.encode(), f"\0{address[1:]}" if address.startswith("@") else address
            )
        except OSError as error:
            log.warning("notify.failed", error=str(error))
