"""Rules of distance to compare: ours, whole and without one of its parts, and those of others.

galliot's default rule is re-implemented from `smart_social_distancing` (CenterPoints: offsets of
box centres scaled by a stature of 170 cm over the mean of the inverse box heights).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import combinations
from unittest.mock import patch

from edge_agent.config.behaviours import DistancingRule, Rules
from edge_agent.core.geometry import Box
from edge_agent.core.perception import TrackState
from edge_agent.core.time import EPOCH
from edge_agent.rules import matching, occlusion, standing, tracker
from edge_agent.rules.ground import fit_plane
from edge_agent.rules.matching import SURE
from edge_agent.rules.motion import begin
from edge_agent.rules.watch import WatchSettings, decide, new_watch, see, tracks
from tests.bench.distance_scenes import Scene
from tests.bench.distance_score import LIMIT, Answer, Pair, by_place

Answers = dict[int, Answer]
Rule = Callable[[Scene], Answers]
STATURE = 1.7  # metres, galliot's


def ours(scene: Scene, *, hidden: bool = True) -> Answers:
    """The watch as it runs at a site; `hidden` counts who is followed and not seen."""
    settings = WatchSettings(
        "bench", "bench", scene.size, 1.0, Rules(distancing=DistancingRule()), scene.floor
    )
    watch, answers = new_watch(settings), {}
    for moment in scene.moments:
        at = EPOCH.plus(moment.second)
        watch, _ = decide(see(watch, at, moment.found), at)
        people = [one for one in tracks(watch) if hidden or one.state is not TrackState.LOST]
        places = {p.id: (p.ground.x, p.ground.y) if p.ground else None for p in people}
        answers[moment.number] = Answer({p.id: p.box for p in people}, by_place(places), places)
    return answers


def single_frames(scene: Scene) -> Answers:
    """Sure detections through the same floor; nobody is followed."""
    plane = fit_plane(scene.floor, scene.size)
    answers = {}
    for moment in scene.moments:
        boxes = _sure(moment.found)
        grounds = {k: standing.stand(plane, box, begin(box).error) for k, box in boxes.items()}
        places = {key: (spot.x, spot.y) if spot else None for key, spot in grounds.items()}
        answers[moment.number] = Answer(boxes, by_place(places), places)
    return answers


def galliot(scene: Scene) -> Answers:
    """galliot's default, two metres."""
    return _by_boxes(scene, lambda a, b: _centres(a, b) < LIMIT)


def pixels(scene: Scene, most: float) -> Answers:
    """Feet less than so many pixels apart."""
    return _by_boxes(scene, lambda a, b: math.dist(a.foot, b.foot) < most)


@contextmanager
def without(part: str) -> Iterator[None]:
    """Our rule without one of its parts."""
    off: Mapping[str, Sequence[tuple[object, str, object]]] = {
        "who is covered stays": [(occlusion, "COVERED", 2.0)],
        "heads for hidden feet": [
            (matching, "cut_off", lambda boxes: [False] * len(boxes)),
            (tracker, "LARGER", math.inf),
        ],
        "boxes around two are nobody": [(matching, "CONTAINS", 2.0)],
        "who reappears is the same": [(matching, "PASSES", matching.PASSES[:-1])],
        "doubtful boxes only of who was there": [
            (matching, "PASSES", tuple(replace(one, within=math.inf) for one in matching.PASSES))
        ],
    }
    with ExitStack() as stack:
        for where, name, value in off[part]:
            stack.enter_context(patch.object(where, name, value))
        yield


PARTS = (
    "who is covered stays",
    "heads for hidden feet",
    "boxes around two are nobody",
    "who reappears is the same",
    "doubtful boxes only of who was there",
)


def _sure(found: Sequence[object]) -> dict[int, Box]:
    return {k: one.box for k, one in enumerate(found) if one.score >= SURE}  # type: ignore[attr-defined]


def _by_boxes(scene: Scene, close: Callable[[Box, Box], bool]) -> Answers:
    answers = {}
    for moment in scene.moments:
        boxes = _sure(moment.found)
        pairs: frozenset[Pair] = frozenset(
            (a, b) for a, b in combinations(boxes, 2) if close(boxes[a], boxes[b])
        )
        answers[moment.number] = Answer(boxes, pairs, {})
    return answers


def _centres(a: Box, b: Box) -> float:
    """Metres between two boxes as galliot tells them."""
    (xa, ya), (xb, yb) = a.centre, b.centre
    unit = STATURE * (1 / a.height + 1 / b.height) / 2
    return math.hypot(xa - xb, ya - yb) * unit
