"""What is kept of the last seconds, and for how long."""

import numpy as np

from edge_agent.core.geometry import Box
from edge_agent.core.time import Instant
from edge_agent.vision.album import Album
from edge_agent.vision.frame import Frame
from tests.fakes.clock import FakeClock
from tests.unit.vision.pictures import scene

ONE, OTHER = Box(100, 100, 130, 190), Box(300, 100, 330, 190)


def look(album: Album, at: Instant, people: dict[int, Box]) -> None:
    album.look(Frame("c", at, scene(*people.values())), people, tuple(people.values()))


def test_before_is_a_picture_of_two_seconds_before_the_start() -> None:
    album, clock = Album(), FakeClock()
    times = [clock.pass_time(0.2) for _ in range(50)]
    for at in times:
        look(album, at, {1: ONE})
    found = album.before(times[27].wall)
    assert found is not None
    assert 2 <= times[27].since(found.at) <= 3.2
    assert album.before(times[0].wall) is not None


def test_of_an_empty_scene_the_last_picture_is_kept_when_somebody_comes() -> None:
    album, clock = Album(), FakeClock()
    for _ in range(5):
        look(album, empty := clock.pass_time(1.0), {})
    look(album, came := clock.pass_time(1.0), {1: ONE})
    before = album.before(came.plus(1.5).wall)
    assert before is not None
    assert (before.at, dict(before.people)) == (empty, {})


def test_no_more_than_twenty_seconds_are_kept() -> None:
    album, clock = Album(), FakeClock()
    for _ in range(300):
        look(album, last := clock.pass_time(0.2), {1: ONE})
    first = album.before(last.plus(-1000).wall)
    assert first is not None
    assert last.since(first.at) <= 21


def test_a_new_album_is_empty() -> None:
    assert Album().before(FakeClock().now().wall) is None
    assert Album().worst("e") is None


def test_everybody_who_is_not_meant_is_among_the_others() -> None:
    album, clock = Album(), FakeClock()
    at = clock.pass_time(1.0)
    unseen = Box(500, 100, 530, 190)
    album.look(Frame("c", at, scene(ONE)), {1: ONE, 2: OTHER, 3: unseen}, (ONE, OTHER))
    moment = album.before(at.plus(3).wall)
    assert moment is not None
    inside, others = moment.divided((1,))
    assert inside == [ONE]
    assert {OTHER, unseen} <= set(others)
    assert np.abs(moment.image().astype(int) - scene(ONE)).mean() < 3


def test_pictures_of_people_who_left_half_a_minute_ago_are_let_go() -> None:
    album, clock = Album(), FakeClock()
    for _ in range(5):
        look(album, clock.pass_time(1.0), {1: ONE})
    look(album, clock.pass_time(29.0), {})
    assert album.before(clock.now().wall) is not None
    look(album, clock.pass_time(3.0), {})
    assert album.before(clock.now().wall) is None
    look(album, came := clock.pass_time(1.0), {1: ONE})
    before = album.before(came.plus(1.5).wall)
    assert before is not None
    assert dict(before.people) == {}
