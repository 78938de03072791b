"""A trail: one person over frames, with what is remembered of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from edge_agent.core.geometry import Box, GroundPoint, Size
from edge_agent.core.perception import TrackState
from edge_agent.core.time import Instant
from edge_agent.rules.motion import STATURE, Motion
from edge_agent.rules.occlusion import Hiding

COAST = 2.1  # seconds a confirmed track lives unseen: 2 s and the jitter of a frame's time
STANDS = 2.0  # seconds more for one who stood still
STROLL = 0.6  # metres per second at which nothing is left of that
LEAVES = 0.65  # seconds for one last seen at the picture's edge, the least that anybody has
EDGE = 2.0  # pixels
HIDDEN = 4.1  # seconds that anybody lives unseen behind another
UNSURE = 8.0  # seconds that anybody lives on doubtful sightings alone
MEMORY = 2.5  # seconds of sightings kept, for pictures that arrive late
AHEAD = 0.5  # seconds that a box may be foretold for a picture newer than the last frame
DOUBTED = 60.0  # seconds for which it is remembered that two tracks may have changed owners
NEAR = 1.5  # metres between an old track's end and a new one's start that may be one person


NOBODY: Mapping[int, Instant] = MappingProxyType({})


class Sighting(NamedTuple):
    """Where a person was really seen, not foretold."""

    at: Instant
    box: Box
    ground: GroundPoint | None


class Trail(NamedTuple):
    """A track with its memory. `motion`, `box` and `ground` hold at the tracker's last frame;
    `sightings` are the last seconds' (oldest first); `misses` counts looks in a row without it.

    `hiding` says behind whom it was hidden since it was seen, `proof` is the sum of its scores,
    `sure` the last sighting that was more than doubtful. `mistaken` are the tracks with which it
    may have changed owners, and when that was last so.
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
    hiding: Hiding | None = None
    proof: float = 0.0
    sure: Instant | None = None
    mistaken: Mapping[int, Instant] = NOBODY

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

    def unknown(self, at: Instant) -> float:
        """Seconds since it was last seen or known to be hidden."""
        unseen = at.since(self.seen.at)
        return unseen if self.hiding is None else min(unseen, at.since(self.hiding.until))


def lives(trail: Trail, at: Instant, size: Size) -> bool:
    """Whether a trail is still followed: seen or hidden lately, and sure not too long ago."""
    sure = trail.sure or trail.born.at
    if at.since(sure) > UNSURE or at.since(trail.seen.at) > HIDDEN:
        return False
    unknown = trail.unknown(at)
    return unknown <= LEAVES or unknown <= _patience(trail, size)


def recent(sightings: tuple[Sighting, ...], at: Instant) -> tuple[Sighting, ...]:
    """Those of the last seconds; they are in the order of time."""
    fresh = 0
    for one in sightings:
        if at.since(one.at) <= MEMORY:
            break
        fresh += 1
    return sightings[fresh:] if fresh else sightings


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


def doubted(trail: Trail, others: Collection[int], at: Instant) -> Trail:
    """The trail after a look at which it may have changed owners with these tracks."""
    if not others:
        return trail
    known = {n: when for n, when in trail.mistaken.items() if at.since(when) <= DOUBTED}
    return trail._replace(mistaken={**known, **dict.fromkeys(others, at)})


def _patience(trail: Trail, size: Size) -> float:
    """Seconds that a trail may coast: few at the picture's edge, many for who stood still, since
    to be gone they must have walked, and a walk is seen.
    """
    box = trail.seen.box
    if box.x1 <= EDGE or box.x2 >= size.width - EDGE or box.y2 >= size.height - EDGE:
        return LEAVES
    first, last = trail.sightings[0], trail.sightings[-1]
    seconds = last.at.since(first.at)
    if seconds < LEAVES:
        return COAST
    (x, y), (u, v) = first.box.foot, last.box.foot
    pace = math.hypot(x - u, y - v) / seconds / box.height * STATURE
    return COAST + STANDS * max(0.0, 1 - pace / STROLL)


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
