"""Files and index agree again after a crash; deletion finishes what it began."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.config.schema import Recording
from edge_agent.core.media import GapReason
from edge_agent.recording.housekeeping import Housekeeping
from edge_agent.recording.names import segment_path
from edge_agent.recording.playback import played_seconds
from edge_agent.recording.repair import close_interrupted, repair
from edge_agent.store.recordings import Recordings, Run
from tests.fakes.clock import FakeClock
from tests.unit.recording.clips import fragment_ends, fragmented

START = datetime(2021, 7, 28, 7, 0, 0, 123_000, tzinfo=UTC)
WHOLE = fragmented(4)
ALWAYS = (START - timedelta(days=400), START + timedelta(days=400))


@pytest.fixture
def recordings(tmp_path: Path) -> Iterator[Recordings]:
    recordings = Recordings(tmp_path / "recordings.db")
    yield recordings
    recordings.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "recordings"
    root.mkdir()
    return root


def put(root: Path, data: bytes, start: datetime = START) -> str:
    path = segment_path("yard", start)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(data)
    return path


def mend(root: Path, recordings: Recordings, growing: set[Path] | None = None) -> None:
    repair(root, recordings, lambda: growing or set())


def test_a_torn_file_is_trimmed_adopted_and_plays(root: Path, recordings: Recordings) -> None:
    recordings.open_run(Run("yard_1", "yard", START + timedelta(microseconds=456), "h264"))
    cut = fragment_ends(WHOLE)[2] + 50
    path = put(root, WHOLE[:cut])
    mend(root, recordings)
    close_interrupted(recordings)
    segment = recordings.segment(path)
    assert segment is not None
    assert (segment.start, segment.run) == (START, "yard_1")
    assert segment.seconds == pytest.approx(3.0, abs=0.001)
    assert segment.size == (root / path).stat().st_size == fragment_ends(WHOLE)[2]
    assert played_seconds(root / path) == pytest.approx(3.0, abs=0.05)
    run = recordings.runs("yard")[0]
    assert run.end_reason == "interrupted"
    assert run.closed == segment.start + timedelta(seconds=segment.seconds)


@pytest.mark.parametrize("size", [0, 20, 700])
def test_a_file_without_one_whole_fragment_is_removed(
    root: Path, recordings: Recordings, size: int
) -> None:
    path = put(root, WHOLE[:size])
    mend(root, recordings)
    assert not (root / path).exists()
    assert recordings.paths() == set()


def test_what_is_being_written_and_what_is_not_ours_is_left_alone(
    root: Path, recordings: Recordings
) -> None:
    path = put(root, WHOLE[:100])
    stranger = root / "yard" / "2021-07-28" / "holiday.mp4"
    stranger.write_bytes(b"x")
    mend(root, recordings, {root / path})
    assert (root / path).stat().st_size == 100
    assert stranger.exists()
    assert recordings.paths() == set()


def test_a_row_without_a_file_becomes_a_gap(root: Path, recordings: Recordings) -> None:
    gone, kept = put(root, WHOLE), put(root, WHOLE, START + timedelta(seconds=4))
    mend(root, recordings)
    (root / gone).unlink()
    mend(root, recordings)
    assert recordings.paths() == {kept}
    gap = recordings.gaps("yard", *ALWAYS)[0]
    assert (gap.start, gap.reason) == (START, GapReason.UNKNOWN)
    assert gone in gap.detail


def test_a_disk_that_holds_none_of_our_files_empties_no_index(
    root: Path, recordings: Recordings
) -> None:
    path = put(root, WHOLE)
    mend(root, recordings)
    (root / path).unlink()
    mend(root, recordings)
    assert recordings.paths() == {path}


def housekeeping(root: Path, recordings: Recordings, now: datetime) -> Housekeeping:
    return Housekeeping(root, recordings, Recording(), FakeClock(now), set)


def test_what_is_past_the_ceiling_is_unlinked_and_forgotten(
    root: Path, recordings: Recordings
) -> None:
    old, new = put(root, WHOLE), put(root, WHOLE, START + timedelta(days=20))
    mend(root, recordings)
    assert housekeeping(root, recordings, START + timedelta(days=34)).delete_what_may_go() == 0
    assert housekeeping(root, recordings, START + timedelta(days=36)).delete_what_may_go() == 1
    assert recordings.paths() == {new}
    assert not (root / old).parent.exists()
    assert (root / new).exists()


def test_a_deletion_that_was_cut_short_is_finished(root: Path, recordings: Recordings) -> None:
    first, second = put(root, WHOLE), put(root, WHOLE, START + timedelta(seconds=4))
    mend(root, recordings)
    recordings.mark_garbage([first])
    mend(root, recordings)
    assert not (root / first).exists()
    assert recordings.paths() == {second}


def test_nothing_is_deleted_while_the_clock_is_implausible(
    root: Path, recordings: Recordings
) -> None:
    paths = {put(root, WHOLE), put(root, WHOLE, START + timedelta(days=50))}
    mend(root, recordings)
    assert housekeeping(root, recordings, START + timedelta(days=40)).delete_what_may_go() == 0
    assert recordings.paths() == paths
