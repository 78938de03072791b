"""From pixels to metres, and the calibrations that are refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config.schema import Calibration, CalibrationPoint
from edge_agent.core.geometry import GroundPoint, Size
from edge_agent.core.trouble import Trouble
from edge_agent.rules.ground import fit_plane, pair_distance, probability_closer, to_ground

SIZE = Size(640, 360)
# A pinhole 4 m up, tilted 30 degrees down, focal length 500 px: floor metres → pixels.
TILT, HEIGHT, FOCAL = math.radians(30), 4.0, 500.0


def pixel(x: float, y: float) -> tuple[float, float]:
    forward = y * math.cos(TILT) + HEIGHT * math.sin(TILT)
    down = HEIGHT * math.cos(TILT) - y * math.sin(TILT)
    return 320 + FOCAL * x / forward, 180 + FOCAL * down / forward


def calibration(
    *floor: tuple[float, float], size: tuple[int, int] = (640, 360), mirror: float = 1.0
) -> Calibration:
    points = tuple(
        CalibrationPoint(
            pixel=(pixel(x, y)[0] * size[0] / 640, pixel(x, y)[1] * size[1] / 360),
            metres=(x * mirror, y),
        )
        for x, y in floor
    )
    return Calibration(size=size, points=points)


def marks(*pairs: tuple[tuple[float, float], tuple[float, float]]) -> Calibration:
    points = tuple(CalibrationPoint(pixel=p, metres=m) for p, m in pairs)
    return Calibration(size=(640, 360), points=points)


RECTANGLE = ((-2.5, 5.0), (2.5, 5.0), (3.0, 12.0), (-3.0, 12.0))


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (1280, 960)])
@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_four_marks_give_the_floor_back_whatever_picture_they_were_read_in(
    size: tuple[int, int], mirror: float
) -> None:
    plane = fit_plane(calibration(*RECTANGLE, size=size, mirror=mirror), SIZE)
    for x, y in [(0.0, 6.0), (-1.5, 9.0), (4.0, 15.0)]:
        place = to_ground(plane, pixel(x, y), 2.0)
        assert place is not None
        assert (place.x, place.y) == pytest.approx((x * mirror, y), abs=1e-6)
    assert plane.residual == pytest.approx(0, abs=1e-6)


def test_more_marks_than_four_are_fitted_by_least_squares() -> None:
    exact = calibration(*RECTANGLE, (0.0, 8.0), (1.0, 10.0))
    moved = [
        CalibrationPoint(pixel=(p.pixel[0] + shift, p.pixel[1]), metres=p.metres)
        for p, shift in zip(exact.points, (1, -1, 1, -1, 1, -1), strict=True)
    ]
    plane = fit_plane(Calibration(size=(640, 360), points=tuple(moved)), SIZE)
    place = to_ground(plane, pixel(0.5, 9.0), 2.0)
    assert 0 < plane.residual < 0.1
    assert place is not None
    assert math.hypot(place.x - 0.5, place.y - 9.0) < 0.1


def test_a_farther_foot_is_a_vaguer_place() -> None:
    plane = fit_plane(calibration(*RECTANGLE), SIZE)
    near, far = to_ground(plane, pixel(0, 5), 2.0), to_ground(plane, pixel(0, 12), 2.0)
    assert near is not None
    assert far is not None
    assert 2 * near.sigma < far.sigma


def test_sigma_is_the_spread_that_jitter_of_the_foot_makes() -> None:
    plane, error = fit_plane(calibration(*RECTANGLE), SIZE), 1.5
    noise = np.random.default_rng(1).normal(0, error, (4000, 2)) + pixel(1, 8)
    places = [to_ground(plane, (float(x), float(y)), error) for x, y in noise]
    xy = np.array([(p.x, p.y) for p in places if p is not None])
    claimed = to_ground(plane, pixel(1, 8), error)
    assert claimed is not None
    assert claimed.spread is not None
    assert np.cov(xy.T)[np.triu_indices(2)] == pytest.approx(claimed.spread, rel=0.1, abs=2e-4)
    assert claimed.sigma**2 > (claimed.spread[0] + claimed.spread[2]) / 2  # and the clicks' error


@pytest.mark.parametrize(
    ("foot", "error"),
    [
        ((320.0, -500.0), 2.0),  # above the horizon
        (pixel(0.0, 60.0), 0.01),  # far beyond the marked floor
        (pixel(0.0, 25.0), 20.0),  # so vague that it is no place
        ((math.nan, 100.0), 2.0),
    ],
)
def test_what_is_no_place_on_the_floor_is_none(foot: tuple[float, float], error: float) -> None:
    assert to_ground(fit_plane(calibration(*RECTANGLE), SIZE), foot, error) is None


A, B, C, D = pixel(-2.5, 5), pixel(2.5, 5), pixel(3, 12), pixel(-3, 12)
LINE = tuple(((100.0 + 50 * i, 100.0 + 20 * i), (float(i), 2.0 * i)) for i in range(4))


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (marks(*LINE), "calibration.collinear"),
        (marks(*[((9.0, 9.0), (1.0, 1.0))] * 4), "calibration.collinear"),
        (marks((A, (0, 0)), (B, (4, 0)), (C, (8, 0)), (D, (12, 0))), "calibration.collinear"),
        (
            marks(((0, 0), (0, 0)), ((200, 0), (2, 0)), ((400, 0), (4, 0)), ((200, 300), (2, 9))),
            "calibration.collinear",
        ),
        (marks((A, (1e300, 5)), (B, (2, 5)), (C, (3, 9)), (D, (0, 9))), "calibration.units"),
        (marks(((2e3, 9), (0, 5)), (B, (2, 5)), (C, (3, 9)), (D, (0, 9))), "calibration.outside"),
        (marks((B, (-2.5, 5)), (A, (2.5, 5)), (C, (3, 12)), (D, (-3, 12))), "calibration.order"),
        (marks((A, (-250, 500)), (B, (250, 500)), (C, (300, 1200)), (D, (-300, 1200))),
         "calibration.units"),
        (calibration((0, 6), (1, 6), (1, 7), (0, 7)), "calibration.small"),
        (
            marks(((0, 0), (0, 0)), ((30, 0), (5, 0)), ((30, 30), (5, 5)), ((0, 30), (0, 5))),
            "calibration.small",
        ),
        (marks((A, (-2.5, 5)), (B, (2.5, 5)), (C, (3, 12)), (D, (-3, 12)), (pixel(0, 6), (0, 11))),
         "calibration.inconsistent"),
        (Calibration(size=(10**400, 360), points=calibration(*RECTANGLE).points),
         "calibration.size"),
        (Calibration(size=(0, 360), points=calibration(*RECTANGLE).points), "calibration.size"),
    ],
)  # fmt: skip
def test_marks_that_fix_no_floor_are_refused_in_both_languages(bad: Calibration, code: str) -> None:
    with pytest.raises(Trouble) as caught:
        fit_plane(bad, SIZE, "gate-1")
    assert caught.value.code == code
    assert "gate-1" in caught.value.vi
    assert "gate-1" in caught.value.en


def test_a_floor_that_would_hang_over_the_camera_is_refused() -> None:
    upside_down = [
        CalibrationPoint(pixel=(p.pixel[0], 360 - p.pixel[1]), metres=p.metres)
        for p in calibration(*RECTANGLE).points
    ]
    with pytest.raises(Trouble) as caught:
        fit_plane(Calibration(size=(640, 600), points=tuple(upside_down)), Size(640, 600))
    assert caught.value.code == "calibration.order"


def test_a_pair_is_as_vague_as_both_its_people() -> None:
    metres, sigma = pair_distance(GroundPoint(0, 0, 0.3), GroundPoint(3, 4, 0.4))
    assert (metres, sigma) == pytest.approx((5.0, 0.5))


@pytest.mark.parametrize(
    ("metres", "sigma", "expected"),
    [(2.0, 0.5, 0.5), (1.5, 0.5, 0.8413), (2.5, 0.5, 0.1587), (1.9, 0.0, 1.0), (2.0, 0.0, 0.0)],
)
def test_the_probability_of_being_closer_is_normal(
    metres: float, sigma: float, expected: float
) -> None:
    assert probability_closer(metres, sigma, 2.0) == pytest.approx(expected, abs=1e-4)


@given(st.floats(0, 50), st.floats(0, 5), st.floats(0.1, 10))
def test_a_wider_limit_never_lowers_the_probability(
    metres: float, sigma: float, limit: float
) -> None:
    low, high = (probability_closer(metres, sigma, limit * k) for k in (1.0, 1.1))
    assert 0 <= low <= high <= 1
