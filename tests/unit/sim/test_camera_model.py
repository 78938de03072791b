"""The pinhole camera: metres to pixels and back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.geometry import Size
from edge_agent.sim.camera_model import PinholeView

views = st.builds(
    PinholeView,
    height=st.floats(2.2, 6.0),
    tilt=st.floats(5.0, 60.0),
    fov=st.floats(40.0, 110.0),
    size=st.just(Size(1920, 1080)),
)


@given(views, st.floats(-8.0, 8.0), st.floats(1.0, 30.0))
def test_a_spot_on_the_floor_comes_back_from_its_pixel(
    view: PinholeView, x: float, y: float
) -> None:
    pixel = view.project((x, y, 0.0))
    np.testing.assert_allclose(view.floor(pixel), (x, y), rtol=1e-6, atol=1e-6)


@given(views, st.floats(-8.0, 8.0), st.floats(1.0, 30.0), st.floats(0.0, 2.0))
def test_the_sub_stream_shows_the_same_picture_smaller(
    view: PinholeView, x: float, y: float, z: float
) -> None:
    small = view.resized(Size(640, 360))
    np.testing.assert_allclose(
        small.project((x, y, z)) * 3, view.project((x, y, z)), rtol=1e-9, atol=1e-6
    )


@given(views, st.floats(-3.0, 3.0), st.floats(2.0, 20.0), st.floats(0.1, 1.0))
def test_nearer_on_the_floor_is_lower_in_the_picture(
    view: PinholeView, x: float, y: float, step: float
) -> None:
    assert view.project((x, y, 0.0))[1] > view.project((x, y + step, 0.0))[1]


def test_above_the_horizon_there_is_no_floor() -> None:
    view = PinholeView(3.0, 10.0, 90.0, Size(640, 360))
    assert np.isnan(view.floor((320.0, 0.0))).all()


def test_behind_the_camera_there_is_no_picture() -> None:
    view = PinholeView(3.0, 18.0, 65.0, Size(1920, 1080))
    assert np.isnan(view.project((0.0, -5.0, 0.0))).all()
    assert not view.sees((0.0, -5.0, 0.0))


def test_calibration_marks_lie_where_they_say() -> None:
    view = PinholeView(3.0, 18.0, 65.0, Size(640, 360))
    spots = view.calibration(1.9, 6.0, 18.0)
    assert len(spots) == 6
    for spot in spots:
        np.testing.assert_allclose(view.floor(spot.pixel), spot.metres, atol=0.06)
