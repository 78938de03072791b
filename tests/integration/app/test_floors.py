"""Floors learnt from passers-by: kept, proposed, told once; and a camera that was moved."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from edge_agent.app.floors import FloorBook, learn
from edge_agent.config.schema import Calibration
from edge_agent.core.trouble import Trouble
from edge_agent.link.wire import Topics
from edge_agent.rules.pose import Pose
from edge_agent.store.journal import Journal
from edge_agent.store.walks import MOST, read_proposal, read_walks, write_walks
from tests.bench.calibration_scenes import Scene, walks
from tests.fakes.clock import FakeClock

HALL = Scene(Pose(400.0, 27.0, 0.0, 3.1), 2.2, 12.0)
SUNK = Scene(Pose(400.0, 40.0, 0.0, 3.1), 1.5, 8.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "events.db")
    yield opened
    opened.close()


def book(
    tmp_path: Path, journal: Journal, clock: FakeClock, calibration: Calibration | None = None
) -> FloorBook:
    return FloorBook(
        "a-school",
        {"cam": calibration},
        tmp_path / "floors",
        journal,
        Topics("a-school"),
        lambda: None,
        clock,
    )


def walk_by(floors: FloorBook, scene: Scene, people: int, seed: int) -> None:
    for number, walk in enumerate(walks(scene, np.random.default_rng(seed), people, 0.1, 0.1)):
        floors.walked(walk)
        if number % 50 == 49:
            floors.turn()


def told(journal: Journal) -> list[str]:
    """The types of all events, the oldest first; each of them waits in the outbox."""
    waiting = sum(lane.count for lane in journal.outbox.backlog().values())
    events = sorted(journal.recent(99), key=lambda event: event.time)
    assert waiting == len(events)
    return [event.type.removeprefix("vn.qcam.").removesuffix(".v1") for event in events]


def test_a_camera_without_a_calibration_gets_a_proposal_told_once(
    tmp_path: Path, journal: Journal
) -> None:
    clock = FakeClock()
    floors = book(tmp_path, journal, clock)
    walk_by(floors, HALL, 12, seed=1)
    floors.turn()
    assert read_proposal(tmp_path / "floors", "cam") is None
    walk_by(floors, HALL, 50, seed=2)
    clock.pass_time(7 * 3600)
    floors.turn()
    floors.turn()
    found = read_proposal(tmp_path / "floors", "cam")
    assert found is not None
    assert found["people"] >= 30
    assert not found["stale"]
    view = Calibration.model_validate(found["calibration"]).view
    assert view is not None
    assert view.height == pytest.approx(3.1, rel=0.1)
    assert told(journal) == ["calibration.proposed"]


def test_a_moved_camera_is_an_alarm_and_a_still_one_is_silent(
    tmp_path: Path, journal: Journal
) -> None:
    clock = FakeClock()
    before = walks(HALL, np.random.default_rng(3), 80, 0.0, 0.0)
    used = Calibration.model_validate(learn("cam", before, None)["calibration"])
    floors = book(tmp_path, journal, clock, used)
    walk_by(floors, HALL, 60, seed=4)
    floors.turn()
    assert told(journal) == []
    clock.pass_time(8 * 86_400)
    walk_by(floors, SUNK, 80, seed=5)
    floors.turn()
    clock.pass_time(7 * 3600)
    floors.turn()
    assert told(journal) == ["calibration.stale"]


def test_walks_are_bounded_and_survive_the_agent(tmp_path: Path) -> None:
    clock = FakeClock()
    some = walks(HALL, np.random.default_rng(6), 20, 0.0, 0.0)
    now = clock.now().wall
    kept = [(now + timedelta(seconds=n), some[n % 20]) for n in range(MOST + 40)]
    write_walks(tmp_path, "cam", kept)
    read = read_walks(tmp_path, "cam")
    assert len(read) == MOST
    assert read[-1][0] == now + timedelta(seconds=MOST + 39)
    assert read[-1][1].steps == tuple(
        tuple(round(value, 2) for value in step) for step in kept[-1][1].steps
    )


@pytest.mark.parametrize(
    "content", ["", "{}", '{"at": 1}\n', "\x00\xff", '{"at":"x","size":[1],"steps":[]}']
)
def test_a_damaged_file_of_walks_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "cam.walks.jsonl").write_text(content, encoding="utf-8")
    assert read_walks(tmp_path, "cam") == ()


def test_nobody_proposes_nothing() -> None:
    with pytest.raises(Trouble, match="30 are needed"):
        learn("cam", [], None)
