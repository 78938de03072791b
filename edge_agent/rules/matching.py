"""Which detection continues which track: sure ones first, doubtful ones for who is left.

Two thresholds after ByteTrack (Zhang et al. 2022), and a last pass for people who reappear where
nobody foretold them but where they can have walked: the same person, not a second one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edge_agent.core.geometry import Box, GroundPoint, Size
from edge_agent.core.perception import Detection
from edge_agent.core.time import Instant
from edge_agent.rules.assignment import assign
from edge_agent.rules.association import SIGMAS, costs, exchangeable, likeness
from edge_agent.rules.motion import Motion
from edge_agent.rules.occlusion import cut_off, inside
from edge_agent.rules.trail import Sighting, Trail

SURE = 0.4  # score that may begin a track
DOUBTFUL = 0.1  # score that may continue one
CONTAINS = 0.85  # share of a surer box inside another, which then is around two people
RECENT = 1.1  # seconds since a track was seen or hidden in which a doubtful box may continue it
WALKS = 1.0  # seconds of walking that may lie between a lost track and where it reappears


class Found(NamedTuple):
    """A detection that can be a person, where that is, and whether the feet are hidden."""

    detection: Detection
    sighting: Sighting
    cut: bool

    @property
    def sure(self) -> bool:
        """Whether it may begin a track."""
        return self.detection.score >= SURE

    @property
    def clear(self) -> bool:
        """Whether the box tells how large the person is."""
        return self.sure and not self.cut


def find(
    detections: Sequence[Detection],
    at: Instant,
    size: Size,
    place: Callable[[Box], GroundPoint | None],
) -> list[Found]:
    """The detections that can be persons of this frame; `place` tells where a box stands."""
    usable = [one for one in detections if _usable(one, size)]
    if not usable:
        return []
    boxes = np.array([one.box for one in usable])
    scores = np.array([one.score for one in usable])
    doubled = (inside(boxes) >= CONTAINS) & (scores[:, None] > scores[None, :])
    single = np.flatnonzero(~doubled.any(axis=0))
    found = []
    for index, cut in zip(single, cut_off(boxes[single]), strict=True):
        one = usable[index]
        found.append(Found(one, Sighting(at, one.box, None if cut else place(one.box)), cut))
    return found


@dataclass(frozen=True, slots=True)
class _Pass:
    """Which tracks meet which detections, and how far from the foretold place."""

    confirmed: bool
    sure: bool
    sigmas: float = SIGMAS
    within: float = math.inf  # seconds since the track was known
    walks: float = math.inf  # seconds of walking allowed


PASSES = (
    _Pass(confirmed=True, sure=True),
    _Pass(confirmed=True, sure=False, within=RECENT),
    _Pass(confirmed=False, sure=True),
    _Pass(confirmed=True, sure=True, sigmas=math.inf, walks=WALKS),
)


def match(
    trails: Sequence[Trail], motions: Sequence[Motion], found: Sequence[Found], at: Instant
) -> tuple[dict[int, int], dict[int, list[int]]]:
    """Trail index → found index, each at most once, and with which other trails each may have
    changed owners; `motions` are the trails' foretold ones.
    """
    given: dict[int, int] = {}
    if not trails or not found:
        return given, {}
    like = likeness(
        motions,
        [trail.seen for trail in trails],
        [one.sighting for one in found],
        [one.cut for one in found],
    )
    ages, unknown = zip(*((at.since(one.seen.at), one.unknown(at)) for one in trails), strict=True)
    for one in PASSES:
        rows = [
            i
            for i, trail in enumerate(trails)
            if i not in given and trail.confirmed is one.confirmed and unknown[i] <= one.within
        ]
        taken = set(given.values())
        columns = [j for j, what in enumerate(found) if what.sure is one.sure and j not in taken]
        if rows and columns:
            table = costs(like, [min(age, one.walks) for age in ages], one.sigmas)
            pairs = assign(table[rows][:, columns].tolist())
            given |= {rows[row]: columns[column] for row, column in pairs}
    return given, exchangeable(like, ages, given)


def _usable(detection: Detection, size: Size) -> bool:
    """Whether a model's answer can be a person of this frame: numbers, on the picture, in scale."""
    x1, y1, x2, y2 = detection.box
    return (
        detection.score >= DOUBTFUL
        and 0 <= x1 + x2 <= 2 * size.width
        and 0 <= y1 + y2 <= 2 * size.height
        and 1 <= x2 - x1 <= 2 * size.width
        and 1 <= y2 - y1 <= 2 * size.height
    )
