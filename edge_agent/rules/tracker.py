"""The tracker: the same person over frames, through misses and occlusion, at 1 to 10 frames a
second. Times are seconds, never frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_agent.core.geometry import Box, GroundPoint, Size
from edge_agent.core.perception import Detection
from edge_agent.core.time import Instant
from edge_agent.rules import motion as moves
from edge_agent.rules.ground import GroundPlane, growth
from edge_agent.rules.matching import Found, find, match
from edge_agent.rules.motion import Motion
from edge_agent.rules.occlusion import Front, hide, whole
from edge_agent.rules.standing import stand
from edge_agent.rules.trail import Sighting, Trail, doubted, lives, recent

PROOF = 1.1  # sum of the scores of two or more sightings that confirms a track
LARGER = 1.15  # times as tall as the person: a doubtful box that is of more than this person


@dataclass(frozen=True, slots=True)
class Tracker:
    """All trails of one camera at its last frame `at`; ids count up and are never given twice."""

    size: Size
    plane: GroundPlane | None
    at: Instant | None = None
    next_id: int = 1
    trails: tuple[Trail, ...] = ()


def advance(tracker: Tracker, at: Instant, detections: Sequence[Detection]) -> Tracker:
    """The tracker after one analysed frame. A frame not newer than the last one is ignored."""
    if tracker.at is not None and at.since(tracker.at) <= 0:
        return tracker
    step = 0.0 if tracker.at is None else at.since(tracker.at)
    trails = [trail for trail in tracker.trails if lives(trail, at, tracker.size)]
    motions = [moves.predict(trail.motion, step) for trail in trails]
    found = find(detections, at, tracker.size, lambda box: _spot(tracker, box))
    given, doubts = match(trails, motions, found, at)
    ids = [trail.id for trail in trails]
    trails = [
        doubted(trail, [ids[other] for other in doubts.get(i, ())], at)
        for i, trail in enumerate(trails)
    ]
    hits = {i: _hit(tracker, trails[i], motions[i], found[j]) for i, j in given.items()}
    fronts = [_front(trail) for trail in hits.values() if trail.confirmed]
    kept = [
        hits.get(i) or _miss(tracker, trails[i], motions[i], fronts, at, step)
        for i in range(len(trails))
    ]
    taken = set(given.values())
    fresh = [one for j, one in enumerate(found) if one.sure and j not in taken]
    born = [_born(number, one) for number, one in enumerate(fresh, start=tracker.next_id)]
    living = (trail for trail in kept if trail is not None)
    return replace(tracker, at=at, next_id=tracker.next_id + len(born), trails=(*living, *born))


def advance_given(
    tracker: Tracker, at: Instant, detections: Sequence[Detection], ids: Sequence[int]
) -> Tracker:
    """The tracker after a frame whose identities are known, one id for each detection, none
    twice: nobody is searched, everybody is confirmed.
    """
    if tracker.at is not None and at.since(tracker.at) <= 0:
        return tracker
    step = 0.0 if tracker.at is None else at.since(tracker.at)
    found = dict(zip(ids, (_known(tracker, at, one) for one in detections), strict=True))
    trails = {t.id: t for t in tracker.trails if t.id in found or lives(t, at, tracker.size)}
    motions = {number: moves.predict(trail.motion, step) for number, trail in trails.items()}
    seen = [
        _hit(tracker, trails[number], motions[number], one)
        if number in trails
        else _born(number, one)._replace(confirmed=True)
        for number, one in found.items()
    ]
    fronts = [_front(trail) for trail in seen]
    lost = [
        _miss(tracker, trail, motions[number], fronts, at, step)
        for number, trail in trails.items()
        if number not in found
    ]
    kept = [*seen, *(trail for trail in lost if trail is not None)]
    kept.sort(key=lambda trail: trail.id)
    return replace(tracker, at=at, trails=tuple(kept))


def _known(tracker: Tracker, at: Instant, one: Detection) -> Found:
    return Found(one, Sighting(at, one.box, _spot(tracker, one.box)), cut=False)


def _grown(tracker: Tracker, trail: Trail, motion: Motion) -> Motion:
    """The foretold motion of somebody whose feet are hidden: on a known floor they look larger or
    smaller where they have come to.
    """
    if tracker.plane is None:
        return motion
    before, after = (trail.motion.x, trail.motion.y), (motion.x, motion.y)
    return moves.grown(motion, growth(tracker.plane, before, after))


def _hit(tracker: Tracker, trail: Trail, motion: Motion, found: Found) -> Trail:
    """The trail seen again: where it was foretold, pulled to where it was found."""
    at, hits = found.sighting.at, trail.hits + 1
    proof = trail.proof + found.detection.score
    if found.cut:
        motion = _grown(tracker, trail, motion)
    box = _own(found, motion.height)
    motion = moves.correct(motion, box, at.since(trail.seen.at), hits, shape=found.clear)
    sighting = Sighting(at, motion.box, _place(tracker, motion))
    return Trail(
        trail.id,
        trail.confirmed or proof >= PROOF,
        hits,
        0,
        found.detection.score,
        motion,
        sighting.ground,
        trail.born,
        sighting,
        (*recent(trail.sightings, at), sighting),
        proof=proof,
        sure=at if found.sure else trail.sure,
        mistaken=trail.mistaken,
    )


def _own(found: Found, height: float) -> Box:
    """The part of a found box that is this person's: of one cut off below (by more than a box errs)
    or doubtful and too tall, the head is right and the feet are not.
    """
    box = found.detection.box
    shorter = found.cut and box.height < (1 - moves.FOOT_ERROR) * height
    larger = not found.sure and box.height > LARGER * height
    return whole(box, height) if shorter or larger else box


def _miss(
    tracker: Tracker,
    trail: Trail,
    motion: Motion,
    fronts: Sequence[Front],
    at: Instant,
    step: float,
) -> Trail | None:
    """The trail coasting, or None: a tentative one may miss once, and who walked out is gone."""
    motion, hiding = hide(motion, trail.hiding, fronts if trail.confirmed else (), at, step)
    x, y = motion.box.centre
    outside = not (0 <= x <= tracker.size.width and 0 <= y <= tracker.size.height)
    if outside or (trail.misses and not trail.confirmed):
        return None
    ground = _place(tracker, motion)
    return trail._replace(misses=trail.misses + 1, motion=motion, ground=ground, hiding=hiding)


def _front(trail: Trail) -> Front:
    return Front(trail.id, trail.motion, trail.seen.box)


def _born(number: int, found: Found) -> Trail:
    motion, seen, score = moves.begin(found.detection.box), found.sighting, found.detection.score
    return Trail(
        number, False, 1, 0, score, motion, seen.ground, seen, seen, (seen,), None, score, seen.at
    )


def _spot(tracker: Tracker, box: Box) -> GroundPoint | None:
    """The place of somebody just found, of whom nothing else is known."""
    return None if tracker.plane is None else stand(tracker.plane, box, moves.foot_error(box))


def _place(tracker: Tracker, motion: Motion) -> GroundPoint | None:
    """The place on the floor; None without a plane or where neither feet nor head tell it."""
    return None if tracker.plane is None else stand(tracker.plane, motion.box, motion.error)
