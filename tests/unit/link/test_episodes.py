"""From sightings to facts: ids, types, lanes, and episodes that were interrupted."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_agent.core.event import EpisodeChange, Lane, Phase, Rule, Sighting
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.link.episodes import (
    CLOSED,
    OPENED,
    closed_by_interruption,
    episode_event,
    messages,
)
from edge_agent.link.wire import Topics

T0 = datetime(2021, 7, 28, 5, 0, tzinfo=UTC)
TOPICS = Topics("khu-a")


def sighting(phase: Phase) -> Sighting:
    change = EpisodeChange(
        episode="cam-1-distancing-17",
        phase=phase,
        rule=Rule.DISTANCING,
        camera="cam-1",
        t0=T0,
        t1=T0 + timedelta(seconds=12.5),
        tracks=(3, 5),
        data={"metres": 1.2, "sigma": float("nan")},
    )
    return Sighting(change, b"", b"", "person-v1")


def test_an_opening_is_a_warning_and_goes_in_the_alarm_lane() -> None:
    event = episode_event("khu-a", sighting(Phase.OPENED), "d/x.jpg")
    assert (event.id, event.type) == ("cam-1-distancing-17.opened", OPENED)
    assert (event.source, event.subject) == ("qcam/khu-a", "cam-1")
    assert (event.severity, event.still) == ("warning", "d/x.jpg")
    assert event.time == T0 + timedelta(seconds=12.5)
    assert event.data == {
        "episode": "cam-1-distancing-17",
        "phase": "opened",
        "rule": "distancing",
        "camera": "cam-1",
        "t0": "2021-07-28T05:00:00.000Z",
        "t1": "2021-07-28T05:00:12.500Z",
        "seconds": 12.5,
        "tracks": [3, 5],
        "reason": "",
        "severity": "medium",
        "model": "person-v1",
        "rules": "",
        "calibration": "",
        "figures": {"metres": 1.2, "sigma": None},
        "stills": {},
    }
    fact, picture = messages(event, b"\xff\xd8x", "E", TOPICS)
    assert (fact.lane, picture.lane) == (Lane.ALARM, Lane.IMAGE)


def test_a_closing_is_information_and_goes_in_bulk() -> None:
    event = episode_event("khu-a", sighting(Phase.CLOSED))
    assert (event.id, event.type, event.severity) == ("cam-1-distancing-17.closed", CLOSED, "info")
    assert [note.lane for note in messages(event, b"", "E", TOPICS)] == [Lane.STATE]


def test_an_interrupted_episode_closes_under_the_id_of_its_own_closing() -> None:
    opened = episode_event("khu-a", sighting(Phase.OPENED), "d/x.jpg")
    later = Instant(T0 + timedelta(hours=1), 5.0)
    closed = closed_by_interruption(opened, later, "vision_restarted")
    assert closed.id == episode_event("khu-a", sighting(Phase.CLOSED)).id
    assert (closed.type, closed.time, closed.still) == (CLOSED, later.wall, "")
    assert closed.data["reason"] == "vision_restarted"
    assert closed.data["phase"] == "closed"
    assert closed.data["t1"] == opened.data["t1"], "nobody saw it any longer"


def test_a_picture_that_cannot_go_is_trouble_for_the_caller_to_report() -> None:
    event = episode_event("khu-a", sighting(Phase.OPENED))
    with pytest.raises(Trouble):
        messages(event, b"no jpeg", "E", TOPICS)
