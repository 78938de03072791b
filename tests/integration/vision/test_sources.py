"""One contract for every frame source: the fake, an RTSP stream, a main stream's key frames."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from edge_agent.core.secret import Credential
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import SystemClock
from edge_agent.sim.clip import Clip
from edge_agent.vision.decoder import RtspSource
from edge_agent.vision.frame import Frame, FrameSource
from edge_agent.vision.keyframes import KeyFrameBoard, MainStreamSource
from tests.fakes.clock import FakeClock
from tests.fakes.frames import ScriptedFrames
from tests.integration.vision.street import PASSWORD, camera, camera_at, film
from tests.unit.vision.encoded import key_frame
from tests.unit.vision.pictures import scene

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return film(tmp_path_factory.mktemp("clips"))


def scripted() -> ScriptedFrames:
    clock = FakeClock()
    return ScriptedFrames([Frame("one", clock.pass_time(0.2), scene()) for _ in range(50)])


@contextmanager
def key_frames() -> Iterator[MainStreamSource]:
    board, stop = KeyFrameBoard(), Event()

    def film_them() -> None:
        while not stop.wait(0.1):
            board.put(key_frame(scene(), CLOCK.now(), "one"))

    thread = Thread(target=film_them, daemon=True)
    thread.start()
    yield MainStreamSource("one", board, 10.0)
    stop.set()
    thread.join(10)


@pytest.fixture(params=["scripted", "rtsp", "key frames"])
def source(request: pytest.FixtureRequest, clip: Clip) -> Iterator[FrameSource]:
    if request.param == "scripted":
        yield scripted()
    elif request.param == "key frames":
        with key_frames() as frames:
            yield frames
    else:
        with camera(clip) as (one, _):
            assert one.sub
            yield RtspSource("one", one.sub.url, PASSWORD, 10.0, CLOCK)


def test_frames_are_colour_pictures_in_the_order_of_time_until_told_to_stop(
    source: FrameSource,
) -> None:
    stop, seen = Event(), list[Frame]()
    for frame in source.frames(stop):
        seen.append(frame)
        if len(seen) == 5:
            stop.set()
    assert len(seen) == 5
    assert all(frame.camera == "one" for frame in seen)
    assert all(frame.image.shape == (360, 640, 3) for frame in seen)
    assert all(frame.image.dtype == np.uint8 for frame in seen)
    times = [frame.at.mono for frame in seen]
    assert times == sorted(set(times))


def test_the_stream_is_thinned_to_the_asked_rate(clip: Clip) -> None:
    with camera(clip) as (one, _):
        assert one.sub
        stop, times = Event(), list[float]()
        for frame in RtspSource("one", one.sub.url, PASSWORD, 5.0, CLOCK).frames(stop):
            times.append(frame.at.mono)
            if len(times) == 11:
                stop.set()
    # The first second may hold what waited while the stream was being opened.
    assert 0.15 <= np.median(np.diff(times)) <= 0.3


class TickingClock(FakeClock):
    """Every look at the clock is a fifth of a second later: each decoded frame is due."""

    def now(self) -> Instant:
        return self.pass_time(0.2)


def decoded(path: Path, data: bytes) -> list[Frame]:
    """All frames of H.264 bytes, read as a stream that then ends."""
    path.write_bytes(data)
    frames = list[Frame]()
    source = RtspSource("one", str(path), None, 5.0, TickingClock()).frames(Event())
    with pytest.raises(Trouble, match="ended the stream"):
        frames.extend(source)
    return frames


def test_damaged_packets_cost_their_own_pictures_and_no_others(clip: Clip, tmp_path: Path) -> None:
    whole = clip.sub.path.read_bytes()
    at = [offset for offset, _, key in clip.sub.units if key]
    torn = bytearray(whole)
    torn[at[1] + 40 : at[2] - 40 : 7] = bytes(len(range(at[1] + 40, at[2] - 40, 7)))
    assert len(decoded(tmp_path / "whole.h264", whole)) == len(clip.sub.units)
    seen = decoded(tmp_path / "torn.h264", bytes(torn))
    assert len(clip.sub.units) / 2 <= len(seen) <= len(clip.sub.units)


def test_a_stream_may_change_its_size(clip: Clip, tmp_path: Path) -> None:
    data = clip.sub.path.read_bytes() + clip.main.path.read_bytes() + clip.sub.path.read_bytes()
    shapes = [frame.image.shape[:2] for frame in decoded(tmp_path / "sizes.h264", data)]
    assert list(dict.fromkeys(shapes)) == [(360, 640), (720, 1280)]
    assert shapes[-1] == (360, 640)


def test_a_stream_that_ends_is_a_disconnect_in_words(clip: Clip) -> None:
    with camera(clip) as (one, _):
        assert one.sub
        frames = RtspSource("one", one.sub.url, PASSWORD, 5.0, CLOCK).frames(Event())
        next(frames)
    with pytest.raises(Trouble) as ended:
        for _ in frames:
            pass
    assert ended.value.code in ("camera.stream_ended", "camera.unreachable")


@pytest.mark.parametrize(
    ("path", "credential", "code"),
    [
        ("sub", Credential("ad min", "wr0ng@word"), "camera.password_refused"),
        ("sub", None, "camera.password_refused"),
        ("nowhere", PASSWORD, "camera.stream_missing"),
    ],
)
def test_a_refusal_is_told_in_words_without_the_password(
    clip: Clip, path: str, credential: Credential | None, code: str
) -> None:
    with camera(clip) as (one, _):
        url = one.main.url.replace("main", path)
        with pytest.raises(Trouble) as refused:
            next(RtspSource("one", url, credential, 5.0, CLOCK).frames(Event()))
    assert refused.value.code == code
    assert_no_secret(refused.value, credential)


def test_a_camera_that_is_away_is_told_in_words_without_the_password(tmp_path: Path) -> None:
    away = camera_at("one", 1)
    with pytest.raises(Trouble) as refused:
        next(RtspSource("one", away.main.url, PASSWORD, 5.0, CLOCK).frames(Event()))
    assert refused.value.code == "camera.unreachable"
    assert_no_secret(refused.value, PASSWORD)


def assert_no_secret(error: BaseException | None, credential: Credential | None) -> None:
    """Neither in the error nor in any error behind it, plain or percent-encoded."""
    while error is not None and credential:
        said = f"{error!r} {error}"
        assert credential.password not in said
        assert "%40" not in said
        error = error.__cause__ or error.__context__
