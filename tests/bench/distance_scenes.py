"""Scenes with truth for the distance benches: people on a floor, their boxes, a detector's boxes.

A simulated yard is made to be hard where real ones are: people walk in pairs, meet, stand and
hide each other. `look` is what a person detector does then: it misses who is covered, cuts a box
off at what can be seen, suppresses one of two boxes that coincide, trembles, and invents people.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from edge_agent.config.schema import Calibration, CalibrationPoint
from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection
from edge_agent.sim.camera_model import PinholeView

POSTS = 3
SUPPRESSED = 0.6  # IoU at which the detector keeps one box of two
FLOOR_SCORE = 0.1  # below it the detector says nothing
GRID = [(x / 5 - 0.4, y / 12 + 1 / 24) for x in range(5) for y in range(12)]


@dataclass(frozen=True, slots=True)
class Person:
    """Where somebody is: the box in pixels, metres on the floor; `counted` in pairs or not."""

    box: Box
    x: float
    y: float
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame: its number and second, who is there by identity, what the detector says."""

    number: int
    second: float
    people: Mapping[int, Person]
    found: tuple[Detection, ...]

    def apart(self) -> dict[tuple[int, int], float]:
        """Metres between every two people who count."""
        there = sorted(key for key, one in self.people.items() if one.counted)
        return {
            (a, b): math.dist(
                (self.people[a].x, self.people[a].y), (self.people[b].x, self.people[b].y)
            )
            for a, b in combinations(there, 2)
        }


@dataclass(frozen=True, slots=True)
class Scene:
    """A camera's view with its true floor, and what happened before it."""

    name: str
    size: Size
    floor: Calibration
    moments: tuple[Moment, ...]

    def with_true_boxes(self) -> Scene:
        """The same scene seen by a detector that errs in nothing."""
        return replace(
            self,
            moments=tuple(
                replace(one, found=tuple(Detection(p.box, 0.9) for p in one.people.values()))
                for one in self.moments
            ),
        )


@dataclass
class _Walker:
    """Somebody with a plan: waypoints with a pause at each, then out."""

    path: list[tuple[float, float, float]]  # x, y, seconds to stay
    speed: float
    stature: float
    born: float
    x: float = 0.0
    y: float = 0.0

    def walk(self, step: float) -> bool:
        """One step of so many seconds; whether the walk goes on."""
        if not self.path:
            return False
        x, y, stay = self.path[0]
        left = math.dist((x, y), (self.x, self.y))
        if left > self.speed * step:
            self.x += (x - self.x) / left * self.speed * step
            self.y += (y - self.y) / left * self.speed * step
            return True
        self.x, self.y = x, y
        self.path[0] = (x, y, stay - step)
        if stay <= step:
            self.path.pop(0)
        return bool(self.path)


def yard(seed: int, fps: float = 5.0, seconds: float = 60.0, people: int = 9) -> Scene:
    """A simulated yard of about 12 × 14 m under a camera 3 to 7 m high."""
    dice = random.Random(seed)
    size = Size(480, 360)
    view = PinholeView(dice.uniform(3.0, 7.0), dice.uniform(20, 32), dice.uniform(55, 75), size)
    near = float(view.floor([size.width / 2, 0.93 * size.height])[1])
    posts = [(dice.uniform(-4, 4), near + dice.uniform(2, 9)) for _ in range(POSTS)]
    walkers = [walker for _ in range(people) for walker in _party(dice, near, seconds, posts)]
    eye = _Eye(dice, view, posts)
    moments = []
    inside: dict[int, _Walker] = {}
    waiting = dict(enumerate(sorted(walkers, key=lambda walker: walker.born), start=1))
    for number in range(round(seconds * fps)):
        second = number / fps
        inside |= {key: one for key, one in waiting.items() if one.born <= second}
        waiting = {key: one for key, one in waiting.items() if one.born > second}
        for _ in range(4):
            inside = {key: one for key, one in inside.items() if one.walk(1 / fps / 4)}
        truth = {key: person for key, one in inside.items() if (person := eye.true(one))}
        moments.append(Moment(number, second, truth, eye.look(truth, 1 / fps)))
    return Scene(f"yard {seed}", size, _floor(view, near), tuple(moments))


