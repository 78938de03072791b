"""Key frames for whoever looks at pictures: a unix socket, lossy, bounded, newest wins.

Wire: a stream of messages, each a u32 length (big endian) and `KeyFrame.to_bytes()` of that many
bytes. The recorder sends, a reader never answers. A reader that is busy misses frames: for each
camera only the newest waits for it, older ones are counted as dropped. A reader that takes nothing
for a second is disconnected and may come again. Only the recorder's user and group may connect.
"""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path
from threading import Condition, Event, Thread

from edge_agent.core.media import KeyFrame
from edge_agent.runtime.logs import log

_MODE = 0o660
_SLOW = 1.0  # seconds that a reader may let a message wait
_READERS = 4


class _Reader:
    """One connection, its own thread, at most one waiting frame per camera."""

    def __init__(self, connection: socket.socket) -> None:
        self.dropped = 0
        self.alive = True
        self._connection = connection
        self._waiting: dict[str, KeyFrame] = {}
        self._changed = Condition()
        connection.settimeout(_SLOW)
        Thread(target=self._send, name="keyframes.reader", daemon=True).start()

    def offer(self, frame: KeyFrame) -> None:
        with self._changed:
            self.dropped += frame.camera in self._waiting
            self._waiting[frame.camera] = frame
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self.alive = False
            self._changed.notify()

    def _send(self) -> None:
        reason = "stopped"
        try:
            while (frame := self._next()) is not None:
                message = frame.to_bytes()
                self._connection.sendall(struct.pack("!I", len(message)) + message)
        except TimeoutError:
            reason = "slow"
        except OSError:
            reason = "gone"
        finally:
            self.alive = False
            self._connection.close()
            log.info("keyframes.reader_left", reason=reason, dropped=self.dropped)

    def _next(self) -> KeyFrame | None:
        with self._changed:
            while self.alive and not self._waiting:
                self._changed.wait()
            if not self.alive:
                return None
            return self._waiting.pop(next(iter(self._waiting)))


class KeyFrameServer:
    """The recorder's end of the channel; `offer` never waits for a reader."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers: list[_Reader] = []

    @property
    def wanted(self) -> bool:
        """Whether anybody listens: nobody need copy a frame otherwise."""
        return any(reader.alive for reader in self._readers)

    @property
    def dropped(self) -> int:
        """Frames that a newer one of the same camera replaced, of the readers of now."""
        return sum(reader.dropped for reader in self._readers)

    def offer(self, frame: KeyFrame) -> None:
        """Hand a key frame to every reader that can take it."""
        for reader in self._readers:
            if reader.alive:
                reader.offer(frame)

    def run_once(self, stop: Event) -> None:
        """Listen until told to stop. Raises OSError when the socket cannot be made."""
        listener = _listen(self.path)
        try:
            while not stop.is_set():
                with suppress(TimeoutError):
                    self._admit(listener.accept()[0])
        finally:
            listener.close()
            for reader in self._readers:
                reader.end()
            self.path.unlink(missing_ok=True)

    def _admit(self, connection: socket.socket) -> None:
        readers = [reader for reader in self._readers if reader.alive]
        if len(readers) >= _READERS:
            connection.close()
            log.warning("keyframes.refused", readers=len(readers))
            return
        # a new list: `offer` may be walking over the old one
        self._readers = [*readers, _Reader(connection)]
        log.info("keyframes.reader_came", readers=len(self._readers))


def _listen(path: Path) -> socket.socket:
    """A listening socket at a path of any length: sun_path holds 107 bytes, a folder's
    descriptor under /proc/self/fd makes every path short.
    """
    path.unlink(missing_ok=True)  # left behind by a recorder that was killed
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), _MODE)  # nobody else connects between bind and chmod
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(_MODE)
        listener.listen(_READERS)
        listener.settimeout(0.5)
    except OSError:
        listener.close()
        raise
    finally:
        os.close(folder)
    return listener
