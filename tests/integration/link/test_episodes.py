"""What vision saw becomes facts in the journal, once, with or without a picture."""

from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.core.event import EpisodeChange, Lane, Phase, Rule, Sighting
from edge_agent.core.time import Instant
from edge_agent.link.episodes import closed_by_interruption, episode_event, record_event
from edge_agent.link.wire import LARGEST_THUMBNAIL
from edge_agent.store.journal import Journal
from tests.integration.link.conftest import NOON, TOPICS
from tests.integration.outbox import rows


def opened() -> Sighting:
    change = EpisodeChange("ep-1", Phase.OPENED, Rule.MASK, "cam-1", NOON, NOON, (1,))
    return Sighting(change, thumbnail=b"\xff\xd8small")


def test_an_episode_is_recorded_once_and_the_link_is_woken_once(tmp_path: Path) -> None:
    journal, woken = Journal(tmp_path / "events.db"), []
    event = episode_event("khu-a", opened(), "2021-07-28/ep-1.opened.jpg")
    for expected in (True, False):
        fresh = record_event(journal, TOPICS, event, opened().thumbnail, lambda: woken.append(1))
        assert fresh is expected
    assert [row.lane for row in rows(journal)] == [Lane.ALARM, Lane.IMAGE]
    assert woken == [1]
    journal.close()


def test_a_picture_that_is_too_large_is_reported_and_the_fact_goes_without_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(tmp_path / "events.db")
    event = episode_event("khu-a", opened())
    assert record_event(journal, TOPICS, event, b"\xff\xd8" + b"x" * LARGEST_THUMBNAIL)
    assert [row.lane for row in rows(journal)] == [Lane.ALARM]
    assert "thumbnail.left" in capsys.readouterr().out
    journal.close()


def test_episodes_that_were_open_when_the_watcher_died_close_exactly_once(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "events.db")
    record_event(journal, TOPICS, episode_event("khu-a", opened()))
    (left,) = journal.open_episodes()
    now = Instant(NOON + timedelta(minutes=5), 1.0)
    ends = closed_by_interruption(left, now, "vision_restarted")
    assert record_event(journal, TOPICS, ends)
    assert not record_event(journal, TOPICS, ends)
    assert journal.open_episodes() == ()
    journal.close()