def _party(
    dice: random.Random, near: float, seconds: float, posts: Sequence[tuple[float, float]]
) -> list[_Walker]:
    """One who walks alone, or two who walk together or meet: the second keeps 0.5 to 1.8 m."""

    def spot() -> tuple[float, float]:
        if dice.random() < 0.2:  # in the shade of a tree, by a column
            x, y = dice.choice(posts)
            return x + dice.uniform(-1, 1), y + dice.uniform(-1, 2)
        return dice.uniform(-5, 5), near + dice.uniform(1, 13)

    side = dice.choice((-1, 1))
    start = (9.0 * side, near + dice.uniform(2, 12))
    stops = [(*spot(), dice.choice((0.0, 0.0, dice.uniform(2, 12)))) for _ in range(3)]
    path = [*stops, (-9.0 * dice.choice((side, -side)), near + dice.uniform(2, 12), 0.0)]
    born = dice.uniform(-8.0, seconds * 0.8)
    first = _Walker(path, dice.uniform(0.8, 1.5), dice.gauss(1.68, 0.09), born, *start)
    kind = dice.random()
    if kind < 0.5:
        return [first]
    angle, gap = dice.uniform(0, 2 * math.pi), dice.uniform(0.5, 1.8)
    off = (gap * math.cos(angle), gap * math.sin(angle))
    if kind < 0.75:  # they walk together
        beside = [(x + off[0], y + off[1], stay) for x, y, stay in path]
        begin = (start[0] + off[0], start[1] + off[1])
    else:  # they meet at the second stop, and part
        x, y, _ = path[1]
        beside = [(*spot(), 0.0), (x + off[0], y + off[1], dice.uniform(3, 15))]
        beside += [(*spot(), 0.0), (9.0 * side, near + dice.uniform(2, 12), 0.0)]
        begin = (-start[0], start[1])
    return [first, _Walker(beside, first.speed, dice.gauss(1.68, 0.09), born, *begin)]


