"""The tracker: the same person over frames, through misses, at 1 to 10 frames per second.

Two thresholds after ByteTrack (Zhang et al. 2022): sure detections continue or begin tracks,
doubtful ones only continue a confirmed track. Times are seconds, never frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from edge_agent.core.geometry import Box, GroundPoint, Size
from edge_agent.core.perception import Detection, TrackState
from edge_agent.core.time import Instant
from edge_agent.rules import motion as moves
from edge_agent.rules.assignment import assign
from edge_agent.rules.association import costs
from edge_agent.rules.ground import GroundPlane
from edge_agent.rules.motion import Motion
from edge_agent.rules.standing import stand

SURE = 0.4  # score that may begin a track
DOUBTFUL = 0.1  # score that may continue one
COAST = 2.1  # seconds a confirmed track lives unseen: 2 s and the jitter of a frame's time
HITS = 3  # sightings that confirm a track
MEMORY = 2.5  # seconds of sightings kept, for pictures that arrive late
AHEAD = 0.5  # seconds that a box may be foretold for a picture newer than the last frame
NEAR = 1.5  # metres between an old track's end and a new one's start that may be one person


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a person was really seen, not foretold."""

    at: Instant
    box: Box
    ground: GroundPoint | None


@dataclass(frozen=True, slots=True)
class Trail:
    """A track with its memory. `motion`, `box` and `ground` hold at the tracker's last frame;
    `sightings` are the last seconds' (oldest first); `misses` counts looks in a row without it.
    """

    id: int
    confirmed: bool
    hits: int
    misses: int
    score: float
    motion: Motion
    ground: GroundPoint | None
    born: Sighting
    seen: Sighting
    sightings: tuple[Sighting, ...]

    @property
    def box(self) -> Box:
        """The box at the last frame: smoothed where seen, foretold where not."""
        return self.motion.box

    @property
    def state(self) -> TrackState:
        """Tentative, confirmed, or lost while it coasts unseen."""
        if not self.confirmed:
            return TrackState.TENTATIVE
        return TrackState.LOST if self.misses else TrackState.CONFIRMED


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
    trails = [trail for trail in tracker.trails if at.since(trail.seen.at) <= COAST]
    motions = [moves.predict(trail.motion, step) for trail in trails]
    found = [
        (detection, Sighting(at, detection.box, _place(tracker, moves.begin(detection.box))))
        for detection in detections
        if _usable(detection, tracker.size)
    ]
    given = _match(trails, motions, found, at)
    kept = [
        _hit(tracker, trail, motion, *found[given[index]])
        if index in given
        else _miss(tracker, trail, motion)
        for index, (trail, motion) in enumerate(zip(trails, motions, strict=True))
    ]
    taken = set(given.values())
    fresh = [pair for j, pair in enumerate(found) if pair[0].score >= SURE and j not in taken]
    born = [_born(number, *pair) for number, pair in enumerate(fresh, start=tracker.next_id)]
    living = (trail for trail in kept if trail is not None)
    return replace(tracker, at=at, next_id=tracker.next_id + len(born), trails=(*living, *born))


def box_at(trail: Trail, at: Instant) -> Box | None:
    """The box of a person at another moment: between two sightings, or foretold up to half a
    second past the last; None where that would be a guess.
    """
    earlier = None
    for later in reversed(trail.sightings):
        ahead = at.since(later.at)
        if ahead >= 0:
            return _between(later, earlier, ahead) if earlier else _foretold(trail, ahead)
        earlier = later
    return None


def may_continue(old: Trail, new: Trail) -> bool:
    """Whether `new` may be the person of `old` under another id: it began after `old` was last
    seen, close to that place.
    """
    if old.id == new.id:
        return True
    if new.born.at.since(old.seen.at) <= 0:
        return False
    here, there = old.seen.ground, new.born.ground
    if here is not None and there is not None:
        return math.hypot(here.x - there.x, here.y - there.y) <= NEAR
    return old.seen.box.iou(new.born.box) > 0


