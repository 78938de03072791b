"""Clips: encoded once, kept, and served as H.264 that every camera could send."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest

from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble
from edge_agent.sim import clip_cache
from edge_agent.sim.clip import Cancelled, Clip, ClipForm, Picture, load_clip, split_nals
from edge_agent.sim.clip_cache import make_clip
from edge_agent.sim.footage import video_form, video_key, video_pictures

FORM = ClipForm(seconds=2.0, fps=10, main=Size(320, 180), sub=Size(160, 90), gop=0.5)
QUIET = Event()


def pictures() -> Iterator[Picture]:
    for shade in range(FORM.frames):
        yield np.full((180, 320, 3), shade * 10, np.uint8)


def ignore(_done: int, _total: int) -> None:
    pass


def left_in(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir() if path.suffix != ".lock"}


def test_two_cameras_that_play_one_video_wait_for_one_encoding(tmp_path: Path) -> None:
    rendered: list[int] = []

    def counted_pictures() -> Iterator[Picture]:
        rendered.append(1)
        yield from pictures()

    def make() -> Clip:
        return make_clip(tmp_path, "k", FORM, counted_pictures, ignore, QUIET)

    with ThreadPoolExecutor(4) as pool:
        clips = [job.result() for job in [pool.submit(make) for _ in range(4)]]
    assert len(rendered) == 1
    assert {one.main.seconds for one in clips} == {FORM.seconds}


def test_a_clip_has_key_frames_in_time_delimiters_and_no_b_frames(tmp_path: Path) -> None:
    made_clip = make_clip(tmp_path, "k", FORM, pictures, ignore, QUIET)
    for stream, size in ((made_clip.main, FORM.main), (made_clip.sub, FORM.sub)):
        assert [key for _, _, key in stream.units] == [at % 5 == 0 for at in range(20)]
        data = stream.path.read_bytes()
        for offset, length, _key in stream.units:
            assert split_nals(data[offset : offset + length])[0][0] & 31 == 9
        assert [nal[0] & 31 for nal in stream.nals(0)][:2] == [7, 8]
        assert stream.seconds == FORM.seconds
        with av.open(str(stream.path), format="h264") as container:
            frames = list(container.decode(video=0))
            assert container.streams.video[0].codec_context.max_b_frames == 0
        assert len(frames) == FORM.frames
        assert {(frame.width, frame.height) for frame in frames} == {(size.width, size.height)}


def test_the_second_time_comes_from_the_cache(tmp_path: Path) -> None:
    make_clip(tmp_path, "k", FORM, pictures, ignore, QUIET)
    told: list[tuple[int, int]] = []

    def nothing() -> Iterator[Picture]:
        raise AssertionError("rendered again")
        yield

    make_clip(tmp_path, "k", FORM, nothing, lambda *figures: told.append(figures), QUIET)
    assert told == [(FORM.frames, FORM.frames)]


def test_the_longest_unused_clips_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_cache, "KEPT", 2)
    for place, key in enumerate(("a", "b")):
        make_clip(tmp_path, key, FORM, pictures, ignore, QUIET)
        os.utime(tmp_path / key / "clip.json", (place, place))
    make_clip(tmp_path, "a", FORM, pictures, ignore, QUIET)
    make_clip(tmp_path, "c", FORM, pictures, ignore, QUIET)
    assert left_in(tmp_path) == {"a", "c"}


@pytest.mark.parametrize("name", ["main.h264", "sub.h264", "clip.json"])
def test_a_damaged_clip_is_made_again(tmp_path: Path, name: str) -> None:
    make_clip(tmp_path, "k", FORM, pictures, ignore, QUIET)
    victim = tmp_path / "k" / name
    victim.write_bytes(victim.read_bytes()[:-30])
    assert load_clip(tmp_path / "k") is None
    assert make_clip(tmp_path, "k", FORM, pictures, ignore, QUIET).main.seconds == FORM.seconds


def test_a_stopped_encoding_leaves_nothing_behind(tmp_path: Path) -> None:
    stop = Event()
    with pytest.raises(Cancelled):
        make_clip(tmp_path, "k", FORM, pictures, lambda *_: stop.set(), stop)
    assert left_in(tmp_path) == set()


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Trouble) as caught:
        make_clip(tmp_path / "file" / "cache", "k", FORM, pictures, ignore, QUIET)
    assert caught.value.code == "sim.cache_not_writable"


# ------------------------------------------------------------------------------ own videos
@pytest.fixture
def own_video(tmp_path: Path) -> Path:
    """One second, 4:3, 25 pictures a second, MPEG-4 part 2: nothing like what cameras send."""
    path = tmp_path / "của tôi.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 200, 150, "yuv420p"
        for shade in range(25):
            picture = np.full((150, 200, 3), 100 + shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def test_an_own_video_is_transcoded_at_its_own_length_and_shape(
    tmp_path: Path, own_video: Path
) -> None:
    form = video_form(own_video, FORM)
    made = list(video_pictures(own_video, form))
    assert form.seconds == pytest.approx(1.0, abs=0.05)
    assert len(made) == form.frames
    assert {picture.shape for picture in made} == {(180, 320, 3)}
    assert made[0][90, 10].max() == 0  # black at the side of a 4:3 picture
    assert abs(int(made[0][90, 160, 0]) - 100) < 8
    assert abs(int(made[-1][90, 160, 0]) - 122) < 8
    made_clip = make_clip(
        tmp_path, video_key(own_video, form), form, lambda: iter(made), ignore, QUIET
    )
    assert made_clip.main.seconds == form.seconds


def test_a_short_video_starts_again_to_fill_the_loop(own_video: Path) -> None:
    assert len(list(video_pictures(own_video, FORM))) == FORM.frames


@pytest.mark.parametrize("content", [None, b"", b"this is not a video\n" * 100])
def test_what_is_no_video_is_told_with_its_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "phim.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Trouble) as caught:
        video_form(path, FORM)
    assert caught.value.code == "sim.not_a_video"
    assert "phim.mp4" in caught.value.vi


def test_a_sound_file_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "loa.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(Trouble) as caught:
        video_form(path, FORM)
    assert caught.value.code == "sim.not_a_video"
