"""The stories: what their ground truth promises, and that a detector sees the people."""

from collections import defaultdict
from dataclasses import replace
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

import edge_agent
from edge_agent.config.schema import Vision
from edge_agent.core.event import Rule
from edge_agent.core.geometry import Size
from edge_agent.core.perception import MaskState
from edge_agent.core.trouble import Trouble
from edge_agent.sim import cutouts
from edge_agent.sim.clip import ClipForm
from edge_agent.sim.footage import scene_key
from edge_agent.sim.scenario import FrameTruth, truth_at
from edge_agent.sim.scene import Scene
from edge_agent.sim.stories import scenario_for
from edge_agent.sim.truth import episodes
from edge_agent.vision.detector import load_detector
from edge_agent.vision.models import check_models

SEED = 3
SUB = Size(640, 360)
MODELS = Path(edge_agent.__file__).parents[1] / "models"
MANY = range(1, 8)


@cache
def loop_of(camera: int, seed: int = SEED) -> tuple[FrameTruth, ...]:
    scenario = scenario_for(camera, seed)
    return tuple(truth_at(scenario, t / 5) for t in range(int(scenario.seconds * 5)))


def nearest(camera: int) -> dict[tuple[int, int], float]:
    closest: dict[tuple[int, int], float] = defaultdict(lambda: 99.0)
    for frame in loop_of(camera):
        for a, b, metres in frame.pairs:
            closest[a, b] = min(closest[a, b], metres)
    return closest


def test_the_corridor_holds_one_bare_face_and_one_close_pair() -> None:
    found = episodes("c", loop_of(1), 5.0)
    assert [(one.rule, one.persons) for one in found] == [
        (Rule.MASK, (1,)),
        (Rule.DISTANCING, (2, 3)),
    ]
    bare, pair = found
    assert bare.t0_s < 6
    assert 4 < pair.t0_s < 8
    assert pair.t1_s - pair.t0_s > 12
    assert all(metres > 2.5 for two, metres in nearest(1).items() if two != (2, 3))


def test_the_pair_is_closer_than_one_and_a_half_metres_for_twelve_seconds() -> None:
    close = [f.t for f in loop_of(1) if any(m < 1.5 for a, b, m in f.pairs if (a, b) == (2, 3))]
    assert close[-1] - close[0] > 12


def test_the_yard_holds_a_bare_face_and_a_pair_that_merely_passes() -> None:
    found = episodes("c", loop_of(2), 5.0)
    assert [(one.rule, one.persons) for one in found] == [(Rule.MASK, (1,))]
    passing = [f.t for f in loop_of(2) if any(metres < 2.0 for *_, metres in f.pairs)]
    spans = episodes("c", loop_of(2), 1.0)
    brief = [one for one in spans if one.rule is Rule.DISTANCING]
    assert passing
    assert {one.persons for one in brief} == {(3, 4)}
    assert all(one.t1_s - one.t0_s < 3 for one in brief)
    assert all(metres > 2.5 for two, metres in nearest(2).items() if two != (3, 4))


@pytest.mark.parametrize("camera", MANY)
def test_a_loop_has_no_seam(camera: int) -> None:
    scenario = scenario_for(camera, SEED)
    for person in scenario.people:
        first, last = person.path[0], person.path[-1]
        assert (first.t, last.t) == (0, scenario.seconds)
        assert (first.x, first.y) == (last.x, last.y)


@pytest.mark.parametrize("camera", MANY)
def test_nobody_runs_or_walks_through_a_wall(camera: int) -> None:
    scenario = scenario_for(camera, SEED)
    for person in scenario.people:
        for here, there in zip(person.path, person.path[1:], strict=False):
            metres = np.hypot(there.x - here.x, there.y - here.y)
            assert metres / (there.t - here.t) < 1.7
            assert abs(there.x) < scenario.room.half_width
            assert there.y < scenario.room.length


def test_heads_near_the_camera_are_large_enough_to_read() -> None:
    heads = [
        one.head.height for frame in loop_of(1)[35:115] for one in frame.persons if one.id == 1
    ]
    assert 45 < min(heads) <= max(heads) < 75


def test_who_walks_away_shows_no_face() -> None:
    away = [person for person in loop_of(1)[5 * 40].persons if person.id == 1]
    assert [person.mask for person in away] == [MaskState.UNKNOWN]


def test_the_same_seed_gives_the_same_picture_and_another_camera_another() -> None:
    form = ClipForm()
    assert scenario_for(5, 1) == scenario_for(5, 1)
    assert len({scene_key(scenario_for(5, seed), seed, form) for seed in range(4)}) == 4
    small = replace(scenario_for(1, 1), view=scenario_for(1, 1).view.resized(SUB))
    first, second = Scene(small, 1).frame(7.0), Scene(small, 1).frame(7.0)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("camera", [1, 2])
def test_the_shipped_detector_finds_the_people_where_the_truth_says(
    camera: int, tmp_path: Path
) -> None:
    vision = Vision(precision="f32")
    detector = load_detector(check_models(MODELS, vision)[0], vision, tmp_path)
    scenario = scenario_for(camera, SEED)
    scene = Scene(replace(scenario, view=scenario.view.resized(SUB)), SEED)
    seen = hits = 0
    for t in range(0, 60, 5):
        boxes = [one.box for one in detector.detect(scene.frame(float(t)))]
        for person in truth_at(scenario, float(t)).persons:
            if person.visible > 0.9:
                seen += 1
                place = person.box.scaled(1 / 3, 1 / 3)
                hits += max((place.iou(box) for box in boxes), default=0.0) >= 0.5
    assert seen >= 20
    assert hits / seen >= 0.85


@pytest.mark.parametrize("spec", [None, ModuleSpec("ultralytics", None, is_package=True)])
def test_without_the_photographs_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, spec: ModuleSpec | None
) -> None:
    monkeypatch.setattr(cutouts, "find_spec", lambda _name: spec)
    with pytest.raises(Trouble) as caught:
        cutouts.photographs()
    assert "pip install --no-deps ultralytics" in caught.value.vi
    assert "pip install --no-deps ultralytics" in caught.value.en