class _Eye:
    """The camera and the detector behind it; what it misses, it misses for a while."""

    def __init__(
        self, dice: random.Random, view: PinholeView, posts: Sequence[tuple[float, float]]
    ) -> None:
        self._dice, self._view = dice, view
        self._mood: dict[int, tuple[float, float, float, float, float]] = {}
        self._posts = [self._post(*where) for where in posts]

    def _post(self, x: float, y: float) -> Box:
        """A tree or a column of 2.2 m."""
        (u, foot), (_, top) = self._view.project([(x, y, 0.0), (x, y, 2.2)])
        half = 0.18 * self._view.focal / float(self._view.depth((x, y, 1.0)))
        return Box(float(u) - half, float(top), float(u) + half, float(foot))

    def true(self, walker: _Walker) -> Person | None:
        """The person as boxed by hand; None when less than half is in the picture."""
        where = self._view.project(
            [(walker.x, walker.y, 0.0), (walker.x, walker.y, walker.stature)]
        )
        (u, foot), (_, head) = ((float(a), float(b)) for a, b in where)
        if not math.isfinite(u + foot + head):
            return None
        half = 0.18 * (foot - head)
        box = Box(u - half, head, u + half, foot)
        size = self._view.size
        if box.clipped(size).area < 0.5 * box.area or foot > size.height:
            return None
        return Person(box.clipped(size), walker.x, walker.y)

    def look(self, people: Mapping[int, Person], step: float) -> tuple[Detection, ...]:
        """What a detector says of this frame, best first."""
        said = [
            one for key, person in people.items() if (one := self._one(key, person, people, step))
        ]
        if self._dice.random() < 0.25:
            said.append(Detection(self._posts[0], self._dice.uniform(0.1, 0.45)))
        if self._dice.random() < 0.3:
            x, y = self._dice.uniform(20, 460), self._dice.uniform(90, 350)
            tall = self._dice.uniform(25, 90)
            said.append(
                Detection(Box(x, y - tall, x + 0.4 * tall, y), self._dice.uniform(0.1, 0.5))
            )
        said += self._merged([person.box for person in people.values()])
        return _suppressed(sorted(said, key=lambda one: -one.score))

    def _merged(self, boxes: Sequence[Box]) -> list[Detection]:
        """Now and then one box around two people who stand before each other."""
        dice = self._dice
        return [
            Detection(
                Box(min(a.x1, b.x1), min(a.y1, b.y1), max(a.x2, b.x2), max(a.y2, b.y2)),
                dice.uniform(0.1, 0.45),
            )
            for a, b in combinations(boxes, 2)
            if a.iou(b) > 0.2 and dice.random() < 0.15
        ]

    def _one(
        self, key: int, person: Person, people: Mapping[int, Person], step: float
    ) -> Detection | None:
        box, dice = person.box, self._dice
        others = [p.box for other, p in people.items() if other != key]
        nearer = [other for other in [*others, *self._posts] if other.y2 > box.y2]
        seen, lowest = _visible(box, nearer)
        mood = self._drift(key, step)
        score = (0.86 + 0.08 * mood[4]) * (1 - math.exp(-((seen / 0.75) ** 2)))
        score -= 0.5 * max(0.0, mood[3] - 1.7)  # now and then nothing is seen of a clear person
        score = min(0.95, score + dice.gauss(0, 0.04))
        if score < FLOOR_SCORE:
            return None
        tall = box.height * (1 + 2.5 * (1 - seen))  # a body in part seen is boxed badly
        foot = box.y2 - 0.6 * max(0.0, box.y2 - lowest) + tall * 0.022 * mood[1]
        x = (box.x1 + box.x2) / 2 + tall * 0.03 * mood[0]
        head = box.y1 + tall * (0.02 * mood[2] + dice.gauss(0, 0.01))
        half = box.width / 2 * (1 + 0.12 * dice.gauss(0, 1))
        shape = Box(x - half, head, x + half, foot + tall * dice.gauss(0, 0.012))
        return Detection(shape.clipped(self._view.size), score)

    def _drift(self, key: int, step: float) -> tuple[float, float, float, float, float]:
        """Five slow errors of unit variance, with a memory of 0.4 s."""
        keep = math.exp(-step / 0.4)
        fresh = math.sqrt(1 - keep**2)
        gauss = self._dice.gauss
        old = self._mood.get(key) or tuple(gauss(0, 1) for _ in range(5))
        a, b, c, d, e = (keep * one + fresh * gauss(0, 1) for one in old)
        self._mood[key] = (a, b, c, d, e)
        return a, b, c, d, e


def _visible(box: Box, nearer: Sequence[Box]) -> tuple[float, float]:
    """The share of a body that nobody covers, and the lowest pixel of it that is seen."""
    rows = []
    for x, y in GRID:
        u, v = (box.x1 + box.x2) / 2 + x * box.width, box.y1 + y * box.height
        if not any(abs(u - (b.x1 + b.x2) / 2) < 0.4 * b.width and b.y1 < v < b.y2 for b in nearer):
            rows.append(v)
    return len(rows) / len(GRID), max(rows, default=box.y1) + box.height / 24


def _suppressed(said: Sequence[Detection]) -> tuple[Detection, ...]:
    kept: list[Detection] = []
    for one in said:
        if one.box.area > 4 and all(one.box.iou(better.box) <= SUPPRESSED for better in kept):
            kept.append(one)
    return tuple(kept)


def _floor(view: PinholeView, near: float) -> Calibration:
    spots = view.calibration(3.0, near + 0.5, near + 8.0)
    return Calibration(
        size=(view.size.width, view.size.height),
        points=tuple(CalibrationPoint(pixel=spot.pixel, metres=spot.metres) for spot in spots),
    )
