"""A floor learnt from passers-by: a cut of the calibration bench, and what is refused."""

import math

import numpy as np
import pytest

from edge_agent.core.perception import Walk
from edge_agent.core.trouble import Trouble
from edge_agent.rules.people_fit import fit_people
from edge_agent.rules.pose import Pose, floor_of, inverse
from edge_agent.rules.proposal import DRIFTED, drift, judge, proposed
from tests.bench.calibration_scenes import SUB, Scene, cameras, walks
from tests.bench.rules_calibration import by_clicks, by_people, measure

CORRIDOR = Scene(Pose(400.0, 27.0, 0.5, 3.1), 2.2, 12.0)


def passers(scene: Scene = CORRIDOR, count: int = 60, seed: int = 4) -> list[Walk]:
    return walks(scene, np.random.default_rng(seed), count, 0.15, 0.1)


def test_the_pose_is_found_within_its_stated_error() -> None:
    fitted = fit_people(passers(), SUB)
    sigma = np.sqrt(np.diag(np.array(fitted.covariance)))
    off = [
        math.log(fitted.pose.focal / 400),
        math.radians(fitted.pose.tilt - 27),
        math.radians(fitted.pose.roll - 0.5),
        math.log(fitted.pose.height / 3.1),
    ]
    assert (np.abs(off) < 3 * sigma).all()
    assert sigma[3] < 0.06
    assert judge(fitted, "gate") < 0.12


def test_the_fit_is_the_same_every_time() -> None:
    assert fit_people(passers(), SUB) == fit_people(passers(), SUB)


def test_both_ways_measure_pairs_on_cameras_of_the_bench() -> None:
    dice = np.random.default_rng(900)
    scenes = cameras(dice, 4)
    clicks = [measure(scene, by_clicks, dice, 40) for scene in scenes]
    people = [measure(scene, by_people(60, 0.15, 0.1), dice, 40) for scene in scenes]
    assert all(one is not None and one.f1 >= 0.93 for one in clicks)
    relative = np.concatenate([one.relative for one in people if one is not None])
    assert len(relative) > 80
    assert np.median(relative) <= 0.04


def test_too_few_people_are_refused_in_words() -> None:
    with pytest.raises(Trouble, match="30 are needed") as caught:
        judge(fit_people(passers(count=12), SUB), "gate")
    assert caught.value.code == "calibration.people_few"
    assert "gate" in caught.value.vi


def test_boxes_that_are_no_people_are_refused() -> None:
    dice = np.random.default_rng(1)
    noise = [
        Walk("gate", SUB, tuple((t / 5, 300.0, y, y + h) for t in range(20)))
        for y, h in dice.uniform((40, 20), (180, 130), (50, 2))
    ]
    with pytest.raises(Trouble) as caught:
        judge(fit_people(noise, SUB), "gate")
    assert caught.value.code in {"calibration.people_unlike", "calibration.people_vague"}


def test_nobody_is_refused() -> None:
    with pytest.raises(Trouble) as caught:
        judge(fit_people([], SUB), "gate")
    assert caught.value.code == "calibration.people_few"


def test_a_proposal_measures_what_the_true_floor_measures() -> None:
    fitted = fit_people(passers(), SUB)
    view = proposed(fitted).view
    assert view is not None
    assert len(view.covariance) == 10
    true, told = (inverse(floor_of(pose, SUB)) for pose in (CORRIDOR.pose, fitted.pose))
    for y in (250.0, 320.0):
        metres = []
        for matrix in (true, told):
            a, b = matrix @ [250.0, y, 1.0], matrix @ [380.0, y, 1.0]
            metres.append(abs(a[0] / a[2] - b[0] / b[2]))
        assert metres[1] == pytest.approx(metres[0], rel=0.08)


def test_a_camera_that_was_moved_is_noticed_and_one_that_was_not_is_not() -> None:
    before = proposed(fit_people(passers(seed=5), SUB))
    same = fit_people(passers(seed=6), SUB)
    sunk = Scene(Pose(400.0, 39.0, 0.5, 3.1), 1.6, 9.0)
    moved = fit_people(passers(sunk, seed=7), SUB)
    assert drift(before, same, "gate") < DRIFTED
    assert drift(before, moved, "gate") > DRIFTED
