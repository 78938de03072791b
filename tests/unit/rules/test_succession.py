"""Tracks that may have changed owners: the same people under them are no second episode."""

import pytest

from edge_agent.core.event import Phase
from edge_agent.rules.tracker import Tracker, advance
from edge_agent.rules.trail import DOUBTED, Trail, doubted
from tests.unit.rules.scenes import SIZE, moment, person
from tests.unit.rules.test_episodes import CLOSED, OPENED, Story, here, trail


def passer_by(mistaken_at: float | None) -> Trail:
    """Track 3, which walked up from elsewhere and may have changed owners with track 2."""
    walker = trail(3, 9.0, born=1.0)
    mistaken = {} if mistaken_at is None else {2: moment(mistaken_at)}
    return walker._replace(mistaken=mistaken)


@pytest.mark.parametrize(
    ("mistaken_at", "phases"),
    [(4.0, [OPENED, CLOSED]), (None, [OPENED, CLOSED, OPENED]), (-1.0, [OPENED, CLOSED, OPENED])],
    ids=["as they passed", "never", "before the episode began"],
)
def test_a_track_that_may_have_changed_owners_brings_no_second_episode(
    mistaken_at: float | None, phases: list[Phase]
) -> None:
    story = Story().play(4.0, here(trail(1), trail(2)))
    walker = passer_by(mistaken_at)
    story.live = {1: trail(1), 2: trail(2), 3: walker}
    story.play(3.6, here(trail(1), walker))
    assert story.phases() == phases


def test_the_time_that_a_pair_waited_counts_for_its_new_tracks() -> None:
    story = Story().play(2.0, here(trail(1), trail(2)))
    walker = passer_by(1.8)
    story.live = {1: trail(1), 2: trail(2), 3: walker}
    story.play(1.2, here(trail(1), walker))
    (opened,) = story.said
    assert (opened.phase, opened.t0, opened.tracks) == (OPENED, moment(0.2).wall, (1, 3))
    story.play(3.0)
    assert story.phases() == [OPENED, CLOSED]


def test_three_in_sight_of_each_other_stay_three_pairs() -> None:
    third = trail(3, 0.5)._replace(mistaken={2: moment(2.0)})
    three = [here(trail(1), trail(2)), here(trail(1), third), here(trail(2), third)]
    story = Story()
    story.live = {1: trail(1), 2: trail(2), 3: third}
    assert story.play(6.0, *three).phases() == [OPENED] * 3


def test_one_box_between_two_may_be_eithers_and_not_that_of_one_far_away() -> None:
    tracker = Tracker(SIZE, None)
    for n in range(10):
        two = [(3.0, 4.0), (3.4, 4.0)] if n < 9 else [(3.2, 4.0)]
        found = [person(x, y) for x, y in (*two, (12.0, 4.0))]
        tracker = advance(tracker, moment(n / 5), found)
    one, other, far = tracker.trails
    assert (one.mistaken, other.mistaken) == ({other.id: moment(1.8)}, {one.id: moment(1.8)})
    assert far.mistaken == {}


def test_a_doubt_is_forgotten_after_a_while() -> None:
    once = doubted(trail(1), [2], moment(1.0))
    assert doubted(once, [3], moment(5.0)).mistaken == {2: moment(1.0), 3: moment(5.0)}
    late = moment(2.0 + DOUBTED)
    assert doubted(once, [3], late).mistaken == {3: late}
    assert doubted(once, [], late) is once
