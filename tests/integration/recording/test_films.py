"""The folder of joined films stays within its bounds."""

from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.core.media import Segment
from edge_agent.core.trouble import Trouble
from edge_agent.recording.films import Films
from edge_agent.recording.span import Span, plan
from tests.integration.recording.test_join import after
from tests.unit.recording.clips import fragmented

SIZE = len(fragmented(5))


def span(root: Path, *starts: float) -> Span:
    segments = []
    for start in starts:
        (root / f"{start}.mp4").write_bytes(fragmented(5))
        segments.append(Segment("yard", "run", f"{start}.mp4", after(start), 5.0, SIZE))
    begin = after(starts[0])
    end = max(one.start for one in segments) + timedelta(seconds=5)
    return plan("yard", begin, end, segments, [])


def kept(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.mp4"))


def opened(films: Films, wanted: Span) -> str:
    film = films.open(wanted)
    film.file.close()
    return film.tag


def test_a_film_is_made_once_and_found_again(tmp_path: Path) -> None:
    films = Films(tmp_path / "films", tmp_path, 10 * SIZE)
    wanted = span(tmp_path, 0, 5)
    tag = opened(films, wanted)
    (tmp_path / "0.mp4").unlink()
    assert opened(films, wanted) == tag


def test_the_film_not_looked_at_for_longest_goes_first(tmp_path: Path) -> None:
    films = Films(tmp_path / "films", tmp_path, 4 * SIZE)
    spans = [span(tmp_path, start) for start in range(0, 50, 5)]
    for wanted in spans:
        opened(films, spans[0])
        opened(films, wanted)
        assert kept(tmp_path / "films") <= 4 * SIZE
    for path in tmp_path.glob("*.mp4"):
        path.unlink()
    opened(films, spans[0])
    with pytest.raises(Trouble, match="no picture"):
        opened(films, spans[1])


def test_an_opened_film_can_be_read_after_it_was_dropped(tmp_path: Path) -> None:
    films = Films(tmp_path / "films", tmp_path, 2 * SIZE)
    with films.open(span(tmp_path, 0)).file as file:
        for start in (5, 10, 15):
            opened(films, span(tmp_path, start))
        assert file.read(8)[4:] == b"ftyp"
        assert len(file.read()) > SIZE // 2


def test_a_film_larger_than_the_folder_is_refused(tmp_path: Path) -> None:
    films = Films(tmp_path / "films", tmp_path, SIZE)
    with pytest.raises(Trouble, match=r"web\.cache"):
        films.open(span(tmp_path, 0, 5))
    assert kept(tmp_path / "films") == 0


def test_a_damaged_film_and_a_half_made_one_are_made_anew(tmp_path: Path) -> None:
    films = Films(tmp_path / "films", tmp_path, 10 * SIZE)
    wanted = span(tmp_path, 0)
    tag = opened(films, wanted)
    (film,) = (tmp_path / "films").rglob("film.mp4")
    film.write_bytes(b"cut")
    (tmp_path / "films" / "making").mkdir()
    (tmp_path / "films" / "making" / "film.mp4").write_bytes(b"half")
    assert opened(films, wanted) == tag
    assert film.stat().st_size > 3
    assert not (tmp_path / "films" / "making").exists()
    (film.parent / "about.json").write_text("[")
    assert opened(films, wanted) == tag


def test_a_folder_that_cannot_be_written_is_a_trouble(tmp_path: Path) -> None:
    (tmp_path / "films").write_text("not a folder")
    with pytest.raises(Trouble, match="could not be joined"):
        Films(tmp_path / "films", tmp_path, 10 * SIZE).open(span(tmp_path, 0))
