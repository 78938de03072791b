"""Masks: whose head is due, and votes in which unknown has no voice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config.behaviours import MaskRule
from edge_agent.core.geometry import Box
from edge_agent.core.perception import Detection, MaskState
from edge_agent.rules.masks import Ballot, cast, heads_due, observe_masks
from edge_agent.rules.tracker import Tracker, advance
from edge_agent.rules.trail import Trail
from tests.unit.rules.scenes import SIZE, moment, person, reading

RULE = MaskRule()
LETTERS = {
    "w": MaskState.WORN,
    "i": MaskState.INCORRECT,
    "a": MaskState.ABSENT,
    "u": MaskState.UNKNOWN,
}


def voted(readings: str, rule: MaskRule = RULE, head_px: float = 100.0) -> Ballot:
    ballot = Ballot()
    for second, letter in enumerate(readings):
        ballot = cast(ballot, rule, moment(second), reading(LETTERS[letter], head_px))
    return ballot


def trails(*detections: Detection, looks: int = 4) -> tuple[Trail, ...]:
    state = Tracker(SIZE, None)
    for look in range(looks):
        state = advance(state, moment(look / 5), detections)
    return state.trails


@pytest.mark.parametrize(
    ("readings", "state"),
    [
        ("", "u"),
        ("aa", "u"),
        ("aaa", "a"),
        ("www", "w"),
        ("iii", "i"),
        ("aaw", "a"),
        ("aww", "w"),
        ("awi", "u"),
        ("aauuua", "a"),
        ("uuuuuuuuu", "u"),
        ("aauuuuuu", "u"),
        ("wwwaa", "w"),
        ("wwwaaa", "w"),
        ("wwwaaaa", "a"),
        ("aaauuuuuuuu", "a"),
        ("aaawww", "a"),
        ("aaawwww", "w"),
    ],
)
def test_a_state_needs_enough_answers_and_two_thirds_of_them(readings: str, state: str) -> None:
    assert voted(readings).state is LETTERS[state]


@given(st.text("wiau", max_size=30))
def test_unknown_readings_change_no_vote(readings: str) -> None:
    ballot, answered = voted(readings), voted(readings.replace("u", ""))
    assert (ballot.state, ballot.votes) == (answered.state, answered.votes)
    assert sum(ballot.counts.values()) == len(readings)
    assert len(ballot.votes) <= 2 * RULE.votes


@given(st.text("wiu", max_size=30))
def test_without_an_absent_reading_nobody_is_without_a_mask(readings: str) -> None:
    assert voted(readings).state is not MaskState.ABSENT


def test_a_head_too_small_to_read_is_unknown_whatever_the_model_says() -> None:
    ballot = voted("aaaaa", head_px=30.0)
    assert (ballot.state, ballot.counts) == (MaskState.UNKNOWN, {"unknown": 5})


def due(
    people: tuple[Trail, ...],
    *,
    rule: MaskRule = RULE,
    at: float = 0.6,
    scale: float = 3.0,
    ballots: dict[int, Ballot] | None = None,
) -> list[int]:
    requests = heads_due(people, ballots or {}, rule, moment(at), SIZE, scale)
    return [request.track for request in requests]


def test_the_largest_head_is_read_first() -> None:
    near = Detection(Box(300, 100, 380, 300), 0.9)
    assert due(trails(person(3, 4), near)) == [2, 1]


def test_small_heads_wait_for_a_larger_picture() -> None:
    assert due(trails(person(3, 4)), scale=1.0) == []
    assert due(trails(person(3, 4)), scale=3.0) == [1]


def test_tentative_tracks_and_a_rule_switched_off_ask_for_nothing() -> None:
    assert due(trails(person(3, 4), looks=1), at=0.0) == []
    assert due(trails(person(3, 4)), rule=MaskRule(enabled=False)) == []


def test_a_picture_older_or_newer_than_the_track_asks_for_nothing() -> None:
    assert due(trails(person(3, 4)), at=-0.5) == []
    assert due(trails(person(3, 4)), at=2.0) == []


@pytest.mark.parametrize(("read", "asked"), [(0.5, []), (-0.35, [1])])
def test_samples_are_apart(read: float, asked: list[int]) -> None:
    ballot = Ballot(read=moment(read).mono)
    assert due(trails(person(3, 4)), ballots={1: ballot}) == asked


def test_a_head_behind_somebody_nearer_is_not_read() -> None:
    behind, before = Detection(Box(200, 80, 240, 190), 0.9), Detection(Box(195, 75, 245, 220), 0.9)
    assert due(trails(behind, before)) == []
    taller, low = Detection(Box(200, 60, 240, 180), 0.9), Detection(Box(190, 110, 250, 230), 0.9)
    assert due(trails(taller, low)) == [2, 1]


@pytest.mark.parametrize(
    ("readings", "incorrect_alarms", "claimed"),
    [("aaa", False, True), ("iii", False, False), ("iii", True, True), ("www", True, False)],
)
def test_claims_follow_the_votes(readings: str, incorrect_alarms: bool, claimed: bool) -> None:
    rule = MaskRule(incorrect_alarms=incorrect_alarms)
    claims = observe_masks(trails(person(3, 4)), {1: voted(readings)}, rule)
    assert len(claims) == claimed
    if claimed:
        assert claims[0].latest["readings"] == 3
        assert claims[0].worst == {"head_px": pytest.approx(54.2, abs=0.1)}


def test_nobody_unseen_tentative_or_unread_is_claimed() -> None:
    seen = trails(person(3, 4))
    hidden = advance(Tracker(SIZE, None, moment(0.6), 2, seen), moment(0.8), []).trails
    absent = {1: voted("aaa")}
    assert observe_masks(hidden, absent, RULE) == ()
    assert observe_masks(trails(person(3, 4), looks=1), absent, RULE) == ()
    assert observe_masks(seen, {}, RULE) == ()
    assert observe_masks(seen, absent, MaskRule(enabled=False)) == ()
