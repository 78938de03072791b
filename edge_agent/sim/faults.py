"""Faults on demand: the switches that make one virtual camera misbehave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any

from edge_agent.runtime.logs import log


@dataclass(frozen=True, slots=True)
class Switches:
    """What is wrong with a camera now; all off is a healthy one.

    `wrong_password`: nobody's password is right (RTSP 401, ONVIF NotAuthorized).
    `refuse`: the camera has vanished: listeners and sessions closed, no answer to probes.
    `freeze`: RTSP sessions stay open and no packet comes.
    `clock_offset`: seconds that the camera's clock is ahead of ours.
    `garbage`: the pictures' bytes are random, in whole RTP packets.
    `no_key_frames`: every key frame is swallowed.
    `other_size`: the main stream shows the small pictures of the sub stream.
    `pts_offset`: seconds that the RTP time stamps are ahead of the truth.
    `trickle`: one picture in four seconds.
    `stuck`: the same picture again and again.
    `cover`, `turn`, `blur`, `dark`: what was done to its lens.
    """

    wrong_password: bool = False
    refuse: bool = False
    freeze: bool = False
    clock_offset: float = 0.0
    garbage: bool = False
    no_key_frames: bool = False
    other_size: bool = False
    pts_offset: float = 0.0
    trickle: bool = False
    stuck: bool = False
    cover: bool = False
    turn: bool = False
    blur: bool = False
    dark: bool = False


class Faults:
    """One camera's switches, set from any thread; who listens hears of each change."""

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._lock = Lock()
        self._switches = Switches()
        self._listeners: list[Callable[[Switches], None]] = []

    @property
    def now(self) -> Switches:
        """The switches as they stand."""
        return self._switches

    def set(self, **changes: Any) -> Switches:
        """Turn the named switches and return when the camera behaves so.

        Raises ValueError for a switch that does not exist or a value that does not fit it.
        """
        known = asdict(self._switches)
        for name, value in changes.items():
            fits = isinstance(value, bool) == isinstance(known.get(name), bool)
            if name not in known or not fits or not isinstance(value, bool | int | float):
                raise ValueError(f"no such switch: {name}={value!r}; known: {', '.join(known)}")
        with self._lock:
            self._switches = replace(self._switches, **changes)
            for listener in self._listeners:
                listener(self._switches)
        log.info("sim.fault", camera=self._camera, **changes)
        return self._switches

    def listen(self, listener: Callable[[Switches], None]) -> None:
        """Call `listener` with every later change, in the thread that makes it."""
        self._listeners.append(listener)
