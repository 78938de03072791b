"""The key frame socket: lossy, bounded, newest wins, for our user and group only."""

import os
import select
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest

from edge_agent.core.media import KeyFrame
from edge_agent.core.time import Instant
from edge_agent.recording.keyframes import KeyFrameServer
from tests.integration.recording.site import until


def frame(camera: str, number: int, size: int = 100) -> KeyFrame:
    at = Instant(datetime(2021, 7, 28, tzinfo=UTC), float(number))
    return KeyFrame(camera, "h264", at, b"sets", bytes(size))


@contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    folder = os.open(path.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as reader:
        reader.connect(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)
        yield reader


def _arrived(server: KeyFrameServer, reader: socket.socket) -> bool:
    server.offer(frame("yard", 2))
    return bool(select.select([reader], [], [], 0.1)[0])


def receive(reader: socket.socket) -> KeyFrame:
    (length,) = struct.unpack("!I", reader.recv(4, socket.MSG_WAITALL))
    return KeyFrame.from_bytes(reader.recv(length, socket.MSG_WAITALL))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KeyFrameServer]:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    server, stop = KeyFrameServer(folder / "keyframes.sock"), Event()
    thread = Thread(target=server.run_once, args=(stop,))
    thread.start()
    until(server.path.exists)
    yield server
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert not server.path.exists()


def test_a_frame_arrives_as_it_was_offered_at_a_path_of_any_length(server: KeyFrameServer) -> None:
    assert len(str(server.path)) > 107
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o660
    assert not server.wanted
    with connected(server.path) as reader:
        until(lambda: server.wanted)
        server.offer(frame("yard", 1, 200_000))
        assert receive(reader) == frame("yard", 1, 200_000)
    with connected(server.path) as again:
        until(lambda: _arrived(server, again))
        assert receive(again) == frame("yard", 2)


def test_a_busy_reader_gets_the_newest_of_each_camera_and_a_dead_one_is_dropped(
    server: KeyFrameServer,
) -> None:
    with connected(server.path) as reader:
        until(lambda: server.wanted)
        # more than a socket buffer holds: the first is on its way, the others wait and replace
        server.offer(frame("yard", 0, 2_000_000))
        reader.recv(1, socket.MSG_PEEK)
        for number in range(1, 6):
            server.offer(frame("yard", number))
            server.offer(frame("gate", number))
        assert server.dropped >= 8
        assert receive(reader).at.mono == 0
        rest = {receive(reader) for _ in range(2)}
        assert rest == {frame("yard", 5), frame("gate", 5)}
        server.offer(frame("yard", 6, 2_000_000))
        until(lambda: not server.wanted, within=5)


def test_offering_never_waits_for_anybody(server: KeyFrameServer) -> None:
    with connected(server.path):
        until(lambda: server.wanted)
        done = Event()

        def offer_many() -> None:
            for number in range(200):
                server.offer(frame("yard", number, 100_000))
            done.set()

        Thread(target=offer_many, daemon=True).start()
        assert done.wait(0.5)


def test_a_socket_that_a_killed_recorder_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keyframes.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    stop = Event()
    server = KeyFrameServer(path)
    thread = Thread(target=server.run_once, args=(stop,), daemon=True)
    thread.start()

    def reachable() -> bool:
        try:
            with connected(path):
                return True
        except (ConnectionRefusedError, FileNotFoundError):  # the old one, or none for a moment
            return False

    until(reachable)
    stop.set()
    thread.join(5)
