"""What the agent does with the recorder's notices, an episode's footage, and old stills."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.app.custody import Custody
from edge_agent.app.notices import NoticeBoard
from edge_agent.config.schema import Recording
from edge_agent.core.event import Event, Lane
from edge_agent.core.ledger import Hold, Notice, Why
from edge_agent.core.time import iso
from edge_agent.link.episodes import CLOSED, OPENED
from edge_agent.link.wire import Topics
from edge_agent.store.holds import Holds
from edge_agent.store.journal import Journal
from edge_agent.store.ledger import Ledger
from edge_agent.store.recordings import Recordings
from edge_agent.store.stills import save_still
from tests.fakes.clock import FakeClock
from tests.integration.outbox import rows

NOW = datetime(2021, 9, 1, 12, tzinfo=UTC)


class Desk:
    def __init__(self, folder: Path) -> None:
        self.recordings = Recordings(folder / "recordings.db")
        self.journal = Journal(folder / "events.db")
        self.ledger, self.holds = Ledger(self.recordings.rows), Holds(self.recordings.rows)
        self.stills, self.clock = folder / "stills", FakeClock(NOW)

    def custody(self, **settings: object) -> Custody:
        kept = Recording.model_validate(settings)
        return Custody(self.recordings, self.journal, self.stills, kept, self.clock)

    def board(self, woken: list[int]) -> NoticeBoard:
        topics = Topics("kcl-1")
        return NoticeBoard("kcl-1", self.ledger, self.journal, topics, lambda: woken.append(1))

    def still(self, name: str, days_ago: float) -> Path:
        when = NOW - timedelta(days=days_ago)
        path = save_still(self.stills, name, when, b"\xff\xd8")
        self.journal.record(Event(name, "qcam/x", OPENED, "yard", when, "warning", {}, path), ())
        return self.stills / path

    def close(self) -> None:
        self.recordings.close()
        self.journal.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def episode(phase: str, seconds: float) -> Event:
    data = {"episode": "e1", "t0": iso(NOW), "t1": iso(NOW + timedelta(seconds=seconds))}
    kind = OPENED if phase == "opened" else CLOSED
    moment = NOW + timedelta(seconds=seconds)
    return Event(f"e1.{phase}", "qcam/x", kind, "yard", moment, "warning", data)


def test_an_opened_episode_holds_its_footage_and_the_closing_ends_the_span(desk: Desk) -> None:
    custody = desk.custody(hold_episodes="7d")
    custody.note(episode("opened", 5))
    (hold,) = desk.holds.all()
    assert (hold.camera, hold.start, hold.end) == ("yard", NOW - timedelta(seconds=10), None)
    custody.note(episode("closed", 60))
    (hold,) = desk.holds.all()
    assert hold.end == NOW + timedelta(seconds=70)
    assert hold.until == NOW + timedelta(days=42, seconds=60)
    assert hold.active(NOW + timedelta(days=40))
    assert not hold.active(NOW + timedelta(days=43))


def test_what_a_crash_left_between_hold_and_event_is_mended_at_the_next_start(desk: Desk) -> None:
    custody = desk.custody(hold_episodes="7d")
    custody.note(episode("opened", 5))
    custody.drop_orphans()
    assert desk.holds.active(NOW) == (), "no event, so nothing to hold footage for"
    for phase, seconds in (("opened", 5), ("closed", 60)):
        late = episode(phase, seconds)
        desk.journal.record(
            replace(late, id=f"e2.{phase}", data={**late.data, "episode": "e2"}), ()
        )
    custody.mend()
    custody.mend()
    (hold,) = desk.holds.active(NOW)
    assert (hold.id, hold.start) == ("episode.e2", NOW - timedelta(seconds=10))
    assert hold.end == NOW + timedelta(seconds=70)
    custody.drop_orphans()
    assert desk.holds.active(NOW) == (hold,)


def test_without_the_rule_nothing_is_held(desk: Desk) -> None:
    desk.custody(hold_episodes="0s").note(episode("opened", 5))
    assert desk.holds.all() == ()


def test_a_notice_becomes_one_event_however_often_it_is_read(desk: Desk) -> None:
    notice = Notice(
        "retention.yard.at_risk.1", "vn.qcam.retention.at_risk.v1", "yard", NOW, "warning"
    )
    assert desk.ledger.notify(notice)
    assert not desk.ledger.notify(notice)
    woken: list[int] = []
    assert desk.board(woken).tell() == 1
    assert desk.board(woken).tell() == 0
    assert woken == [1]
    assert desk.journal.counts() == {"vn.qcam.retention.at_risk.v1": 1}
    (row,) = rows(desk.journal)
    assert row.lane is Lane.ALARM
    assert b"vn.qcam.retention.at_risk.v1" in row.message.payload


def test_stills_go_past_the_ceiling_never_before_and_never_held(desk: Desk) -> None:
    old, young = desk.still("a.opened", 40), desk.still("b.opened", 33)
    held = desk.still("c.opened", 41)
    start = NOW - timedelta(days=41, seconds=5)
    end = start + timedelta(seconds=20)
    desk.holds.put(Hold("h", "yard", start, end, "why", "who", NOW))
    assert desk.custody().sweep() == 1
    assert not old.parent.exists()
    assert young.exists()
    assert held.exists()
    (deletion,) = desk.ledger.deletions("yard", NOW - timedelta(days=50), NOW)
    assert (deletion.files, deletion.why) == (1, Why.STILLS)
