"""The automaton of episodes, row by row and as laws that hold for any history."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.core.event import EpisodeChange, Phase, Rule
from edge_agent.core.geometry import Box, GroundPoint
from edge_agent.core.time import Instant
from edge_agent.rules.episode import Episodes, Stage
from edge_agent.rules.episodes import (
    TABLE,
    Signal,
    active,
    expire,
    interrupt,
    observe,
)
from edge_agent.rules.motion import begin
from edge_agent.rules.observation import Observation, Patience
from edge_agent.rules.trail import Sighting, Trail
from tests.unit.rules.scenes import moment

PATIENCE = {
    Rule.DISTANCING: Patience(3.0, 2.0, 10.0),
    Rule.MASK: Patience(0.0, 2.0, 10.0),
    Rule.TAMPER: Patience(0.0, 2.0, 10.0),
}
BOOK = Episodes("site-1", "cam-1", PATIENCE)


def trail(number: int, x: float = 0.0, born: float = 0.0, seen: float | None = None) -> Trail:
    """A person at x metres; a track that began at second `born` and was last seen at `seen`."""
    box = Box(100 + 40 * x, 100, 126 + 40 * x, 168)
    first = Sighting(moment(born), box, GroundPoint(x, 0.0, 0.1))
    last = first._replace(at=moment(born if seen is None else seen))
    misses = 0 if seen is None else 1
    return Trail(number, True, 3, misses, 0.9, begin(box), first.ground, first, last, (first,))


def claim(*persons: Trail, rule: Rule = Rule.DISTANCING, worse: float = -1.0) -> Observation:
    return Observation(rule, persons, worse, {"min_distance_m": -worse}, {"limit_m": 2.0})


def here(*persons: Trail) -> Observation:
    return claim(*persons)._replace(spot=(0.5, 0.0))


class Story:
    """Frames five times a second, each with the claims that the test names."""

    def __init__(self) -> None:
        self.book, self.second, self.step = BOOK, 0.0, 0.0
        self.said: list[EpisodeChange] = []
        self.live: dict[int, Trail] = {}

    @property
    def now(self) -> Instant:
        return moment(self.second, self.step)

    def frame(self, *claims: Observation) -> None:
        self.second = round(self.second + 0.2, 6)
        self.book, said = observe(self.book, self.now, claims, self.live)
        self.said += said

    def play(self, seconds: float, *claims: Observation) -> "Story":
        for _ in range(round(seconds * 5)):
            self.frame(*claims)
        return self

    def phases(self) -> list[Phase]:
        return [change.phase for change in self.said]


PAIR = claim(trail(1), trail(2))
OPENED, CLOSED = Phase.OPENED, Phase.CLOSED


def test_the_table_has_a_row_for_every_stage_and_signal_that_can_meet() -> None:
    looked_at = {Signal.SEEN, Signal.LASTED}  # a closed episode is not looked up
    expected = {
        (s, g) for s in Stage for g in Signal if s is not Stage.CLOSED or g not in looked_at
    }
    assert set(TABLE) == expected


def test_only_two_steps_of_the_table_speak() -> None:
    speaking = {(stage, after, phase) for (stage, _), (after, phase) in TABLE.items() if phase}
    assert speaking == {
        (Stage.PENDING, Stage.OPEN, OPENED),
        (Stage.OPEN, Stage.CLOSED, CLOSED),
    }


@pytest.mark.parametrize(("seconds", "phases"), [(2.8, []), (3.2, [OPENED]), (60.0, [OPENED])])
def test_an_observation_opens_when_it_has_lasted(seconds: float, phases: list[Phase]) -> None:
    assert Story().play(seconds, PAIR).phases() == phases


def test_an_episode_tells_when_it_began_when_it_was_last_seen_and_how_bad_it_was() -> None:
    worst = claim(trail(1), trail(2), worse=-0.4)
    story = Story().play(4.0, PAIR).play(0.2, worst).play(2.0, PAIR).play(3.0)
    opened, closed = story.said
    assert (opened.episode, opened.t0, opened.tracks) == (closed.episode, closed.t0, (1, 2))
    assert opened.t0 == moment(0.2).wall
    assert closed.t1 == moment(6.2).wall
    assert closed.data == {
        "limit_m": 2.0,
        "min_distance_m": 0.4,
        "peak": "2021-07-28T07:00:04.200Z",
        "seconds": 6.0,
    }


@pytest.mark.parametrize(("gap", "phases"), [(1.6, [OPENED]), (2.4, [OPENED, CLOSED])])
def test_gaps_are_bridged_for_a_while(gap: float, phases: list[Phase]) -> None:
    assert Story().play(4.0, PAIR).play(gap).play(1.0, PAIR).phases() == phases


def test_a_pending_observation_that_is_interrupted_by_a_long_gap_starts_over() -> None:
    assert Story().play(2.0, PAIR).play(2.4).play(2.0, PAIR).phases() == []


def test_time_alone_closes_when_no_frame_comes() -> None:
    story = Story().play(4.0, PAIR)
    book, said = expire(story.book, moment(5.9), {})
    assert (book, said) == (story.book, ()), "inside the bridge"
    book, said = expire(story.book, moment(60.0), {})
    assert [change.phase for change in said] == [CLOSED]
    assert said[0].t1 == moment(4.0).wall
    assert said[0].reason == "out_of_view"


def test_an_ending_in_sight_is_told_from_people_leaving() -> None:
    story = Story().play(4.0, PAIR)
    in_sight = {1: trail(1), 2: trail(2)}
    hidden = {1: trail(1), 2: trail(2, seen=3.0)}
    assert [c.reason for c in expire(story.book, moment(9), in_sight)[1]] == ["ended"]
    assert [c.reason for c in expire(story.book, moment(9), hidden)[1]] == ["out_of_view"]


def test_the_same_pair_opens_no_second_episode_during_the_cooldown() -> None:
    story = Story().play(4.0, PAIR).play(3.0)
    assert story.phases() == [OPENED, CLOSED]
    story.play(8.8, PAIR)
    assert story.phases() == [OPENED, CLOSED], "bridge and cooldown last until second 16"
    story.play(0.6, PAIR)
    assert story.phases() == [OPENED, CLOSED, OPENED]
    assert story.said[2].episode != story.said[0].episode


def test_another_pair_is_not_cooled_down() -> None:
    story = Story().play(4.0, PAIR).play(3.0).play(4.0, claim(trail(3, 9.0), trail(4, 9.5)))
    assert story.phases() == [OPENED, CLOSED, OPENED]


def test_an_identity_switch_joins_the_open_episode() -> None:
    story = Story().play(4.0, PAIR)
    story.live = {1: trail(1), 2: trail(2, seen=4.0), 3: trail(3, 0.5, born=4.4)}
    story.play(4.0, claim(trail(1), trail(3, 0.5, born=4.4)), PAIR)
    assert story.phases() == [OPENED]
    assert active(story.book, Rule.DISTANCING, Stage.OPEN) == {(1, 3)}
    story.play(3.0)
    assert story.said[-1].tracks == (1, 3)
    assert story.phases() == [OPENED, CLOSED]


def test_an_identity_switch_while_pending_loses_no_time() -> None:
    story = Story().play(2.0, PAIR)
    story.live = {2: trail(2, seen=2.0)}
    story.play(1.4, claim(trail(1), trail(3, 0.5, born=2.2)))
    assert story.phases() == [OPENED]


def test_both_may_come_back_under_other_ids_in_any_order() -> None:
    story = Story().play(4.0, claim(trail(1, 0.0), trail(2, 1.8)))
    story.live = {1: trail(1, 0.0, seen=4.0), 2: trail(2, 1.8, seen=4.0)}
    story.play(4.0, claim(trail(3, 1.9, born=4.4), trail(4, 0.1, born=4.4)))
    assert story.phases() == [OPENED]


@pytest.mark.parametrize(
    "other",
    [trail(3, 5.0, born=4.4), trail(3, 0.5, born=1.0)],
    ids=["too far away", "seen beside the other one"],
)
def test_somebody_else_is_an_episode_of_their_own(other: Trail) -> None:
    story = Story().play(4.0, PAIR)
    story.live = {1: trail(1), 2: trail(2, seen=4.0), 3: other}
    story.play(3.4, claim(trail(1), other))
    assert story.phases() == [OPENED, CLOSED, OPENED]
    assert len({change.episode for change in story.said}) == 2


def test_a_switch_after_the_end_is_still_the_same_person_during_the_cooldown() -> None:
    nobody = Story().play(0.2, claim(trail(1), rule=Rule.MASK)).play(3.0)
    assert nobody.phases() == [OPENED, CLOSED]
    nobody.play(2.0, claim(trail(2, 0.5, born=3.0), rule=Rule.MASK))
    assert nobody.phases() == [OPENED, CLOSED]
    nobody.play(1.0, claim(trail(3, 7.0, born=3.0), rule=Rule.MASK))
    assert nobody.phases() == [OPENED, CLOSED, OPENED]


def spotted(*persons: Trail) -> Observation:
    return claim(*persons)._replace(spot=(0.5, 0.0))


@pytest.mark.parametrize("seen", [True, False])
def test_tracks_that_others_walked_off_with_leave_their_episode_to_those_that_appear(
    seen: bool,
) -> None:
    """A passer-by takes the track along; those who stay get a new one in their midst."""
    story = Story().play(5.0, spotted(trail(1), trail(2, 0.9)))
    story.live = {1: trail(1), 2: trail(2, 6.0)} if seen else {}
    heirs = spotted(trail(1), trail(3, 0.9, born=4.0))
    story.play(2.0, spotted(trail(1), trail(2, 0.9)), heirs).play(6.0, heirs)
    assert story.phases() == [OPENED]
    story.play(3.0)
    assert story.phases() == [OPENED, CLOSED]
    assert story.said[-1].tracks == (1, 3)


def test_who_came_walking_to_a_place_is_no_heir_of_those_who_stood_there() -> None:
    story = Story().play(5.0, spotted(trail(1), trail(2, 0.9)))
    newcomers = spotted(trail(1), trail(3, 5.0, born=1.0))
    story.play(2.0, spotted(trail(1), trail(2, 0.9)), newcomers).play(6.0, newcomers)
    assert story.phases() == [OPENED, OPENED, CLOSED]


def test_rules_do_not_mix() -> None:
    story = Story().play(4.0, PAIR, claim(trail(1), rule=Rule.MASK))
    assert [(change.rule, change.phase) for change in story.said] == [
        (Rule.MASK, OPENED),
        (Rule.DISTANCING, OPENED),
    ]
    assert active(story.book, Rule.MASK, Stage.OPEN) == {(1,)}


def test_a_claim_about_the_camera_has_no_persons_and_is_told_by_its_place() -> None:
    covered = Observation(Rule.TAMPER, (), 1.0, {}, {}, "covered")
    dark = covered._replace(place="dark")
    story = Story().play(1.0, covered).play(1.0, covered, dark).play(1.0, dark).play(3.0)
    told = [(change.phase, change.data["place"], change.reason) for change in story.said]
    assert told == [
        (OPENED, "covered", ""),
        (OPENED, "dark", ""),
        (CLOSED, "covered", "ended"),
        (CLOSED, "dark", "ended"),
    ]


def test_interruption_closes_what_is_open_and_forgets_what_is_pending() -> None:
    story = Story().play(4.0, PAIR).play(1.0, PAIR, claim(trail(5), trail(6)))
    book, said = interrupt(story.book, "stream_lost")
    assert [(change.phase, change.reason) for change in said] == [(CLOSED, "stream_lost")]
    assert [episode.stage for episode in book.all] == [Stage.CLOSED]
    again, nothing = interrupt(book, "stopped")
    assert (again, nothing) == (book, ())


@pytest.mark.parametrize("step", [-3600.0, 3600.0, 86400.0 * 365])
def test_a_wall_clock_that_steps_changes_neither_length_nor_order(step: float) -> None:
    story = Story().play(2.0, PAIR)
    story.step = step
    story.play(3.0, PAIR).play(3.0)
    opened, closed = story.said
    assert closed.data["seconds"] == 4.8
    assert closed.t1 - closed.t0 == timedelta(seconds=4.8)
    assert opened.t0 == moment(0.2).wall


def test_names_are_short_plain_and_the_same_for_the_same_input() -> None:
    one, two = Story().play(4.0, PAIR).said[0].episode, Story().play(4.0, PAIR).said[0].episode
    assert one == two
    assert len(one) <= 40
    assert set(one) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


PEOPLE = {
    n: trail(n, x=n * 0.7, born=float(n % 3))._replace(mistaken={n % 4 + 1: moment(float(n))})
    for n in range(1, 5)
}
CLAIMS = st.lists(
    st.sampled_from(
        [here(PEOPLE[a], PEOPLE[b]) for a in PEOPLE for b in PEOPLE if a < b]
        + [claim(person, rule=Rule.MASK) for person in PEOPLE.values()]
    ),
    max_size=3,
    unique_by=lambda observation: (observation.rule, observation.key),
)
ACTION = st.one_of(
    st.tuples(CLAIMS, st.sampled_from([0.2, 1.0, 1.9, 2.5, 15.0]), st.sampled_from([0.0, -900.0])),
    st.just("interrupt"),
)


@settings(max_examples=150)
@given(st.lists(ACTION, max_size=40))
def test_every_opened_has_exactly_one_closed_after_it_and_no_length_is_negative(
    actions: list[object],
) -> None:
    book, second, step = BOOK, 0.0, 0.0
    said: list[EpisodeChange] = []
    for action in actions:
        if isinstance(action, tuple):
            claims, pause, jump = action
            second, step = second + pause, step + jump
            book, changes = observe(book, moment(second, step), claims, PEOPLE)
        else:
            book, changes = interrupt(book, "stream_lost")
            assert active(book, Rule.MASK, Stage.OPEN) == frozenset()
        said += changes
    book, changes = interrupt(book, "stopped")
    said += changes
    seen: Counter[tuple[str, Phase]] = Counter()
    for change in said:
        assert change.t0 <= change.t1
        assert change.data["seconds"] >= 0
        if change.phase is CLOSED:
            assert seen[change.episode, OPENED] == 1, "closed before it was opened"
        seen[change.episode, change.phase] += 1
    assert set(seen.values()) <= {1}
    assert len([key for key in seen if key[1] is OPENED]) * 2 == len(seen)
