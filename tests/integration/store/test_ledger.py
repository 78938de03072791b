"""Holds and ledger: what outlives the footage, and even the database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.core.ledger import Day, Hold
from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.store.database import move_aside
from edge_agent.store.holds import Holds
from edge_agent.store.ledger import DiskState, Ledger
from edge_agent.store.recordings import Recordings
from edge_agent.store.salvage import salvage_facts

NOW = datetime(2021, 7, 28, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def recordings(tmp_path: Path) -> Iterator[Recordings]:
    recordings = Recordings(tmp_path / "recordings.db")
    yield recordings
    recordings.close()


def hold(name: str, until: datetime | None = None) -> Hold:
    return Hold(name, "yard", NOW, NOW + HOUR, "vụ 12", "Đại úy A", NOW, until)


def test_a_hold_comes_back_as_it_was_written_and_a_released_one_stays_so(
    recordings: Recordings,
) -> None:
    holds = Holds(recordings.rows)
    holds.put(hold("a"))
    holds.put(hold("b", until=NOW + HOUR))
    assert holds.all() == (hold("a"), hold("b", until=NOW + HOUR))
    assert [one.id for one in holds.active(NOW + 2 * HOUR)] == ["a"]
    assert holds.release("a", NOW, "B")
    holds.put(hold("a", until=NOW + HOUR))
    assert holds.active(NOW + 2 * HOUR) == ()
    assert holds.all()[0].released_by == "B"


def test_a_day_is_closed_once_and_comes_back_with_its_gaps(recordings: Recordings) -> None:
    ledger = Ledger(recordings.rows)
    gap = Gap("yard", NOW, NOW + HOUR, GapReason.POWER_LOSS, "x")
    day = Day("yard", date(2021, 7, 28), NOW, NOW + 24 * HOUR, (gap,), closed=True)
    ledger.close_days([day])
    ledger.close_days([Day("yard", day.day, NOW, NOW + HOUR, ())])
    assert ledger.closed_days("yard", day.day, day.day) == (day,)
    assert ledger.due_since("yard") == NOW
    assert ledger.cameras() == ("yard",)
    assert ledger.due_since("gate") is None


def test_cameras_and_bytes_are_counted_by_day(recordings: Recordings) -> None:
    ledger = Ledger(recordings.rows)
    for camera in ("yard", "gate"):
        for hour in range(30):
            start = NOW + hour * HOUR
            name = f"{camera}/{hour}.mp4"
            recordings.add_segment(Segment(camera, "r", name, start, 3600.0, 10))
    assert ledger.cameras() == ("gate", "yard")
    first = int(NOW.timestamp()) // 86_400
    assert ledger.bytes_by_day()["yard"] == {first: 170, first + 1: 130}
    assert ledger.bytes_between("yard", NOW, NOW + 2 * HOUR) == {first: 20}
    old = ledger.older_than("yard", NOW + 3 * HOUR, 10)
    assert [one.path for one in old] == ["yard/0.mp4", "yard/1.mp4"]


def test_the_disks_state_is_latest_wins(recordings: Recordings) -> None:
    ledger = Ledger(recordings.rows)
    assert ledger.disk() is None
    for state in ("missing", "ok"):
        ledger.write_disk(DiskState(state, "uuid:1", NOW, {"passed": True}))
    assert ledger.disk() == DiskState("ok", "uuid:1", NOW, {"passed": True})


def test_holds_and_gaps_are_salvaged_from_a_database_that_was_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "recordings.db"
    old = Recordings(path)
    Holds(old.rows).put(hold("a"))
    for minute in range(2000):
        start = NOW + minute * timedelta(minutes=1)
        gap = Gap("yard", start, start + timedelta(seconds=5), GapReason.NETWORK, "x" * 40)
        if minute % 20 == 0:
            old.write_gap(gap)
        name = f"yard/{minute}.mp4"
        old.add_segments([Segment("yard", "r", name, start, 60.0, 10)])
    old.close()
    # damage: a stretch in the middle is overwritten
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 8192)
    aside = move_aside(path, NOW)
    fresh = Recordings(path)
    kept = salvage_facts(aside, fresh.rows)
    assert Holds(fresh.rows).all() == (hold("a"),)
    assert kept["holds"] == 1
    fresh.close()


@pytest.mark.parametrize("content", [b"", b"\xa5" * 8192])
def test_a_file_that_is_no_database_gives_nothing_and_no_crash(
    recordings: Recordings, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "aside").write_bytes(content)
    assert sum(salvage_facts(tmp_path / "aside", recordings.rows).values()) == 0
