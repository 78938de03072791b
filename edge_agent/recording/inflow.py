"""Between a camera and the disk: packets wait here while the disk is slow, so that none is missed.

The queue is bounded in bytes. When it is full the session ends with `disk_slow`: what waits is
still written, what would have followed is a gap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from threading import Condition, Event, Thread
from typing import Any

from av.packet import Packet

from edge_agent.core.media import GapReason
from edge_agent.core.time import Instant
from edge_agent.recording.loss import Lost
from edge_agent.recording.pace import Pace
from edge_agent.recording.source import SILENCE, LiveStream
from edge_agent.runtime.clock import Clock

LIMIT = 8 * 2**20  # bytes of one camera: 16 s at 4 Mbit/s


class Inflow:
    """Reads a stream in a thread of its own, from `with` to its end."""

    def __init__(self, stream: LiveStream, clock: Clock, limit: int = LIMIT) -> None:
        self._stream, self._clock, self._limit = stream, clock, limit
        self._waiting: deque[tuple[Packet[Any], Instant]] = deque()
        self._bytes = 0
        self._urgent = False
        self._lost: Lost | None = None
        self._left = Event()
        self._changed = Condition()
        self._thread = Thread(target=self._read, name="inflow", daemon=True)

    def __enter__(self) -> Inflow:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Waits for the reader, which a frozen camera keeps for SILENCE seconds at most."""
        self._left.set()
        self._thread.join()

    def packets(self, stop: Event) -> Iterator[tuple[Packet[Any], Instant]]:
        """Each packet and when it arrived, until `stop` and all that has come by then; raises Lost
        behind the last.
        """
        stopping = False
        while not stopping:
            stopping = stop.is_set()
            with self._changed:
                # a key frame ends a fragment and is wanted at once; others come in batches, which
                # costs a third of the waking up
                if not self._urgent and self._lost is None and not stopping:
                    self._changed.wait(1.0)
                batch, self._waiting = self._waiting, deque()
                self._bytes, self._urgent, lost = 0, False, self._lost
            yield from batch
            if lost is not None:
                raise lost

    def _read(self) -> None:
        lost, last = Lost(GapReason.UNKNOWN, "the reader failed"), self._clock.now()
        pace = Pace(last.mono)
        try:
            for packet in self._stream.packets():
                now = self._clock.now()
                silence, last = now.since(last), now
                if self._left.is_set() or not self._put(packet, now):
                    lost = Lost(GapReason.DISK_SLOW, f"{self._limit} bytes wait for the disk")
                    return
                if silence > SILENCE:
                    # FFmpeg keeps the last picture back and hands it out when its time is up
                    lost = Lost(GapReason.CAMERA_OFFLINE, "no packets within the time limit")
                    return
                self._let_gather(pace, packet.size, now)
        except Lost as told:
            lost = told
        finally:
            with self._changed:
                self._lost = lost
                self._changed.notify_all()

    def _let_gather(self, pace: Pace, size: int, now: Instant) -> None:
        pause = pace.pause(size, now.mono) if self._stream.waits else 0.0
        if pause > 0.0:
            self._left.wait(pause)
            now = self._clock.now()
        pace.ask(now.mono)

    def _put(self, packet: Packet[Any], now: Instant) -> bool:
        with self._changed:
            if self._bytes + packet.size > self._limit:
                return False
            self._bytes += packet.size
            self._waiting.append((packet, now))
            if packet.is_keyframe and packet.stream_index == self._stream.video.index:
                self._urgent = True
                self._changed.notify_all()
            return True
