"""A scenario: who walks where in one camera's view, and what is true at each moment of its loop."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from math import hypot, pi, sin

import numpy as np

from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskState
from edge_agent.sim.camera_model import PinholeView
from edge_agent.sim.cutouts import Look, Sprite, sprite

BOB = 0.012  # metres that a walking body rises and falls
STRIDE = 1.9  # steps a second


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where a person is at one second of the loop, in metres on the floor."""

    t: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a scenario. The path is linear between waypoints and closed: its first and
    last point are the same, so the loop has no seam. `seat` is the height in metres on which a
    half body stands (a counter's top), None for people on their feet.
    """

    id: int
    look: Look
    masked: bool
    path: tuple[Waypoint, ...]
    seat: float | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter: a box on the floor, `x1..x2` wide, its front at `y`, `height` in metres."""

    x1: float
    x2: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Room:
    """The place: half width, length and height in metres; height 0 is open air."""

    half_width: float
    length: float
    height: float
    wall: tuple[int, int, int]
    floor: tuple[int, int, int]
    tile: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One camera's scene: the place, the view, the people, and the loop's length in seconds."""

    camera: int
    view: PinholeView
    room: Room
    people: tuple[Person, ...]
    counter: Counter | None = None
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Pose:
    """A person at one moment: metres on the floor, lift of the bob, and which side shows."""

    x: float
    y: float
    lift: float
    back: bool
    flip: bool


@dataclass(frozen=True, slots=True)
class PersonTruth:
    """What is true of one person in one frame.

    Ground in metres; `box` and `head` in pixels of the main picture, not clipped; `visible` the
    share of the box that is inside the picture and not behind somebody; `mask` unknown when the
    face does not show.
    """

    id: int
    x: float
    y: float
    box: Box
    head: Box
    visible: float
    mask: MaskState
    standing: bool


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """What is true in one frame; `pairs` are (id, id, metres) of people in view."""

    t: float
    persons: tuple[PersonTruth, ...]
    pairs: tuple[tuple[int, int, float], ...]


def pose(person: Person, t: float, seconds: float) -> Pose:
    """Where a person is at second `t` of the loop, and how they stand."""
    t = t % seconds
    flip = False
    for here, there in pairwise(person.path):
        if here.x != there.x:
            flip = there.x < here.x
        if t <= there.t:
            break
    span = max(there.t - here.t, 1e-9)
    share = min(max((t - here.t) / span, 0.0), 1.0)
    dx, dy = there.x - here.x, there.y - here.y
    speed = hypot(dx, dy) / span
    lift = BOB * abs(sin(pi * STRIDE * t)) if speed > 0.2 and person.seat is None else 0.0
    back = speed > 0.2 and dy > 0.5 * abs(dx)
    return Pose(here.x + share * dx, here.y + share * dy, lift, back, flip)


def figure(person: Person, at: Pose) -> Sprite:
    """The sprite that shows this person in this pose."""
    return sprite(person.look, masked=person.masked, back=at.back, flip=at.flip)


def corners(view: PinholeView, person: Person, at: Pose, shown: Sprite) -> np.ndarray:
    """The sprite's corners in pixels: bottom left, bottom right, top left (an affine frame).

    A person is an upright board facing the camera; its foot edge and its top edge are projected,
    so people lean outwards at the sides of the picture as they do under a real camera.
    """
    low = (person.seat or 0.0) + at.lift
    foot, top = view.project([(at.x, at.y, low), (at.x, at.y, low + shown.metres)])
    half = shown.aspect * float(np.linalg.norm(foot - top)) / 2
    return np.array([[foot[0] - half, foot[1]], [foot[0] + half, foot[1]], [top[0] - half, top[1]]])


def _part(frame: np.ndarray, share: tuple[float, float, float, float]) -> Box:
    """The box round a part of the sprite given in shares of its size."""
    origin = frame[2]
    across, down = frame[1] - frame[0], frame[0] - frame[2]
    spots = [
        origin + across * sx + down * sy
        for sx in (share[0], share[2])
        for sy in (share[1], share[3])
    ]
    (x1, y1), (x2, y2) = np.min(spots, axis=0), np.max(spots, axis=0)
    return Box(float(x1), float(y1), float(x2), float(y2))


def _covered(box: Box, others: list[Box]) -> float:
    """The largest share of a box that one of the others hides."""
    shares = [0.0]
    for other in others:
        wide = min(box.x2, other.x2) - max(box.x1, other.x1)
        high = min(box.y2, other.y2) - max(box.y1, other.y1)
        shares.append(max(0.0, wide) * max(0.0, high) / max(box.area, 1e-9))
    return max(shares)


def _body_share(shown: Sprite) -> tuple[float, float, float, float]:
    """The part of the sprite that is opaque: the body without the cut's margin."""
    alpha = shown.levels[-1][..., 3] > 100
    columns, rows = np.flatnonzero(alpha.any(axis=0)), np.flatnonzero(alpha.any(axis=1))
    tall, wide = alpha.shape
    return (
        float(columns[0] / wide),
        float(rows[0] / tall),
        float((columns[-1] + 1) / wide),
        float((rows[-1] + 1) / tall),
    )


def _one(view: PinholeView, person: Person, at: Pose, nearer: list[Box]) -> PersonTruth:
    shown = figure(person, at)
    frame = corners(view, person, at, shown)
    box, head = _part(frame, _body_share(shown)), _part(frame, shown.head)
    inside = box.clipped(view.size).area / max(box.area, 1e-9)
    visible = inside * (1 - _covered(box, nearer))
    face = head.clipped(view.size).area / max(head.area, 1e-9) * (1 - _covered(head, nearer))
    if at.back or face < 0.9:
        mask = MaskState.UNKNOWN
    else:
        mask = MaskState.WORN if person.masked else MaskState.ABSENT
    return PersonTruth(
        person.id, at.x, at.y, box, head, visible, mask, standing=person.seat is None
    )


def truth_at(scenario: Scenario, t: float) -> FrameTruth:
    """What is true at second `t` of the loop: people in view, and every pair's distance."""
    view = scenario.view
    poses = [(person, pose(person, t, scenario.seconds)) for person in scenario.people]
    seen: list[PersonTruth] = []
    for person, at in sorted(poses, key=lambda item: item[1].y):
        if view.depth((at.x, at.y, 1.0)) < 0.5:
            continue
        one = _one(view, person, at, [other.box for other in seen])
        if one.visible > 0.0:
            seen.append(one)
    seen.sort(key=lambda one: one.id)
    placed = [one for one in seen if bool(view.sees((one.x, one.y, 0.0)))]
    pairs = tuple((a.id, b.id, hypot(a.x - b.x, a.y - b.y)) for a, b in combinations(placed, 2))
    return FrameTruth(t, tuple(seen), pairs)
