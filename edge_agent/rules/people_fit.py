"""A floor learnt from people walking by: how the camera stands, with how sure that is.

Everybody who walks keeps the same height, and most people's heights are known as a distribution.
For a camera of focal length f, tilt and height h, a box's bottom and top give the person's height;
the pose is sought under which each person's stays the same along the way and their mean is people's
(least squares by Levenberg and Marquardt, reweighted: Student's t within a person, a mixture of
adults, children and people who are not seen whole between them). Its covariance is the sandwich of
the persons' scores, so it needs no belief about the boxes' noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size
from edge_agent.core.perception import Walk
from edge_agent.rules.pose import Pose

Floats = NDArray[np.float64]

STATURE, SPREAD = 1.66, 0.055  # metres, shoes on; log of an adult's over the mean
DOUBT = 0.018  # by which a site's people may be taller or shorter than people (log)
TOES = 0.12  # metres that the box's lower edge is nearer than the middle of the feet
CHILDREN = (math.log(1.25 / STATURE), 0.14)  # log of a child's stature over an adult's, its spread
SHARES = (0.78, 0.10, 0.12)  # of adults, children, and boxes that are no whole person
WILD = 0.5  # density per unit of log stature of the last
CLEAR = 0.12  # of a box's height: boxes nearer to the picture's edge are cut more or less
AVERAGED = 5  # boxes that are taken as one, where
MOVED = 0.2  # of its height is all that the box moves between them
FREEDOM = 4.0  # of Student's t
PACES = 0.25  # log spread of the speeds at which people walk
FAR_ENOUGH = 1.5  # metres that somebody must have gone for their speed to count
BEYOND = 1.15  # times as far as people were seen whole, the floor is taken to go on
HUMBLER = (
    1.25  # the sandwich takes the weights for given; simulated cameras show it too sure by this
)
JITTER = 0.004  # least error of a box's edges, as a share of its height
# before anything is seen: log focal of a frame 1 wide, tilt, roll (radians), log height
USUAL = np.array([math.log(0.58), math.radians(27), 0.0, math.log(3.2)])
RANGE = np.array([0.22, math.radians(15), math.radians(1.5), 0.45])
_STARTS = [(wide, tilt) for wide in (0.45, 0.7) for tilt in (15.0, 27.0, 40.0)]
_STEPS = 30


@dataclass(frozen=True, slots=True)
class Fitted:
    """The pose of a camera in pixels of a frame of `size`, learnt from so many `people`.

    `covariance` (4, 4) is of log focal, tilt and roll in radians, log height; `whole` the share of
    people who were taken for adults seen from head to foot, `spread` the log spread of these
    adults' statures, `reach` the metres from below the camera as far as which nearly all walked,
    and a little beyond.
    """

    pose: Pose
    covariance: tuple[tuple[float, ...], ...]
    size: Size
    people: int
    whole: float
    spread: float
    reach: float


@dataclass(frozen=True)
class _Seen:
    """All boxes as columns: seconds, middle x, top and bottom in frame widths from the picture's
    middle, and whose each is.
    """

    at: Floats
    x: Floats
    top: Floats
    bottom: Floats
    who: NDArray[np.intp]
    people: int

    def mean(self, values: Floats, weights: Floats) -> Floats:
        """The weighted mean of each person's values."""
        total = np.bincount(self.who, weights, self.people)
        sums = np.bincount(self.who, weights * values, self.people)
        return np.asarray(sums / np.maximum(total, 1e-9), np.float64)


def fit_people(walks: Sequence[Walk], size: Size) -> Fitted:
    """The pose that these people's boxes speak for. Whether it may be trusted, `judge` says."""
    seen = _columns(walks)
    if not seen.people:
        return Fitted(Pose(size.width, 27.0, 0.0, 3.0), ((0.0,) * 4,) * 4, size, 0, 0.0, 0.0, 1.0)
    fits = [_descend(seen, np.array([math.log(f), math.radians(t), 0, 1.1])) for f, t in _STARTS]
    best = min(fits, key=lambda theta: _cost(seen, theta))
    covariance = _covariance(seen, best)
    _, weights, adult = _state(seen, best)
    heights, wrong = _heights(seen, best)
    means = seen.mean(heights, weights / wrong**2)
    reach = BEYOND * np.percentile(np.exp(best[3]) / _slopes(seen, best)[1], 98)
    focal, tilt, roll, height = best
    pose = Pose(
        math.exp(focal) * size.width, math.degrees(tilt), math.degrees(roll), math.exp(height)
    )
    return Fitted(
        pose,
        tuple(tuple(float(value) for value in row) for row in covariance),
        size,
        seen.people,
        float(adult.mean()),
        float(np.sqrt(np.average(means**2, weights=adult + 1e-9))),
        float(reach),
    )


