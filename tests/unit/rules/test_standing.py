"""Places of people whose feet show, and of those whose feet do not."""

import math

import numpy as np
import pytest

from edge_agent.config.schema import Calibration, CameraView
from edge_agent.core.geometry import Box, Size
from edge_agent.rules.ground import GroundPlane, fit_plane, to_ground
from edge_agent.rules.pose import Pose, projection
from edge_agent.rules.standing import CUT, HIDDEN, by_head, stand, stature
from tests.unit.rules.scenes import FLOOR, SIZE

FRAME = Size(640, 360)
POSE = Pose(400.0, 25.0, 0.0, 3.0)


def plane(height: float = 3.0, tilt: float = 25.0) -> GroundPlane:
    view = CameraView(focal=400, tilt=tilt, height=height, reach=30)
    return fit_plane(Calibration(size=(640, 360), view=view), FRAME)


def box(x: float, y: float, feet: float, head: float, wide: float = 0.5) -> Box:
    """A flat person at these metres of floor, seen from `feet` to `head` metres above it."""
    matrix = projection(POSE, FRAME)
    low, high = (matrix @ [x, y, z, 1.0] for z in (feet, head))
    u, half = low[0] / low[2], wide / 2 * POSE.focal / low[2]
    edges = (u - half, high[1] / high[2], u + half, low[1] / low[2])
    return Box(*(float(edge) for edge in edges))


@pytest.mark.parametrize("spot", [(0.0, 5.0), (0.8, 7.0), (-1.0, 9.0)])
@pytest.mark.parametrize("tall", [1.1, 1.5, 1.66, 1.9])
def test_whoever_is_seen_whole_stands_at_their_feet(spot: tuple[float, float], tall: float) -> None:
    person = box(*spot, 0.0, tall)
    place = stand(plane(), person, 1.0)
    foot = to_ground(plane(), person.foot, 1.0)
    assert place is not None
    assert place == foot
    assert stature(plane(), place, person) == pytest.approx(tall, abs=0.01)


@pytest.mark.parametrize(("feet", "head"), [(0.75, 1.7), (0.8, 1.6), (0.5, 1.25), (0.7, 1.3)])
def test_feet_behind_a_table_are_replaced_by_the_head_flagged_and_vaguer(
    feet: float, head: float
) -> None:
    person = box(0.3, 6.0, feet, head, wide=0.6)
    wrong = to_ground(plane(), person.foot, 1.0)
    place = stand(plane(), person, 1.0)
    assert place is not None
    assert wrong is not None
    assert place.by_head
    assert place.sigma > 2 * wrong.sigma
    assert math.hypot(place.x - 0.3, place.y - 6.0) < 2 * math.sqrt(2) * place.sigma


def test_feet_below_the_picture_are_replaced_by_the_head() -> None:
    person = box(0.0, 2.0, 0.0, 1.66)
    cut = Box(person.x1, person.y1, person.x2, 360.0)
    place = stand(plane(), cut, 1.0)
    assert person.y2 > 360
    assert place is not None
    assert place.by_head
    assert math.hypot(place.x, place.y - 2.0) < math.sqrt(2) * place.sigma


def test_neither_feet_nor_head_is_no_place() -> None:
    assert stand(plane(), Box(300, 0, 340, 360), 1.0) is None


def test_a_head_as_high_as_the_camera_is_no_place() -> None:
    assert by_head(plane(height=1.5, tilt=10.0), Box(300, 120, 340, 200), 1.0, CUT) is None


def test_a_floor_without_heights_takes_the_feet() -> None:
    flat = fit_plane(FLOOR, SIZE)
    assert flat.upright is None
    assert stand(flat, Box(300, 100, 330, 200), 1.0) == to_ground(flat, (315, 200), 1.0)
    assert math.isnan(stature(flat, to_ground(flat, (315, 200), 1.0), Box(300, 100, 330, 200)))  # type: ignore[arg-type]
    assert by_head(flat, Box(300, 100, 330, 200), 1.0, CUT) is None


@pytest.mark.parametrize("heads", [CUT, HIDDEN])
def test_the_head_ray_is_as_honest_as_its_prior(heads: object) -> None:
    dice = np.random.default_rng(3)
    mixture = (CUT if heads is CUT else HIDDEN).mixture
    shares = [share for share, _, _ in mixture]
    inside = 0
    for _ in range(600):
        _, mean, sigma = mixture[dice.choice(len(mixture), p=shares)]
        tall = dice.normal(mean, sigma)
        person = box(0.0, 6.0, 0.4 * tall, tall)
        place = by_head(plane(), person, 1.0, CUT if heads is CUT else HIDDEN)
        assert place is not None
        assert place.spread is not None
        inside += abs(place.y - 6.0) < math.sqrt(place.spread[2])
    assert sum(shares) == pytest.approx(1.0)
    assert 0.58 <= inside / 600 <= 0.80
