"""Pairs that are closer than the limit, more probably than not."""

import pytest

from edge_agent.config.behaviours import DistancingRule
from edge_agent.core.perception import Detection
from edge_agent.rules.distancing import observe_distances
from edge_agent.rules.ground import GroundPlane, fit_plane
from edge_agent.rules.placed import placed
from edge_agent.rules.tracker import Tracker, advance
from edge_agent.rules.trail import Trail
from tests.unit.rules.scenes import FLOOR, SIZE, moment, person

PLANE = fit_plane(FLOOR, SIZE)
RULE = DistancingRule()


def trails(
    *looks: list[Detection], plane: GroundPlane | None = PLANE, times: int = 4
) -> tuple[Trail, ...]:
    state = Tracker(SIZE, plane)
    for number, look in enumerate([looks[0]] * times + list(looks[1:])):
        state = advance(state, moment(number / 5), look)
    return state.trails


def pairs(
    people: tuple[Trail, ...],
    rule: DistancingRule = RULE,
    together: frozenset[tuple[int, ...]] = frozenset(),
) -> list[tuple[int, ...]]:
    return [claim.key for claim in observe_distances(placed(people), rule, together)]


@pytest.mark.parametrize(
    ("metres", "together", "close"),
    [(1.0, False, True), (1.95, False, True), (2.05, False, False), (2.05, True, True),
     (2.25, True, False), (7.0, True, False)],
)  # fmt: skip
def test_a_pair_enters_at_the_limit_and_leaves_beyond_the_hysteresis(
    metres: float, together: bool, close: bool
) -> None:
    people = trails([person(4, 5), person(4 + metres, 5)])
    known = frozenset({(1, 2)}) if together else frozenset()
    assert pairs(people, together=known) == ([(1, 2)] if close else [])


def test_a_demand_for_more_certainty_needs_a_closer_pair() -> None:
    people = trails([person(4, 5), person(5.98, 5)])
    assert pairs(people) == [(1, 2)]
    assert pairs(people, DistancingRule(probability=0.9)) == []


def test_three_together_are_three_pairs_and_a_claim_tells_metres_and_sigma() -> None:
    people = trails([person(4, 5), person(5, 5), person(4.5, 5.8), person(12, 5)])
    claims = observe_distances(placed(people), RULE, frozenset())
    assert [claim.key for claim in claims] == [(1, 2), (1, 3), (2, 3)]
    assert claims[0].worst["min_distance_m"] == pytest.approx(1.0, abs=0.02)
    assert 0 < claims[0].worst["sigma_m"] < 0.2


def test_without_a_floor_or_with_the_rule_off_nothing_is_claimed() -> None:
    close = [person(4, 5), person(5, 5)]
    assert pairs(trails(close, plane=None)) == []
    assert pairs(trails(close), DistancingRule(enabled=False)) == []
    assert pairs(trails(close, times=1)) == [], "tentative tracks claim nothing"


def test_one_of_two_may_be_hidden_for_a_moment_and_not_both() -> None:
    close = [person(4, 5), person(5, 5)]
    assert pairs(trails(close, close[:1])) == [(1, 2)]
    assert pairs(trails(close, [])) == []


def test_a_lost_track_and_its_successor_are_one_person() -> None:
    ghost, shown = trails([person(4, 5), person(5, 5)], [person(4, 5)])[::-1]
    assert ghost.misses
    newborn = shown._replace(id=3, born=ghost.seen._replace(at=moment(5)))
    assert pairs((ghost, newborn)) == []
    assert pairs((newborn._replace(id=1), ghost._replace(id=3))) == []