def _columns(walks: Sequence[Walk]) -> _Seen:
    """The boxes, averaged over about a second each: an average has a fifth of the bias that
    errors of a box leave in what is not linear in them.
    """
    rows, who, people = [], [], 0
    for walk in walks:
        wide, tall = walk.size.width, walk.size.height
        means = np.array([part.mean(axis=0) for part in _parts(np.array(walk.steps))])
        margin = CLEAR * (means[:, 3] - means[:, 2])
        clear = (means[:, 2] >= margin) & (means[:, 3] <= tall - margin)
        means = means[clear]
        if len(means) < 2:
            continue
        rows.extend((means - [0, wide / 2, tall / 2, tall / 2]) / [1, wide, wide, wide])
        who.extend([people] * len(means))
        people += 1
    at, x, top, bottom = np.array(rows).reshape(-1, 4).T
    return _Seen(at, x, top, bottom, np.array(who, np.intp), people)


def _parts(steps: Floats) -> list[Floats]:
    """The steps of a walk in parts of a second or less, in which the box hardly moves."""
    moved = np.maximum(np.abs(np.diff(steps[:, 2])), np.abs(np.diff(steps[:, 3])))
    tall = (steps[1:, 3] - steps[1:, 2]).clip(1.0)
    share = np.concatenate([[0.0], np.cumsum(np.maximum(moved / tall / MOVED, 1 / AVERAGED))])
    cuts = np.flatnonzero(np.diff(np.floor(share))) + 1
    return np.split(steps, cuts)


