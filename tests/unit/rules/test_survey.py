"""A technician's marks, judged in words."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config.schema import Calibration, CalibrationPoint
from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble
from edge_agent.rules.doubt import COLUMNS, ROWS
from edge_agent.rules.ground import fit_plane
from edge_agent.rules.survey import (
    covered,
    demand_shape,
    error_map,
    look_over,
    measure_length,
)
from edge_agent.sim.camera_model import PinholeView

FRAME = Size(1280, 720)
VIEW = PinholeView(3.2, 25.0, 80.0, FRAME)
Spot = tuple[float, float]
HALL = ((-1.8, 3.0), (1.8, 3.0), (1.8, 12.0), (-1.8, 12.0))


def read(*spots: Spot, told: tuple[Spot, ...] = ()) -> Calibration:
    """The pixels of these floor spots, told as those metres."""
    pixels = VIEW.project([(x, y, 0.0) for x, y in spots])
    points = tuple(
        CalibrationPoint(pixel=(float(u), float(v)), metres=metres)
        for (u, v), metres in zip(pixels, told or spots, strict=True)
    )
    return Calibration(size=(1280, 720), points=points)


def codes(calibration: Calibration) -> set[str]:
    return {caution.code for caution in look_over(calibration, "hall")}


def test_a_hall_measured_well_raises_no_doubt() -> None:
    assert look_over(read(*HALL), "hall") == ()
    demand_shape(read(*HALL), fit_plane(read(*HALL), FRAME), "hall")


def test_a_plan_with_left_and_right_exchanged_is_told() -> None:
    assert codes(read(*HALL, told=tuple((-x, y) for x, y in HALL))) == {"calibration.mirrored"}


def test_corners_that_begin_one_too_late_are_told() -> None:
    turned = (*HALL[1:], HALL[0])
    assert codes(read(*HALL, told=turned)) & {
        "calibration.no_heights",
        "calibration.skewed",
        "calibration.height",
    }


def test_no_wrong_order_of_four_corners_goes_unsaid() -> None:
    unsaid = []
    for told in permutations(HALL):
        try:
            doubts = codes(read(*HALL, told=told))
        except Trouble as trouble:
            doubts = {trouble.code}
        unsaid += [told] if not doubts else []
    half_a_turn = (*HALL[2:], *HALL[:2])  # the same floor, looked at from its other end
    assert unsaid == [HALL, half_a_turn]


@pytest.mark.parametrize("times", [20.0, 30.0])
def test_metres_typed_as_other_units_make_giants(times: float) -> None:
    with pytest.raises(Trouble, match="people are about") as caught:
        look_over(read(*HALL, told=tuple((x * times, y * times) for x, y in HALL)), "hall")
    assert caught.value.code == "calibration.units"


def test_a_camera_too_high_for_a_hall_is_told() -> None:
    assert "calibration.height" in codes(read(*HALL, told=tuple((x * 5, y * 5) for x, y in HALL)))


def test_the_same_spot_twice_is_told() -> None:
    assert codes(read(*HALL, HALL[0])) == {"calibration.twins"}


def test_marks_above_the_horizon_are_refused() -> None:
    points = (
        *read(*HALL).points[:2],
        CalibrationPoint(pixel=(752.0, 10.0), metres=(1.8, 12.0)),
        CalibrationPoint(pixel=(1250.0, 5.0), metres=(-1.8, 12.0)),
    )
    with pytest.raises(Trouble) as caught:
        look_over(Calibration(size=(1280, 720), points=points), "hall")
    assert caught.value.code == "calibration.order"


def test_a_small_shape_is_refused_with_what_is_needed() -> None:
    small = read((-0.8, 4.0), (0.8, 4.0), (0.8, 6.0), (-0.8, 6.0))
    plane = fit_plane(small, FRAME)
    assert covered(small, plane) < 0.4
    with pytest.raises(Trouble, match="m long and covers") as caught:
        demand_shape(small, plane, "hall")
    assert caught.value.code == "calibration.shape"


def test_a_known_length_is_measured_with_its_sigma() -> None:
    plane = fit_plane(read(*HALL), FRAME)
    one, other = (tuple(map(float, pixel)) for pixel in VIEW.project([(0, 4, 0), (0, 7.5, 0)]))
    found = measure_length(plane, one, other, 3.5, 2.0)  # type: ignore[arg-type]
    wrong = measure_length(plane, one, other, 4.2, 2.0)  # type: ignore[arg-type]
    assert found is not None
    assert wrong is not None
    assert found.measured == pytest.approx(3.5, abs=1e-6)
    assert found.sigmas < 1
    assert wrong.sigmas > 3
    assert measure_length(plane, (10.0, 2.0), other, 1.0, 2.0) is None  # type: ignore[arg-type]


def test_the_error_map_grows_away_from_the_marks() -> None:
    errors = error_map(fit_plane(read(*HALL), FRAME))
    assert (len(errors), len(errors[0])) == (ROWS, COLUMNS)
    assert errors[0][0] == float("inf")
    assert errors[7][10] < 0.05 < errors[3][0]


@given(st.floats(0.5, 20))
def test_more_careful_clicks_are_never_worse(error: float) -> None:
    careless = read(*HALL).model_copy(update={"click_error": error * 2})
    careful = read(*HALL).model_copy(update={"click_error": error})
    worse, better = (error_map(fit_plane(one, FRAME))[8][10] for one in (careless, careful))
    assert better <= worse * 1.2
