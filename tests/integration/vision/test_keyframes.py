"""The reader of the recorder's socket, against the recorder's own server and against bad ones."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from edge_agent.core.geometry import Size
from edge_agent.core.media import KeyFrame
from edge_agent.core.trouble import Trouble
from edge_agent.recording.keyframes import KeyFrameServer
from edge_agent.runtime.clock import SystemClock
from edge_agent.vision.keyframes import (
    KeyFrameBoard,
    KeyFrameReader,
    KeyPictures,
    MainStreamSource,
)
from tests.unit.vision.encoded import key_frame
from tests.unit.vision.pictures import scene

CLOCK = SystemClock()
DEADLINE = 10.0


def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, with a deadline; nothing here knows when a thread has run."""
    tick, end = Event(), CLOCK.now().plus(DEADLINE)
    while not condition():
        assert CLOCK.now().since(end) < 0, "deadline"
        tick.wait(0.01)


@contextmanager
def running(work: Callable[[Event], None]) -> Iterator[Event]:
    stop = Event()
    thread = Thread(target=work, args=(stop,), daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(DEADLINE)
    assert not thread.is_alive()


def some(camera: str = "c", width: int = 320) -> KeyFrame:
    return key_frame(scene(width=width, height=180), CLOCK.now(), camera)


def mono(board: KeyFrameBoard, camera: str) -> float | None:
    key = board.newest(camera)
    return key.at.mono if key else None


def test_key_frames_of_every_camera_come_over_a_path_longer_than_an_address(tmp_path: Path) -> None:
    folder = tmp_path / ("a-very-long-state-folder-" * 6)
    folder.mkdir()
    server, board = KeyFrameServer(folder / "keyframes.sock"), KeyFrameBoard()
    with running(server.run_once):
        until(server.path.exists)
        with running(KeyFrameReader(server.path, board.put).run_once):
            until(lambda: server.wanted)
            sent = [some("a"), some("b"), some("a")]
            for one in sent:
                server.offer(one)
            until(lambda: mono(board, "a") == sent[2].at.mono)
            until(lambda: mono(board, "b") == sent[1].at.mono)
    newest = board.newest("a")
    assert newest
    assert (newest.data, newest.extradata) == (sent[2].data, sent[2].extradata)
    assert board.newest("nobody") is None


def test_without_a_recorder_the_attempt_ends_in_words(tmp_path: Path) -> None:
    reader = KeyFrameReader(tmp_path / "keyframes.sock", KeyFrameBoard().put)
    with pytest.raises(Trouble) as ended:
        reader.run_once(Event())
    assert ended.value.code == "keyframes.unavailable"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\0\0",
        struct.pack("!I", 1 << 31),
        struct.pack("!I", 5) + b"abc",
        struct.pack("!I", 5) + b"hello",
        struct.pack("!I", 8) + struct.pack("!I", 4) + b"null",
    ],
)
def test_bytes_that_are_no_key_frame_end_the_attempt_in_words(said: bytes, tmp_path: Path) -> None:
    path = tmp_path / "keyframes.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def speak() -> None:
            line, _ = listener.accept()
            with line:
                line.sendall(said)

        thread = Thread(target=speak, daemon=True)
        thread.start()
        with pytest.raises(Trouble) as ended:
            KeyFrameReader(path, KeyFrameBoard().put).run_once(Event())
        thread.join(DEADLINE)
    assert ended.value.code == "keyframes.unavailable"


def test_the_main_stream_of_a_camera_without_another_gives_frames() -> None:
    board, stop = KeyFrameBoard(), Event()
    frames = MainStreamSource("c", board, 5.0).frames(stop)
    first = some()
    board.put(first)
    assert next(frames).at == first.at
    later = key_frame(scene(width=640, height=360), first.at.plus(1.0), "c")
    board.put(later)
    frame = next(frames)
    assert (frame.at, frame.image.shape) == (later.at, (360, 640, 3))
    stop.set()
    assert list(frames) == []


def test_a_key_picture_is_decoded_once_and_not_when_it_is_old() -> None:
    board = KeyFrameBoard()
    pictures, key = KeyPictures(board), some()
    assert pictures.newest("c", 0.0) is None
    board.put(key)
    picture = pictures.newest("c", key.at.mono - 2)
    assert picture is not None
    assert picture.at == key.at
    assert pictures.newest("c", key.at.mono - 1) is picture
    assert pictures.newest("c", key.at.mono + 0.1) is None


def test_cameras_take_turns_with_one_decoder() -> None:
    board, at = KeyFrameBoard(), some().at
    pictures = KeyPictures(board)
    sizes = {"a": (640, 360), "b": (320, 240), "c": (640, 360)}
    for name, (width, height) in sizes.items():
        board.put(key_frame(scene(width=width, height=height), at, name))
    for name, (width, height) in [*sizes.items(), *sizes.items()]:
        picture = pictures.newest(name, at.mono - 2)
        assert picture is not None
        assert (picture.camera, picture.size) == (name, Size(width, height))
