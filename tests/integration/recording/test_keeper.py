"""The promise of thirty days on a real index and real files: who deletes what, when, and why."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.config.schema import Recording
from edge_agent.core.ledger import Hold, Promise, Why
from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.recording.days import DayBook
from edge_agent.recording.housekeeping import Housekeeping
from edge_agent.recording.keeper import Keeper
from edge_agent.recording.names import segment_path
from edge_agent.recording.volume import Volume
from edge_agent.store.holds import Holds
from edge_agent.store.recordings import Recordings
from tests.fakes.clock import FakeClock

NOW = datetime(2021, 9, 1, 12, tzinfo=UTC)
HOUR = 3600.0


class House:
    def __init__(self, folder: Path) -> None:
        self.root, self.state = folder / "recordings", folder / "state"
        self.root.mkdir()
        self.state.mkdir()
        self.recordings = Recordings(self.state / "recordings.db")
        self.book = DayBook(self.recordings, UTC)
        self.ledger, self.holds = self.book.ledger, Holds(self.recordings.rows)

    def record(self, days_ago: float, hours: int = 1, camera: str = "yard") -> list[str]:
        """Sparse files of 1 MB, an hour each."""
        paths = []
        for hour in range(hours):
            start = NOW - timedelta(days=days_ago) + timedelta(hours=hour)
            path = segment_path(camera, start)
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            with (self.root / path).open("wb") as file:
                os.truncate(file.fileno(), 10**6)
            self.recordings.add_segment(Segment(camera, "run", path, start, HOUR, 10**6))
            paths.append(path)
        return paths

    def keeper(self, **settings: object) -> Keeper:
        return Keeper(self.root, self.recordings, Recording.model_validate(settings), UTC)

    def hold(self, name: str, days_ago: float, hours: float = 1) -> Hold:
        start = NOW - timedelta(days=days_ago)
        end = start + timedelta(hours=hours)
        hold = Hold(name, "yard", start, end, "why", "who", NOW)
        self.holds.put(hold)
        return hold

    def notices(self) -> list[str]:
        return [one.type for one in self.ledger.untold()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.recordings.close()


def test_past_the_ceiling_footage_goes_is_written_down_and_its_day_stays(house: House) -> None:
    old = house.record(40, hours=3)
    young = house.record(34, hours=2)
    before = house.book.days("yard", *([(NOW - timedelta(days=40)).date()] * 2), NOW)
    assert house.keeper().delete_past_ceiling(NOW) == 3
    assert house.recordings.paths() == set(young)
    assert not any((house.root / path).exists() for path in old)
    (deletion,) = house.ledger.deletions("yard", NOW - timedelta(days=41), NOW)
    assert (deletion.files, deletion.size, deletion.why) == (3, 3 * 10**6, Why.CEILING)
    after = house.book.days("yard", *([(NOW - timedelta(days=40)).date()] * 2), NOW)
    assert after[0].closed
    assert (after[0].due, after[0].gaps) == (before[0].due, before[0].gaps)
    assert after[0].recorded == timedelta(hours=3)


def test_what_is_held_outlives_the_ceiling_until_it_is_released(house: House) -> None:
    house.record(41, hours=3)
    house.record(1)
    house.hold("h", 41)
    assert house.keeper().delete_past_ceiling(NOW) == 2
    assert house.holds.release("h", NOW, "who")
    assert not house.holds.release("h", NOW, "who")
    assert house.keeper().delete_past_ceiling(NOW) == 1


def test_the_risk_is_told_days_before_the_first_early_deletion(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = house.keeper(min_free="0B")
    house.record(10, hours=240)
    monkeypatch.setattr(keeper, "_space", lambda: (24 * 10**6 * 5, 10**9))
    (status,) = keeper.look_ahead(NOW)
    assert status.state is Promise.AT_RISK
    assert status.risk_days == pytest.approx(5, abs=1.1)
    assert status.days_held == pytest.approx(10)
    assert status.bytes_per_day == pytest.approx(24 * 10**6, rel=0.05)
    assert house.ledger.retention() == {"yard": status}
    keeper.look_ahead(NOW + timedelta(hours=1))
    assert house.notices() == ["vn.qcam.retention.at_risk.v1"]
    monkeypatch.setattr(keeper, "_space", lambda: (10**12, 10**12))
    (status,) = keeper.look_ahead(NOW + timedelta(hours=2))
    assert status.state is Promise.MET
    assert house.notices() == ["vn.qcam.retention.at_risk.v1", "vn.qcam.retention.met.v1"]


def test_a_full_disk_that_stopped_recording_breaks_the_promise(house: House) -> None:
    house.record(20, hours=2)
    start = NOW - timedelta(days=3)
    end = start + timedelta(hours=2)
    house.recordings.write_gap(Gap("yard", start, end, GapReason.DISK_FULL))
    (status,) = house.keeper(min_free="0B").look_ahead(NOW)
    assert status.state is Promise.BROKEN


@pytest.mark.parametrize("choice", ["stop_recording", "delete_oldest"])
def test_what_is_past_the_floor_makes_room_first_whatever_is_chosen(
    house: House, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    house.record(33, hours=30)
    young = house.record(2, hours=5)
    keeper = house.keeper(when_full=choice, min_free="0B")
    monkeypatch.setattr(keeper, "_space", lambda: (10**6, 10**9))
    assert keeper.make_room(NOW) == 10
    assert set(young) <= house.recordings.paths()
    whys = {one.why for one in house.ledger.deletions("yard", NOW - timedelta(days=40), NOW)}
    assert whys == {Why.SPACE}
    assert house.notices() == []


def test_inside_the_floor_only_the_choice_deletes_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = house.record(20, hours=30)
    house.hold("h", 20)
    stop = house.keeper(min_free="0B")
    monkeypatch.setattr(stop, "_space", lambda: (10**6, 10**9))
    assert stop.make_room(NOW) == 0
    assert stop.make_room(NOW) == 0
    assert house.notices() == ["vn.qcam.disk.full.v1"]
    delete = house.keeper(when_full="delete_oldest", min_free="0B")
    monkeypatch.setattr(delete, "_space", lambda: (10**6, 10**9))
    assert delete.make_room(NOW) == 10
    assert house.recordings.paths() == {paths[0], *paths[11:]}  # the first is held
    assert house.notices()[1:] == ["vn.qcam.retention.deleted_early.v1"]
    (status,) = delete.look_ahead(NOW)
    assert status.state is Promise.BROKEN


def test_a_minimum_that_no_deletion_can_satisfy_deletes_nothing(house: House) -> None:
    house.record(33, hours=5)
    house.record(1)
    assert house.keeper(when_full="delete_oldest", min_free="9000TB").make_room(NOW) == 0


@pytest.mark.parametrize("synchronised", [None, False])
def test_a_clock_that_stepped_pauses_deletion_until_it_is_confirmed(
    house: House, synchronised: bool | None
) -> None:
    house.record(3, hours=2)
    house.record(0.1)
    said: list[bool | None] = [synchronised]
    clock = FakeClock(NOW)
    volume = Volume(house.root, house.state, clock)
    keeping = Housekeeping(
        *(house.root, house.recordings, Recording.model_validate({"min_free": "0B"}), clock, set),
        volume=volume,
        synchronised=lambda: said[0],
    )
    keeping.tick()
    clock.step_wall(40 * 86_400.0)
    clock.pass_time(4000.0)
    keeping.tick()
    assert len(house.recordings.paths()) == 3
    assert "vn.qcam.clock.suspect.v1" in house.notices()
    said[0] = True
    clock.pass_time(4000.0)
    keeping.tick()
    assert len(house.recordings.paths()) == 1


def test_a_disk_that_goes_and_comes_back_is_told_both_times(house: House) -> None:
    house.record(1)
    clock = FakeClock(NOW)
    volume = Volume(house.root, house.state, clock)
    keeping = Housekeeping(
        *(house.root, house.recordings, Recording.model_validate({"min_free": "0B"}), clock, set),
        volume=volume,
    )
    keeping.tick()
    away = house.root.rename(house.root.with_name("away"))
    house.root.mkdir()
    keeping.tick()
    assert (disk := house.ledger.disk()) is not None
    assert disk.state == "missing"
    house.root.rmdir()
    away.rename(house.root)
    keeping.tick()
    assert (disk := house.ledger.disk()) is not None
    assert disk.state == "ok"
    assert house.notices() == ["vn.qcam.disk.missing.v1", "vn.qcam.disk.ok.v1"]
    assert len(house.recordings.paths()) == 1


def test_the_ledger_is_kept_for_four_hundred_days_and_no_longer(house: House) -> None:
    house.record(450)
    house.record(390)
    house.record(1)
    keeper = house.keeper()
    assert keeper.delete_past_ceiling(NOW) == 2
    keeper.forget(NOW)
    ages = [450, 390]
    kept = [
        house.book.days("yard", *([(NOW - timedelta(days=age)).date()] * 2), NOW) for age in ages
    ]
    assert [bool(days) and days[0].closed for days in kept] == [False, True]
