"""A TCP line in userspace, as poor as wanted: rate, delay, stall, half-open, cut; and its bytes.

    with Line(broker_port, kbit=128, delay=0.3) as line:
        ...  # connect to 127.0.0.1:line.port

The rate is shared by all connections of a direction, as on one ADSL or 4G line; what does not fit
waits in the sender's socket. Every change holds at once, for connections that stand as well.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

CHUNK = 1400  # bytes of one packet
_SOCKET_BUFFER = 16 * 1024


@dataclass
class Way:
    """One direction: `carried` bytes so far; when the line is free for the next packet."""

    carried: int = 0
    _free: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reserve(self, size: int, kbit: float) -> float:
        """Seconds until these bytes are on the line."""
        with self._lock:
            now = time.monotonic()
            self._free = max(now, self._free) + (size * 8 / (kbit * 1000) if kbit else 0.0)
            self.carried += size
            return self._free - now


class Line:
    """A door on loopback that leads to `port`; `kbit` per second (0: no limit) and `delay` in
    seconds hold for each direction.
    """

    def __init__(self, port: int, kbit: float = 0.0, delay: float = 0.0) -> None:
        self.kbit, self.delay = kbit, delay
        self.up, self.down = Way(), Way()
        self._target = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self._pipes: list[_Pipe] = []
        self._flows = threading.Event()
        self._flows.set()
        self._lets_in = True
        self._ended = False
        self._lock = threading.Lock()
        self._porter = threading.Thread(target=self._let_in, name="line-door", daemon=True)

    @property
    def port(self) -> int:
        """Where the door is."""
        return int(self._door.getsockname()[1])

    @property
    def url(self) -> str:
        """The door as a broker's address."""
        return f"mqtt://127.0.0.1:{self.port}"

    def __enter__(self) -> Line:
        self._porter.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended = True
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._flows.set()
        self.cut()
        self._porter.join(5)

    def stall(self) -> None:
        """Nothing comes through any more and nobody is told; connections are still let in."""
        self._flows.clear()

    def flow(self) -> None:
        """The end of a stall or of a closed door."""
        self._lets_in = True
        self._flows.set()

    def cut(self) -> None:
        """Both ends of every connection are reset."""
        with self._lock:
            pipes, self._pipes = self._pipes, []
        for pipe in pipes:
            pipe.reset()

    def close_door(self) -> None:
        """Cut, and refuse new connections until `flow`."""
        self._lets_in = False
        self.cut()

    def half_open(self) -> None:
        """The far ends are gone, the near ends learn nothing: what they send falls into a hole."""
        with self._lock:
            pipes = list(self._pipes)
        for pipe in pipes:
            pipe.lose_far_end()

    def _let_in(self) -> None:
        while not self._ended:
            try:
                near, _address = self._door.accept()
            except OSError:
                return
            try:
                if not self._lets_in:
                    raise ConnectionRefusedError
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                _reset(near)
                continue
            pipe = _Pipe(self, near, far)
            with self._lock:
                self._pipes = [old for old in self._pipes if old.alive] + [pipe]
            pipe.start()

    def wait_for_flow(self) -> None:
        """Returns when the line is not stalled."""
        self._flows.wait()


class _Pipe:
    """One connection: for each direction one thread takes packets, another delivers them late."""

    def __init__(self, line: Line, near: socket.socket, far: socket.socket) -> None:
        self._line, self._near, self._far = line, near, far
        self.alive = True
        self._far_lost = False
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BUFFER)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BUFFER)

    def start(self) -> None:
        """Carry in both directions."""
        for source, sink, way in (
            (self._near, self._far, self._line.up),
            (self._far, self._near, self._line.down),
        ):
            road = _Road()
            _start(self._take_in, source, way, road)
            _start(self._deliver, sink, road)

    def reset(self) -> None:
        """RST to both ends."""
        self.alive = False
        _reset(self._near)
        _reset(self._far)

    def lose_far_end(self) -> None:
        """Close the far end; the near one stays open and is read into the void."""
        self._far_lost = True
        _reset(self._far)

    def _take_in(self, source: socket.socket, way: Way, road: _Road) -> None:
        pause = threading.Event()
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self._line.wait_for_flow()
                pause.wait(way.reserve(len(data), self._line.kbit))
                road.put(time.monotonic() + self._line.delay, data)
        road.put(time.monotonic() + self._line.delay, b"")

    def _deliver(self, sink: socket.socket, road: _Road) -> None:
        while data := road.get():
            self._line.wait_for_flow()
            try:
                sink.sendall(data)
            except OSError:
                if not self._far_lost:
                    break
        if not (self._far_lost and sink is self._near):
            self._close()

    def _close(self) -> None:
        if not self.alive:
            return  # reset already
        self.alive = False
        for end in (self._near, self._far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class _Road:
    """Packets that are under way, each with the moment of its arrival; none overtakes another."""

    def __init__(self) -> None:
        self._packets: deque[tuple[float, bytes]] = deque()
        self._last = 0.0
        self._changed = threading.Condition()

    def put(self, arrives: float, data: bytes) -> None:
        """A packet leaves; an empty one is the end."""
        with self._changed:
            self._last = max(self._last, arrives)
            self._packets.append((self._last, data))
            self._changed.notify()

    def get(self) -> bytes:
        """The next packet, when it arrives."""
        with self._changed:
            while True:
                wait = self._packets[0][0] - time.monotonic() if self._packets else None
                if wait is not None and wait <= 0:
                    return self._packets.popleft()[1]
                self._changed.wait(wait)


def _start(task: Callable[..., None], *details: object) -> None:
    threading.Thread(target=task, args=details, name="line", daemon=True).start()


def _reset(end: socket.socket) -> None:
    """Close with RST instead of FIN; the shutdown wakes the thread that reads from it."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RD)
    end.close()
