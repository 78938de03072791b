"""How a camera stands, told from the floor's image; and the laws that a ground plane keeps."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.config.schema import Calibration, CalibrationPoint, CameraView
from edge_agent.core.geometry import Size
from edge_agent.rules.ground import GroundPlane, fit_plane, pair_distance, to_ground
from edge_agent.rules.lens import bent
from edge_agent.rules.pose import Pose, floor_of, projection, upright_of
from edge_agent.sim.camera_model import PinholeView

FRAME = Size(640, 360)
POSES = st.builds(
    Pose, st.floats(250, 700), st.floats(12, 60), st.floats(-8, 8), st.floats(2.0, 8.0)
)


def plane_of(pose: Pose, lens: float = 0.0) -> GroundPlane:
    view = CameraView(
        focal=pose.focal, tilt=pose.tilt, roll=pose.roll, height=pose.height, reach=60
    )
    return fit_plane(Calibration(size=(640, 360), view=view, lens=lens), FRAME)


@given(POSES, st.floats(-3, 3), st.booleans(), st.floats(0.01, 100))
def test_a_floor_tells_how_its_camera_stands_whichever_way_its_plan_is_turned(
    pose: Pose, turn: float, mirrored: bool, scale: float
) -> None:
    cos, sin = math.cos(turn), math.sin(turn)
    plan = np.array([[cos, -sin, 4.0], [sin, cos, -7.0], [0, 0, 1.0]])
    plan = plan @ np.diag([1.0, -1.0 if mirrored else 1.0, 1.0])
    found = upright_of(scale * floor_of(pose, FRAME) @ plan, FRAME)
    assert found is not None
    assert found.skew == pytest.approx(0, abs=1e-6)
    assert (found.pose.focal, found.pose.height) == pytest.approx(
        (pose.focal, pose.height), rel=1e-6
    )
    assert (found.pose.tilt, found.pose.roll) == pytest.approx((pose.tilt, pose.roll), abs=1e-5)
    assert plan @ [*found.below, 1.0] == pytest.approx([0.0, 0.0, 1.0], abs=1e-5)


def test_a_floor_seen_from_straight_above_tells_no_heights() -> None:
    assert upright_of(np.diag([40.0, 40.0, 1.0]), FRAME) is None


def test_a_rectangle_told_a_quarter_turn_round_is_no_camera_s_floor() -> None:
    floor = floor_of(Pose(400, 25, 0, 3), FRAME)
    squeezed = floor @ np.diag([0.3, 3.0, 1.0])  # metres of x and y that are not alike
    found = upright_of(squeezed, FRAME)
    assert found is None or found.skew > 0.1 or not 1.5 < found.pose.height < 15


def test_the_pose_is_the_simulator_s_camera() -> None:
    view = PinholeView(3.2, 25.0, 77.0, FRAME)
    seen = projection(Pose(view.focal, 25.0, 0.0, 3.2), FRAME) @ [1.0, 6.0, 1.2, 1.0]
    assert seen[:2] / seen[2] == pytest.approx(view.project([1.0, 6.0, 1.2]))


@settings(max_examples=40)
@given(POSES, st.floats(20, 620), st.floats(200, 350), st.floats(-0.25, 0.25))
def test_a_pixel_s_place_is_seen_at_that_pixel(pose: Pose, x: float, y: float, lens: float) -> None:
    place = to_ground(plane_of(pose, lens), (x, y), 1.0)
    if place is None:
        return
    seen = floor_of(pose, FRAME) @ [place.x, place.y, 1.0]
    assert bent(seen[:2] / seen[2], lens, FRAME) == pytest.approx((x, y), abs=1e-6)
    assert place.spread is not None
    xx, xy, yy = place.spread
    assert xx >= 0
    assert xx * yy - xy * xy >= -1e-12
    assert place.sigma**2 >= (xx + yy) / 2 - 1e-12
    assert place.stretch >= 0


@settings(max_examples=25)
@given(POSES, st.floats(1.3, 4.0))
def test_a_floor_measured_in_other_units_gives_the_same_floor_in_those(
    pose: Pose, unit: float
) -> None:
    floor = floor_of(Pose(pose.focal, pose.tilt, 0.0, pose.height + 3), FRAME)
    pixels = [(60.0, 350.0), (580.0, 350.0), (500.0, 200.0), (140.0, 200.0)]
    places = [np.linalg.inv(floor) @ [*pixel, 1.0] for pixel in pixels]

    def marks(times: float) -> Calibration:
        points = tuple(
            CalibrationPoint(pixel=pixel, metres=(times * x / w, times * y / w))
            for pixel, (x, y, w) in zip(pixels, places, strict=True)
        )
        return Calibration(size=(640, 360), points=points)

    one, other = fit_plane(marks(1.0), FRAME), fit_plane(marks(unit), FRAME)
    a, b = (to_ground(one, pixel, 0.5) for pixel in ((320.0, 340.0), (400.0, 300.0)))
    c, d = (to_ground(other, pixel, 0.5) for pixel in ((320.0, 340.0), (400.0, 300.0)))
    assert all((a, b, c, d))
    measured, expected = pair_distance(c, d), pair_distance(a, b)  # type: ignore[arg-type]
    assert measured[0] == pytest.approx(unit * expected[0], rel=1e-6)
    assert measured[1] == pytest.approx(unit * expected[1], rel=0.2)
