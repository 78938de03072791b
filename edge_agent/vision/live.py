"""A short look from afar: the sub stream as it comes, copied into fMP4 pieces.

One camera's source is tapped while somebody looks; nobody opens another session for it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import av

from edge_agent.core.perception import LivePiece
from edge_agent.core.time import Instant
from edge_agent.runtime.logs import log

CEILING = 384_000 / 8  # bytes a second on average: what a poor line can carry beside alarms
_BURST = 2.0  # seconds of it that may come at once: a key frame is large
_PIECE = 32 * 1024  # bytes; a last, smaller piece follows


class LiveTap:
    """What a `RtspSource` shows each of its packets to. Off until `start`; one look at a time."""

    def __init__(self, camera: str, say: Callable[[LivePiece], None]) -> None:
        self._camera, self._say = camera, say
        self._lock = Lock()
        self._look: _Look | None = None

    def start(self, request: str, until: Instant) -> None:
        """From any thread: copy from the next key frame on, until then. Ends a look that runs."""
        with self._lock:
            self._end()
            self._look = _Look(request, until, self._say)

    def stop(self) -> None:
        """From any thread: end the look that runs, if any."""
        with self._lock:
            self._end()

    def packet(self, packet: Any, stream: Any, now: Instant) -> None:
        """One packet of the stream, after it was decoded: muxing changes it."""
        with self._lock:
            if self._look is None:
                return
            try:
                self._look.take(packet, stream, now)
            except (av.error.FFmpegError, OSError, ValueError) as error:
                log.warning("live.broken", camera=self._camera, error=type(error).__name__)
                self._end()
                return
            if now.mono >= self._look.until.mono:
                self._end()

    def _end(self) -> None:
        look, self._look = self._look, None
        if look is not None:
            look.close()
            log.info("live.ended", camera=self._camera, request=look.request, bytes=look.sent)


class _Look:
    """One look: an fMP4 being written; what is written leaves in pieces."""

    def __init__(self, request: str, until: Instant, say: Callable[[LivePiece], None]) -> None:
        self.request, self.until, self.sent = request, until, 0
        self._say, self._pending = say, bytearray()
        self._container: Any = None
        self._out: Any = None
        self._began = 0.0
        self._first = 0

    def take(self, packet: Any, stream: Any, now: Instant) -> None:
        """Copy the packet; over the ceiling only key frames go."""
        if packet.dts is None or packet.size == 0:
            return
        if self._container is None:
            if not packet.is_keyframe:
                return
            self._open(packet, stream, now)
        allowed = CEILING * (now.mono - self._began + _BURST)
        if not packet.is_keyframe and self.sent + len(self._pending) + packet.size > allowed:
            return
        copy = av.Packet(bytes(packet))
        copy.stream, copy.time_base = self._out, packet.time_base
        copy.is_keyframe = packet.is_keyframe
        copy.dts = packet.dts - self._first
        copy.pts = max((packet.pts if packet.pts is not None else packet.dts), packet.dts)
        copy.pts -= self._first
        self._container.mux(copy)

    def write(self, data: bytes) -> int:
        """What the muxer calls: bytes of the film."""
        self._pending += data
        while len(self._pending) >= _PIECE:
            self._send(_PIECE, last=False)
        return len(data)

    def close(self) -> None:
        """Write what is left and say that it was the last."""
        if self._container is not None:
            self._container.close()
        self._send(len(self._pending), last=True)

    def _open(self, packet: Any, stream: Any, now: Instant) -> None:
        flags = {"movflags": "empty_moov+default_base_moof+frag_keyframe", "flush_packets": "1"}
        self._container = av.open(self, "w", format="mp4", options=flags)
        self._out = self._container.add_stream_from_template(stream)
        self._began, self._first = now.mono, packet.dts

    def _send(self, size: int, *, last: bool) -> None:
        piece, self._pending = bytes(self._pending[:size]), self._pending[size:]
        self._say(LivePiece(self.request, piece, last))
        self.sent += len(piece)
