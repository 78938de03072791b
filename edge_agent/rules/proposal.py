"""What a fit to passers-by is worth: a calibration to propose, or why there is none, in words."""

from __future__ import annotations

import math

import numpy as np

from edge_agent.config.schema import Calibration, CameraView
from edge_agent.core.trouble import Trouble
from edge_agent.rules.doubt import cells, project
from edge_agent.rules.ground import GroundPlane, fit_plane
from edge_agent.rules.lens import straightened
from edge_agent.rules.people_fit import BEYOND, Fitted

FEWEST = 30  # people seen whole
LOWEST, HIGHEST = 1.8, 12.0  # metres of a camera over its floor
SPREAD = 0.11  # log spread of adults' statures; more means that boxes are no persons
WHOLE = 0.5  # share of people who must be adults seen from head to foot
WORST = 0.12  # share of a distance: the error, one sigma, of a floor that is still proposed
DRIFTED = 0.10  # share of a distance by which an old calibration and a new fit may differ


def judge(fitted: Fitted, camera: str) -> float:
    """The share of a distance, one sigma, that this fit may be wrong by over its floor.

    Raises Trouble `calibration.people_*` when it is no calibration, naming what is missing.
    """
    if fitted.people < FEWEST:
        raise few(camera, fitted.people)
    pose = fitted.pose
    stands = LOWEST <= pose.height <= HIGHEST and 3 <= pose.tilt <= 85 and abs(pose.roll) <= 25
    if not stands or fitted.spread > SPREAD or fitted.whole < WHOLE:
        raise _unlike(camera, fitted)
    error = typical_error(fit_plane(proposed(fitted), fitted.size, camera))
    if error > WORST:
        raise _vague(camera, error)
    return error


def proposed(fitted: Fitted) -> Calibration:
    """The fit as it would stand in the configuration."""
    pose = fitted.pose
    lower = [fitted.covariance[row][column] for row in range(4) for column in range(row + 1)]
    view = CameraView(
        focal=round(pose.focal, 2),
        tilt=round(pose.tilt, 3),
        roll=round(pose.roll, 3),
        height=round(pose.height, 3),
        reach=round(min(fitted.reach, 100.0), 1),
        covariance=tuple(float(f"{value:.3g}") for value in lower),
    )
    return Calibration(size=(fitted.size.width, fitted.size.height), view=view)


def typical_error(plane: GroundPlane) -> float:
    """The median over the floor's cells of the share of a distance that may be wrong there."""
    known = [value for value in plane.doubt.stretch if math.isfinite(value)]
    return float(np.median(known)) if known else math.inf


def drift(calibration: Calibration, fitted: Fitted, camera: str) -> float:
    """The share by which distances of this calibration and of a new fit differ: the median over
    the floor on which people walked, less what both may be wrong by anyway.

    Raises Trouble `calibration.*` for a calibration that fixes no floor.
    """
    old = fit_plane(calibration, fitted.size, camera)
    new = fit_plane(proposed(fitted), fitted.size, camera)
    pixels = straightened(cells(fitted.size), old.lens, fitted.size)
    apart = fitted.size.width / 20
    ratios = []
    for side in ([apart, 0.0], [0.0, apart]):
        metres = [
            np.hypot(*(project(plane.as_matrix(), pixels + side) - place).T)
            for plane in (old, new)
            for place in [project(plane.as_matrix(), pixels)]
        ]
        ratios.append(np.abs(np.log(metres[0] / metres[1])))
    walked = np.hypot(*project(new.as_matrix(), pixels).T) <= fitted.reach / BEYOND
    doubt = np.hypot(old.doubt.stretch, new.doubt.stretch)
    known = walked & np.isfinite(ratios).all(axis=0) & np.isfinite(doubt)
    if not known.any():
        return math.inf
    return float(np.median((np.max(ratios, axis=0) - doubt).clip(0.0)[known]))


def few(camera: str, people: int) -> Trouble:
    """Too few have walked by, seen whole."""
    return Trouble(
        "calibration.people_few",
        f"Camera {camera!r}: mới có {people} người đi qua được nhìn thấy từ đầu đến chân, cần "
        f"{FEWEST}. Hãy chờ thêm, hoặc đánh dấu điểm trên sàn (edge-agent calibrate --point).",
        f"Camera {camera!r}: only {people} people have walked by seen from head to foot, "
        f"{FEWEST} are needed. Wait, or mark floor points (edge-agent calibrate --point).",
    )


def _unlike(camera: str, fitted: Fitted) -> Trouble:
    return Trouble(
        "calibration.people_unlike",
        f"Camera {camera!r}: người đi qua không cho ra một mặt sàn hợp lý (camera cao "
        f"{fitted.pose.height:.1f} m, {fitted.whole:.0%} là người lớn nhìn thấy trọn vẹn). Sàn có "
        "bậc hoặc chân bị che? Hãy đánh dấu điểm trên sàn (edge-agent calibrate --point).",
        f"Camera {camera!r}: the people who walked by give no plausible floor (camera "
        f"{fitted.pose.height:.1f} m high, {fitted.whole:.0%} adults seen whole). Are there steps, "
        "or are feet hidden? Mark floor points instead (edge-agent calibrate --point).",
    )


def _vague(camera: str, error: float) -> Trouble:
    return Trouble(
        "calibration.people_vague",
        f"Camera {camera!r}: mặt sàn tính từ người đi qua còn sai số {error:.0%}, tối đa "
        f"{WORST:.0%}. Cần người đi qua cả gần lẫn xa, hoặc đánh dấu điểm trên sàn.",
        f"Camera {camera!r}: the floor learnt from passers-by may be wrong by {error:.0%}, at most "
        f"{WORST:.0%} is taken. People must walk both near and far; or mark floor points.",
    )
