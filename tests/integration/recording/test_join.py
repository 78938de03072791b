"""One film from many segments: nothing lost, nothing closed up, nothing hidden."""

import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from edge_agent.recording.join import Piece, join
from edge_agent.recording.playback import played_seconds
from tests.unit.recording.clips import clip

START = datetime(2021, 7, 28, 16, 59, 50, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def piece(
    folder: Path, at: float, seconds: int = 5, gop: int = 25, codec: str = "libx264"
) -> Piece:
    path = folder / f"piece-{at}.mp4"
    path.write_bytes(clip("mp4", seconds, gop, codec=codec))
    return Piece(path, after(at))


def moments(path: Path) -> list[float]:
    """Presentation times of all pictures, in seconds."""
    with av.open(str(path)) as film:
        return [round(float(p.pts * p.time_base), 3) for p in film.demux(video=0) if p.size]


def test_neighbours_become_one_film_without_a_lost_picture(tmp_path: Path) -> None:
    pieces = [piece(tmp_path, at) for at in (0, 5, 10)]
    joined = join(pieces, START, after(15), tmp_path / "film.mp4")
    (part,) = joined.parts
    assert (part.start, part.seconds, joined.seconds) == (START, 15.0, 15.0)
    assert moments(part.path) == [round(number / 25, 3) for number in range(375)]
    assert played_seconds(part.path) == pytest.approx(15.0)
    assert part.size == part.path.stat().st_size


def test_it_begins_with_the_key_frame_before_and_ends_with_the_moment(tmp_path: Path) -> None:
    pieces = [piece(tmp_path, at, gop=50) for at in (0, 5)]
    joined = join(pieces, after(3.5), after(6.5), tmp_path / "film.mp4")
    (part,) = joined.parts
    assert part.start == after(2)
    assert part.seconds == pytest.approx(4.52, abs=0.041)
    assert played_seconds(part.path) == pytest.approx(4.52, abs=0.041)


def test_a_gap_stays_as_long_as_it_was(tmp_path: Path) -> None:
    pieces = [piece(tmp_path, 0), piece(tmp_path, 65)]
    joined = join(pieces, START, after(70), tmp_path / "film.mp4")
    (part,) = joined.parts
    assert (part.seconds, joined.seconds) == (70.0, 10.0)
    shown = moments(part.path)
    assert shown[124:126] == [4.96, 65.0]
    with av.open(str(part.path)) as film:
        assert film.duration == pytest.approx(70 * 10**6, abs=50_000)


def test_labels_that_overlap_by_rounding_lose_nothing(tmp_path: Path) -> None:
    pieces = [piece(tmp_path, 0), piece(tmp_path, 4.5), piece(tmp_path, 9.4)]
    (part,) = join(pieces, START, after(20), tmp_path / "film.mp4").parts
    assert moments(part.path) == [round(number / 25, 3) for number in range(375)]
    assert played_seconds(part.path) == pytest.approx(15.0, abs=0.05)


def test_another_codec_and_a_clock_set_back_begin_new_parts(tmp_path: Path) -> None:
    pieces = [
        piece(tmp_path, 0),
        piece(tmp_path, 5, codec="libx265"),
        piece(tmp_path, 10, codec="libx265"),
        piece(tmp_path, 2.5, codec="libx265"),
    ]
    joined = join(pieces, START, after(15), tmp_path / "film.mp4")
    assert [(part.path.name, part.start, part.seconds) for part in joined.parts] == [
        ("film.mp4", START, 5.0),
        ("film-2.mp4", after(5), 10.0),
        ("film-3.mp4", after(2.5), 5.0),
    ]
    assert [played_seconds(part.path) for part in joined.parts] == pytest.approx([5, 10, 5])


def test_missing_and_damaged_files_are_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    gone = Piece(tmp_path / "gone.mp4", after(5))
    damaged = Piece(tmp_path / "damaged.mp4", after(10))
    damaged.path.write_bytes(b"\xff" * 5000)
    pieces = [piece(tmp_path, 0), gone, damaged, piece(tmp_path, 15)]
    joined = join(pieces, START, after(20), tmp_path / "film.mp4")
    assert [path.name for path, _why in joined.unreadable] == ["gone.mp4", "damaged.mp4"]
    assert (joined.seconds, joined.parts[0].seconds) == (10.0, 20.0)


def test_a_torn_file_gives_what_is_whole(tmp_path: Path) -> None:
    torn = piece(tmp_path, 0)
    data = torn.path.read_bytes()
    torn.path.write_bytes(data[: len(data) // 2])
    joined = join([torn, piece(tmp_path, 5)], START, after(10), tmp_path / "film.mp4")
    assert 5 < joined.seconds < 9
    assert joined.parts[0].seconds == 10.0


def test_a_span_without_pictures_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "film.mp4"
    assert join([], START, after(9), out).parts == ()
    assert join([piece(tmp_path, 0)], after(5), after(9), out).parts == ()
    assert join([Piece(tmp_path / "gone", START)], START, after(9), out).parts == ()
    assert not out.exists()


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "film.mp4"
    pieces = [piece(tmp_path, at) for at in (0, 5)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))
    try:
        with pytest.raises(OSError, match="film"):
            join(pieces, START, after(10), out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not out.exists()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        join([piece(tmp_path, 0)], START, after(5), tmp_path / "nowhere" / "film.mp4")
