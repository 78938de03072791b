"""Key frames of the main streams, as the recorder hands them out on its unix socket.

Framing: a big-endian u32 length, then one `KeyFrame` message. The channel is lossy by agreement:
whoever reads slowly misses frames, and here only the newest of each camera is kept.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Condition, Event

from edge_agent.core.media import KeyFrame
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.logs import log
from edge_agent.vision.decoder import KeyFrameDecoder
from edge_agent.vision.frame import Frame, Pace

_LARGEST = 16 * 1024 * 1024  # bytes; a 4K key frame stays below 2 MB
_WAIT = 0.5  # seconds between looks at `stop`


class KeyFrameBoard:
    """The newest key frame of every camera; a newer one takes the older one's place."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._newest: dict[str, KeyFrame] = {}

    def put(self, key: KeyFrame) -> None:
        """A key frame arrived."""
        with self._changed:
            self._newest[key.camera] = key
            self._changed.notify_all()

    def newest(self, camera: str) -> KeyFrame | None:
        """The last key frame of this camera, however old."""
        with self._changed:
            return self._newest.get(camera)

    def newer(self, camera: str, than: KeyFrame | None, timeout: float) -> KeyFrame | None:
        """A key frame of this camera other than `than`; None if none comes within `timeout`."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._newest.get(camera, than) is not than, timeout
            )
            return self._newest[camera] if came else None


class KeyFrameReader:
    """Reads the recorder's socket at `path` and hands every key frame to `put`."""

    def __init__(self, path: Path, put: Callable[[KeyFrame], None]) -> None:
        self._path, self._put = path, put

    def run_once(self, stop: Event) -> None:
        """One connection, until `stop`. Raises Trouble `keyframes.unavailable` when it ends."""
        try:
            with _connected(self._path) as line:
                log.info("keyframes.connected")
                for message in _messages(line, stop):
                    self._put(KeyFrame.from_bytes(message))
        except (OSError, ValueError) as error:
            raise _unavailable(self._path, str(error)) from error


class MainStreamSource:
    """Frames of a camera without a sub stream: the key frames of its main stream, decoded."""

    def __init__(self, camera: str, board: KeyFrameBoard, fps: float) -> None:
        self._camera, self._board, self._fps = camera, board, fps

    def frames(self, stop: Event) -> Iterator[Frame]:
        """Frames until `stop`, as often as the camera sends key frames and at most `fps`."""
        decoder, pace, last = KeyFrameDecoder(), Pace(self._fps), None
        while not stop.is_set():
            key = self._board.newer(self._camera, last, _WAIT)
            if key is None:
                continue
            last = key
            if pace.due(key.at.mono):
                image = decoder.decode(key)
                if image is not None:
                    yield Frame(self._camera, key.at, image)


class KeyPictures:
    """The newest key frames as pictures, decoded only when somebody asks.

    One decoder and one picture for all cameras: those of sixteen would be 300 MB, and a picture is
    asked for again within the same look only. Owned by the inference thread.
    """

    def __init__(self, board: KeyFrameBoard) -> None:
        self._board, self._decoder = board, KeyFrameDecoder()
        self._decoded: tuple[KeyFrame, Frame | None] | None = None

    def newest(self, camera: str, oldest: float) -> Frame | None:
        """The picture, unless it was taken before monotonic second `oldest` or is damaged."""
        key = self._board.newest(camera)
        if key is None or key.at.mono < oldest:
            return None
        if self._decoded is None or self._decoded[0] is not key:
            image = self._decoder.decode(key)
            self._decoded = (key, None if image is None else Frame(camera, key.at, image))
        return self._decoded[1]

    def let_go(self) -> None:
        """The look is over: its picture is not asked for again."""
        self._decoded = None


def _connected(path: Path) -> socket.socket:
    """A connection to the socket; through its folder, since an address holds 107 bytes only."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(_WAIT)
        line.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        line.close()
        raise
    finally:
        os.close(folder)
    return line


def _messages(line: socket.socket, stop: Event) -> Iterator[bytes]:
    while True:
        head = _exactly(line, 4, stop)
        if head is None:
            return
        (length,) = struct.unpack("!I", head)
        if length > _LARGEST:
            raise ValueError(f"a message of {length} bytes")
        message = _exactly(line, length, stop)
        if message is None:
            return
        yield message


def _exactly(line: socket.socket, count: int, stop: Event) -> bytes | None:
    """So many bytes of the stream; None once `stop` is set. Raises ConnectionError at its end."""
    parts: list[bytes] = []
    while count:
        if stop.is_set():
            return None
        try:
            part = line.recv(min(count, 1 << 20))
        except TimeoutError:
            continue
        if not part:
            raise ConnectionError("the recorder closed the line")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _unavailable(path: Path, why: str) -> Trouble:
    return Trouble(
        "keyframes.unavailable",
        f"Chưa nhận được khung hình chính từ bộ ghi hình qua {path.name} ({why}). "
        "Chương trình tự thử lại; kiểm tra edge-agent record có đang chạy không.",
        f"No key frames from the recorder over {path.name} ({why}). It is tried again by itself; "
        "check that edge-agent record runs.",
    )