def _slopes(seen: _Seen, theta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """How steeply the rays through top and bottom fall (metres down per metre ahead), and how
    much steeper a frame width lower.
    """
    focal, tilt, roll = math.exp(theta[0]), theta[1], theta[2]
    sin, cos = math.sin(tilt), math.cos(tilt)
    falls, growths = [], []
    for y in (seen.top, seen.bottom):
        down = (y * math.cos(roll) - seen.x * math.sin(roll)) / focal
        ahead = np.maximum(cos - down * sin, 1e-3)
        falls.append((sin + down * cos) / ahead)
        growths.append(1 / (focal * ahead**2))
    return falls[0], np.maximum(falls[1], 1e-3), growths[0], growths[1]


def _heights(seen: _Seen, theta: Floats) -> tuple[Floats, Floats]:
    """Log of each box's person's height over the mean adult's, and what an error of the box's
    edges by its own height would do to it.
    """
    top, bottom, top_growth, bottom_growth = _slopes(seen, theta)
    height = math.exp(theta[3])
    away = height / bottom + TOES
    metres = np.maximum(height - away * top, 0.05)
    wrong = np.hypot(away * top_growth, height * top / bottom**2 * bottom_growth)
    return np.log(metres / STATURE), wrong * (seen.bottom - seen.top) / metres


def _paces(seen: _Seen, theta: Floats, heights: Floats) -> Floats:
    """Log of each person's speed over the floor; NaN for who hardly went anywhere.

    A box is as far aside as the middle between its person's feet and head.
    """
    focal, tilt, height = math.exp(theta[0]), theta[1], math.exp(theta[3])
    ahead = height / _slopes(seen, theta)[1] + TOES
    low = ahead * math.cos(tilt) + height * math.sin(tilt)
    high = np.maximum(low - STATURE * np.exp(heights) * math.sin(tilt), 0.2)
    level = seen.x * math.cos(theta[2]) + (seen.top + seen.bottom) / 2 * math.sin(theta[2])
    aside = 2 * level / focal / (1 / low + 1 / high)
    one = np.ones_like(ahead)
    since = seen.at - seen.mean(seen.at, one)[seen.who]
    square = np.maximum(np.bincount(seen.who, since**2, seen.people), 1e-9)
    speeds = [np.bincount(seen.who, since * way, seen.people) / square for way in (aside, ahead)]
    pace = np.hypot(*speeds)
    went = pace * np.sqrt(12 * square / np.bincount(seen.who, one, seen.people))
    return np.where(went > FAR_ENOUGH, np.log(np.maximum(pace, 1e-3)), np.nan)


def _state(seen: _Seen, theta: Floats) -> tuple[float, Floats, Floats]:
    """The jitter of boxes as a share of their height, their weights within a person (Student),
    and the probability of each person to be an adult seen whole.
    """
    heights, wrong = _heights(seen, theta)
    weights = wrong**-2.0
    jitter = JITTER
    for _ in range(4):
        off = (heights - seen.mean(heights, weights)[seen.who]) / wrong
        jitter = max(JITTER, 1.48 * float(np.median(np.abs(off))))
        weights = (FREEDOM + 1) / (FREEDOM + (off / jitter) ** 2) / wrong**2
    means = seen.mean(heights, weights)
    adult = SHARES[0] * _normal(means, 0.0, math.hypot(SPREAD, DOUBT))
    child = SHARES[1] * _normal(means, *CHILDREN)
    return jitter, weights * wrong**2, adult / (adult + child + SHARES[2] * WILD)


def _residuals(seen: _Seen, theta: Floats, jitter: float, weights: Floats, adult: Floats) -> Floats:
    """What least squares makes small, with the weights held: boxes, then persons, then priors.

    A box's miss is measured in what its own error does to it under this pose (Sampson): a pose
    under which errors matter less would win otherwise.
    """
    heights, wrong = _heights(seen, theta)
    trust = weights / wrong**2
    means = seen.mean(heights, trust)
    within = np.sqrt(weights * adult[seen.who]) * (heights - means[seen.who]) / (jitter * wrong)
    total = np.bincount(seen.who, trust, seen.people)
    between = np.sqrt(adult) * means / np.sqrt(SPREAD**2 + jitter**2 / np.maximum(total, 1e-9))
    paces = _paces(seen, theta, heights)
    known = np.isfinite(paces) & (adult > 0.5)
    off = np.where(known, paces - np.median(paces[known]) if known.any() else 0.0, 0.0) / PACES
    walking = off / np.sqrt(1 + off**2 / FREEDOM)
    return np.concatenate([within, between, walking, (theta - USUAL) / RANGE])


def _jacobian(seen: _Seen, theta: Floats, held: tuple[float, Floats, Floats]) -> Floats:
    step = 1e-5
    columns = [
        (_residuals(seen, theta + d, *held) - _residuals(seen, theta - d, *held)) / (2 * step)
        for d in step * np.eye(4)
    ]
    return np.stack(columns, axis=1)


def _descend(seen: _Seen, theta: Floats) -> Floats:
    """Levenberg and Marquardt from this pose, the weights renewed at every step."""
    theta = theta.copy()
    theta[3] -= float(np.median(_heights(seen, theta)[0]))
    damp = 1e-2
    for _ in range(_STEPS):
        held = _state(seen, theta)
        misses, slope = _residuals(seen, theta, *held), _jacobian(seen, theta, held)
        square = slope.T @ slope
        move = np.linalg.solve(square + damp * np.diag(np.diag(square)), -slope.T @ misses)
        there = theta + np.clip(move, -0.3, 0.3)
        if (_residuals(seen, there, *held) ** 2).sum() < (misses**2).sum():
            theta, damp = there, max(damp / 5, 1e-6)
            if np.abs(move).max() < 1e-5:
                break
        else:
            damp *= 10
    return theta


def _cost(seen: _Seen, theta: Floats) -> float:
    """Minus the log likelihood of everything under this pose, the robust one."""
    jitter, weights, _ = _state(seen, theta)
    heights, wrong = _heights(seen, theta)
    means = seen.mean(heights, weights / wrong**2)
    off = (heights - means[seen.who]) / (jitter * wrong)
    within = (FREEDOM + 1) / 2 * np.log1p(off**2 / FREEDOM) + math.log(jitter)
    adult = SHARES[0] * _normal(means, 0.0, math.hypot(SPREAD, DOUBT))
    density = adult + SHARES[1] * _normal(means, *CHILDREN) + SHARES[2] * WILD
    prior = (((theta - USUAL) / RANGE) ** 2).sum() / 2
    return float(within.sum() - np.log(density).sum() + prior)


def _covariance(seen: _Seen, theta: Floats) -> Floats:
    """The sandwich: curvature, scores of each person, curvature; and the doubt about statures."""
    held = _state(seen, theta)
    misses, slope = _residuals(seen, theta, *held), _jacobian(seen, theta, held)
    owner = np.concatenate([seen.who, np.arange(seen.people), np.arange(seen.people)])
    scores = np.zeros((seen.people, 4))
    np.add.at(scores, owner, slope[:-4] * misses[:-4, None])
    bread = np.linalg.inv(slope.T @ slope)
    filling = scores.T @ scores + np.diag(RANGE**-2.0)
    covariance: Floats = HUMBLER**2 * (bread @ filling @ bread)
    covariance[3, 3] += DOUBT**2
    return covariance


def _normal(values: Floats, mean: float, sigma: float) -> Floats:
    return np.exp(-(((values - mean) / sigma) ** 2) / 2) / (sigma * math.sqrt(2 * math.pi))
