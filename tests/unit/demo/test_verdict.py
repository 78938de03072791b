"""Every stage can fail, alone, and then the demo does."""

from dataclasses import replace

import pytest

from edge_agent.demo.verdict import Outcome, stages

GOOD = Outcome(
    wanted=2,
    found=("a", "b"),
    due={"a": 60.0, "b": 60.0},
    segments={"a": 6, "b": 5},
    recorded={"a": 58.0, "b": 57.0},
    played={"a": 58.0, "b": 57.0},
    unplayable=(),
    analysed={"a": 200, "b": 180},
    events=frozenset({"e.opened", "e.closed"}),
    arrived=frozenset({"e.opened", "e.closed"}),
    kinds={"mask": 1, "distancing": 2},
    stills=2,
    missing_stills=(),
    waiting=0,
    heartbeats=4,
    last_state="stopped",
    expected={"mask": 1, "distancing": 1},
    first_event=12.0,
)


def failed(run: Outcome) -> list[int]:
    return [index for index, stage in enumerate(stages(run)) if not stage.happened]


def test_a_whole_run_passes_every_stage() -> None:
    assert failed(GOOD) == []


@pytest.mark.parametrize(
    ("stage", "change"),
    [
        (0, {"found": ("a",)}),
        (1, {"segments": {"a": 6}}),
        (1, {"played": {"a": 58.0, "b": 0.0}}),
        (1, {"unplayable": ("a_main.mp4",)}),
        (2, {"analysed": {"a": 200, "b": 0}}),
        (3, {"kinds": {}}),
        (3, {"kinds": {"mask": 3}}),
        (3, {"missing_stills": ("x.jpg",)}),
        (4, {"arrived": frozenset({"e.opened"})}),
        (4, {"waiting": 1}),
        (4, {"heartbeats": 0}),
        (4, {"last_state": "offline"}),
    ],
)
def test_a_stage_that_did_not_happen_is_named(stage: int, change: dict[str, object]) -> None:
    assert failed(replace(GOOD, **change)) == [stage]  # type: ignore[arg-type]


def test_nothing_at_all_fails_every_stage() -> None:
    nothing = Outcome(
        2,
        (),
        {},
        {},
        {},
        {},
        (),
        {},
        frozenset(),
        frozenset(),
        {},
        0,
        (),
        0,
        0,
        "…",
        {"mask": 1},
        None,
    )
    assert failed(nothing) == [0, 1, 2, 3, 4]


def test_a_clip_without_truth_may_be_quiet() -> None:
    quiet = replace(GOOD, expected=None, kinds={}, first_event=None)
    assert failed(quiet) == []


def test_a_camera_too_many_is_no_success() -> None:
    assert 0 in failed(replace(GOOD, found=("a", "b", "c")))