def _match(
    trails: Sequence[Trail],
    motions: Sequence[Motion],
    found: Sequence[tuple[Detection, Sighting]],
    at: Instant,
) -> dict[int, int]:
    """Trail index → found index: sure ones to confirmed trails, doubtful ones to those left,
    then sure ones to tentative trails.
    """
    given: dict[int, int] = {}
    for confirmed, sure in ((True, True), (True, False), (False, True)):
        rows = [i for i, t in enumerate(trails) if t.confirmed == confirmed and i not in given]
        taken = set(given.values())
        columns = [
            j for j, (d, _) in enumerate(found) if (d.score >= SURE) == sure and j not in taken
        ]
        if not rows or not columns:
            continue
        table = costs(
            [motions[i] for i in rows],
            [at.since(trails[i].seen.at) for i in rows],
            [(trails[i].seen.box, trails[i].seen.ground) for i in rows],
            [(found[j][1].box, found[j][1].ground) for j in columns],
        )
        given |= {rows[row]: columns[column] for row, column in assign(table.tolist())}
    return given


def _hit(
    tracker: Tracker, trail: Trail, motion: Motion, detection: Detection, seen: Sighting
) -> Trail:
    age, hits = seen.at.since(trail.seen.at), trail.hits + 1
    motion = moves.correct(motion, detection.box, age, hits)
    sighting = Sighting(seen.at, motion.box, _place(tracker, motion))
    return Trail(
        trail.id,
        trail.confirmed or hits >= HITS,
        hits,
        0,
        detection.score,
        motion,
        sighting.ground,
        trail.born,
        sighting,
        (*_recent(trail.sightings, seen.at), sighting),
    )


def _miss(tracker: Tracker, trail: Trail, motion: Motion) -> Trail | None:
    """The trail coasting, or None: a tentative one may miss once, and who walked out is gone."""
    x, y = motion.box.centre
    outside = not (0 <= x <= tracker.size.width and 0 <= y <= tracker.size.height)
    if outside or (trail.misses and not trail.confirmed):
        return None
    ground = _place(tracker, motion)
    return replace(trail, misses=trail.misses + 1, motion=motion, ground=ground)


def _born(number: int, detection: Detection, seen: Sighting) -> Trail:
    motion = moves.begin(detection.box)
    return Trail(number, False, 1, 0, detection.score, motion, seen.ground, seen, seen, (seen,))


def _place(tracker: Tracker, motion: Motion) -> GroundPoint | None:
    """The place on the floor; None without a plane or where neither feet nor head tell it."""
    return None if tracker.plane is None else stand(tracker.plane, motion.box, motion.error)


def _usable(detection: Detection, size: Size) -> bool:
    """Whether a model's answer can be a person of this frame: numbers, on the picture, in scale."""
    box = detection.box
    x, y = box.centre
    return (
        detection.score >= DOUBTFUL
        and 0 <= x <= size.width
        and 0 <= y <= size.height
        and 1 <= box.width <= 2 * size.width
        and 1 <= box.height <= 2 * size.height
    )


def _recent(sightings: Iterable[Sighting], at: Instant) -> tuple[Sighting, ...]:
    return tuple(sighting for sighting in sightings if at.since(sighting.at) <= MEMORY)


def _between(earlier: Sighting, later: Sighting, ahead: float) -> Box:
    share = ahead / later.at.since(earlier.at)
    a, b = earlier.box, later.box
    return Box(
        a.x1 + share * (b.x1 - a.x1),
        a.y1 + share * (b.y1 - a.y1),
        a.x2 + share * (b.x2 - a.x2),
        a.y2 + share * (b.y2 - a.y2),
    )


def _foretold(trail: Trail, ahead: float) -> Box | None:
    if ahead > AHEAD:
        return None
    # Misses leave the velocity as it was at the last sighting, so that box may be moved on.
    return trail.seen.box.moved(trail.motion.vx * ahead, trail.motion.vy * ahead)
