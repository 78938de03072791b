"""The recordings database: what lies on disk, what is missing and why."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from edge_agent.core.media import CameraState, CameraStatus, Gap, GapReason, Segment
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.store.presence import Beat
from edge_agent.store.recordings import Recordings, Run

START = datetime(2021, 7, 28, 7, 0, 0, 123_456, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def segment(camera: str, start: float, seconds: float = 60.0) -> Segment:
    return Segment(camera, "run", f"{camera}/{start}.mp4", at(start), seconds, 1000)


@pytest.fixture
def recordings(tmp_path: Path) -> Iterator[Recordings]:
    recordings = Recordings(tmp_path / "recordings.db")
    yield recordings
    recordings.close()


def test_a_segment_comes_back_as_it_was_written(recordings: Recordings) -> None:
    recordings.add_segment(segment("yard", 0, 59.96))
    assert recordings.segments("yard", at(-10), at(10)) == (segment("yard", 0, 59.96),)
    assert recordings.segment("yard/0.mp4") == segment("yard", 0, 59.96)
    assert recordings.segment("yard/1.mp4") is None


def test_a_range_finds_every_file_that_touches_it_and_no_other(recordings: Recordings) -> None:
    for start in (0, 60, 120, 180):
        recordings.add_segment(segment("yard", start))
    recordings.add_segment(segment("gate", 60))
    found = recordings.segments("yard", at(70), at(121))
    assert [one.start for one in found] == [at(60), at(120)]
    assert recordings.segments("yard", at(240), at(300)) == ()


def test_totals_count_by_camera(recordings: Recordings) -> None:
    for start in (0, 60):
        recordings.add_segment(segment("yard", start))
    recordings.add_segment(segment("gate", 0, 30))
    totals = recordings.totals()
    assert set(totals) == {"yard", "gate"}
    yard = totals["yard"]
    assert (yard.segments, yard.seconds, yard.bytes) == (2, 120.0, 2000)
    assert (yard.first, yard.last) == (at(0), at(120))
    assert recordings.oldest("yard") == at(0)
    assert recordings.newest("yard") == at(120)
    assert recordings.oldest("lobby") is None


def test_coverage_counts_overlaps_once_and_cuts_at_the_ends(recordings: Recordings) -> None:
    for start in (0, 50, 200):
        recordings.add_segment(segment("yard", start))
    assert recordings.coverage("yard", at(0), at(300)) == pytest.approx(170)
    assert recordings.coverage("yard", at(30), at(210)) == pytest.approx(90)
    assert recordings.coverage("yard", at(120), at(190)) == 0


def test_days_held_count_from_the_oldest_file(recordings: Recordings) -> None:
    recordings.add_segment(segment("yard", 0))
    assert recordings.days_held("yard", at(86_400 * 3)) == pytest.approx(3)
    assert recordings.days_held("gate", at(0)) == 0
    assert recordings.days_held("yard", at(-5)) == 0


def test_a_gap_opens_and_closes_and_only_one_is_open(recordings: Recordings) -> None:
    gap = Gap("yard", at(0), None, GapReason.CAMERA_OFFLINE, "Connection refused")
    recordings.write_gap(gap)
    assert recordings.open_gap("yard") == gap
    with pytest.raises(Trouble):
        recordings.write_gap(Gap("yard", at(5), None, GapReason.DISK_FULL))
    closed = Gap("yard", at(0), at(9), GapReason.CAMERA_OFFLINE, "Connection refused")
    recordings.write_gap(closed)
    assert recordings.open_gap("yard") is None
    assert recordings.gaps("yard", at(8), at(20)) == (closed,)
    assert recordings.gaps("yard", at(9), at(20)) == ()
    assert recordings.accounted_until("yard") == at(9)


def test_what_is_accounted_for_ends_with_the_later_of_file_and_gap(recordings: Recordings) -> None:
    assert recordings.accounted_until("yard") is None
    recordings.add_segment(segment("yard", 0))
    assert recordings.accounted_until("yard") == at(60)
    recordings.write_gap(Gap("yard", at(60), at(90), GapReason.NETWORK))
    assert recordings.accounted_until("yard") == at(90)


def test_the_latest_status_wins_and_can_be_forgotten(recordings: Recordings) -> None:
    recordings.write_status(CameraStatus("yard", CameraState.RECORDING, "", at(0)))
    last = CameraStatus("yard", CameraState.OFFLINE, "camera_offline", at(9))
    recordings.write_status(last)
    assert recordings.statuses() == (last,)
    recordings.forget_status("yard")
    assert recordings.statuses() == ()


def test_a_run_closes_once(recordings: Recordings) -> None:
    recordings.open_run(Run("yard_1", "yard", at(0), "h264"))
    assert [run.id for run in recordings.open_runs()] == ["yard_1"]
    recordings.close_run("yard_1", at(60), "camera_offline")
    recordings.close_run("yard_1", at(90), "interrupted")
    assert recordings.runs("yard") == (
        Run("yard_1", "yard", at(0), "h264", at(60), "camera_offline"),
    )
    assert recordings.open_runs() == ()


def test_garbage_vanishes_from_every_answer_before_the_file_goes(recordings: Recordings) -> None:
    recordings.add_segment(segment("yard", 0))
    recordings.add_segment(segment("yard", 60))
    assert recordings.oldest("yard") == at(0)
    recordings.mark_garbage(["yard/0.mp4"])
    assert recordings.oldest("yard") == at(60)
    assert recordings.totals()["yard"].segments == 1
    assert recordings.garbage() == ("yard/0.mp4",)
    assert recordings.paths() == {"yard/0.mp4", "yard/60.mp4"}
    recordings.forget(recordings.garbage())
    assert recordings.paths() == {"yard/60.mp4"}


def test_many_threads_write_at_once_and_nothing_is_lost(recordings: Recordings) -> None:
    def write(camera: str) -> None:
        for number in range(20):
            recordings.add_segment(segment(camera, number * 60))

    threads = [Thread(target=write, args=(f"c{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {total.segments for total in recordings.totals().values()} == {20}


def test_another_process_reads_while_the_recorder_writes(
    recordings: Recordings, tmp_path: Path
) -> None:
    reader = Recordings(tmp_path / "recordings.db")
    first = Beat(Instant(at(1), 1.5))
    recordings.beat(first)
    assert reader.last_beat() == first
    second = Beat(Instant(at(2), 2.5), "boot", timedelta(hours=1), 2.0)
    recordings.beat(second)
    assert reader.last_beat() == second
    reader.close()


def test_a_database_that_is_no_longer_readable_says_so(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path / "recordings.db")
    recordings.close()
    (tmp_path / "recordings.db").write_bytes(b"\xa5" * 8192)
    with pytest.raises(Trouble) as caught:
        recordings.statuses()
    assert caught.value.code == "store.damaged"
