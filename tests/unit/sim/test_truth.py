"""Ground truth by its plain definition, on tables made by hand."""

import json
from collections.abc import Iterable

import pytest

from edge_agent.core.event import Rule
from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskState
from edge_agent.sim.scenario import FrameTruth, PersonTruth
from edge_agent.sim.truth import Expected, episodes, frame_line, runs


def person(one: int = 1, mask: MaskState = MaskState.ABSENT, head: float = 40.0) -> PersonTruth:
    box = Box(0, 0, 100, 300)
    return PersonTruth(one, 1.0, 5.0, box, Box(0, 0, head, head), 1.0, mask, standing=True)


def frames(
    seconds: Iterable[float], *persons: PersonTruth, metres: float = 9.0
) -> list[FrameTruth]:
    return [FrameTruth(t, persons, ((1, 2, metres),)) for t in seconds]


@pytest.mark.parametrize(
    ("times", "bridge", "least", "spans"),
    [
        ([], 1.0, 0.0, []),
        ([1.0, 2.0, 3.0], 1.0, 2.0, [(1.0, 3.0)]),
        ([1.0, 2.0, 3.0], 1.0, 2.1, []),
        ([1.0, 2.0, 5.0, 6.0], 1.0, 1.0, [(1.0, 2.0), (5.0, 6.0)]),
        ([1.0, 2.0, 5.0, 6.0], 3.0, 1.0, [(1.0, 6.0)]),
        ([4.0], 1.0, 0.0, [(4.0, 4.0)]),
    ],
)
def test_runs_join_what_is_near_in_time_and_drop_what_is_short(
    times: list[float], bridge: float, least: float, spans: list[tuple[float, float]]
) -> None:
    assert runs(times, bridge, least) == spans


def test_a_pair_below_two_metres_for_long_enough_is_an_episode() -> None:
    rows = frames(range(10), metres=1.9)
    assert episodes("c", rows, 5.0) == [Expected("c", Rule.DISTANCING, 0, 9, (1, 2))]


def test_a_pair_that_passes_is_none() -> None:
    rows = frames(range(3), metres=1.0) + frames(range(3, 10), metres=3.0)
    assert episodes("c", rows, 5.0) == []


def test_two_metres_are_far_enough() -> None:
    assert episodes("c", frames(range(10), metres=2.0), 5.0) == []


def test_a_bare_face_for_three_seconds_is_an_episode() -> None:
    rows = frames(range(4), person())
    assert episodes("c", rows, 5.0) == [Expected("c", Rule.MASK, 0, 3, (1,))]


@pytest.mark.parametrize(
    "shown",
    [
        person(mask=MaskState.WORN),
        person(mask=MaskState.UNKNOWN),
        person(head=23.9),
    ],
)
def test_a_mask_a_hidden_face_and_a_small_head_are_none(shown: PersonTruth) -> None:
    assert episodes("c", frames(range(10), shown), 5.0) == []


def test_a_face_hidden_for_a_moment_stays_one_episode() -> None:
    rows = frames((0, 1, 2), person()) + frames((4, 5, 6), person())
    assert episodes("c", rows, 5.0) == [Expected("c", Rule.MASK, 0, 6, (1,))]


def test_a_frame_is_one_line_of_json() -> None:
    line = frame_line(FrameTruth(1.5, (person(),), ((1, 2, 1.23456),)))
    said = json.loads(line)
    assert "\n" not in line
    assert said["pairs"] == [{"a": 1, "b": 2, "metres": 1.235}]
    assert said["persons"][0]["mask"] == "absent"
