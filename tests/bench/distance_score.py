"""How right a distancing rule is: pairs of people frame by frame, and episodes.

Answers are matched to true people by their boxes, so that a rule is not asked for identities: a
pair is two true people, whoever the tracker says they are. Pairs near the limit are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from edge_agent.core.geometry import Box
from tests.bench.distance_scenes import Moment, Scene

LIMIT = 2.0  # metres
UNDECIDED = 0.25  # metres around the limit within which the truth itself does not know
GAP, LEAST = 2.0, 1.0  # seconds that are bridged, seconds that an episode must last
Pair = tuple[int, int]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule says of one frame: boxes by its own numbers, which two are too close, and where
    they stand in metres, if it knows that.
    """

    boxes: Mapping[int, Box]
    close: frozenset[Pair]
    places: Mapping[int, Place | None]


Same = Callable[[Moment, Answer], dict[int, int]]  # a rule's number → true identity


@dataclass(frozen=True, slots=True)
class Tally:
    """Right, invented, missed."""

    hit: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.hit + other.hit, self.false + other.false, self.missed + other.missed)

    @property
    def precision(self) -> float:
        return self.hit / max(1, self.hit + self.false)

    @property
    def recall(self) -> float:
        return self.hit / max(1, self.hit + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.hit / max(1, 2 * self.hit + self.false + self.missed)


def by_place(places: Mapping[int, Place | None]) -> frozenset[Pair]:
    """The pairs whose places on the floor are closer than the limit."""
    known = {key: place for key, place in places.items() if place is not None}
    return frozenset(
        (a, b) for a, b in combinations(sorted(known), 2) if math.dist(known[a], known[b]) < LIMIT
    )


def by_overlap(overlap: float) -> Same:
    """Who is who by the overlap of boxes, one to one, best first."""

    def same(moment: Moment, answer: Answer) -> dict[int, int]:
        return _one_to_one(
            (person.box.iou(box), who, key)
            for who, person in moment.people.items()
            for key, box in answer.boxes.items()
            if person.box.iou(box) >= overlap
        )

    return same


def by_feet(metres: float) -> Same:
    """Who is who by the distance of places on the floor."""

    def same(moment: Moment, answer: Answer) -> dict[int, int]:
        apart = (
            (-math.dist((person.x, person.y), place), who, key)
            for who, person in moment.people.items()
            for key, place in answer.places.items()
            if place is not None
        )
        return _one_to_one(one for one in apart if one[0] >= -metres)

    return same


def _one_to_one(likeness: Iterable[tuple[float, int, int]]) -> dict[int, int]:
    given: dict[int, int] = {}
    for _, who, key in sorted(likeness, reverse=True):
        if key not in given and who not in given.values():
            given[key] = who
    return given


def pairs(scene: Scene, answers: Mapping[int, Answer], same: Same) -> Tally:
    """Pairs under the limit in all frames that were answered. A close pair with somebody who is
    not there is invented; one with a person who does not count is not counted.
    """
    total = Tally()
    for moment in scene.moments:
        if moment.number in answers:
            total += _frame(moment, answers[moment.number], same)
    return total


def _frame(moment: Moment, answer: Answer, same: Same) -> Tally:
    who = same(moment, answer)
    said: set[Pair] = set()
    invented = 0
    for a, b in answer.close:
        known = [who[key] for key in (a, b) if key in who]
        if any(not moment.people[key].counted for key in known):
            continue
        if len(known) < 2:
            invented += 1
        else:
            said.add((min(known), max(known)))
    truth = moment.apart()
    near = {pair for pair, metres in truth.items() if metres < LIMIT - UNDECIDED}
    far = {pair for pair, metres in truth.items() if metres > LIMIT + UNDECIDED}
    return Tally(len(said & near), len(said & far) + invented, len(near - said))


def episodes(scene: Scene, answers: Mapping[int, Answer], same: Same) -> Tally:
    """Spans of a second or more in which two stay under the limit: matched one to one by an
    overlap in time of 0.3 or more.
    """
    near: dict[Pair, list[float]] = {}
    told: dict[Pair, list[float]] = {}
    for moment in scene.moments:
        if moment.number not in answers:
            continue
        for pair, metres in moment.apart().items():
            if metres < LIMIT:
                near.setdefault(pair, []).append(moment.second)
        answer = answers[moment.number]
        who = same(moment, answer)
        for a, b in answer.close:
            if a in who and b in who:
                pair = (min(who[a], who[b]), max(who[a], who[b]))
                if moment.people[pair[0]].counted and moment.people[pair[1]].counted:
                    told.setdefault(pair, []).append(moment.second)
    return _matched(_spans(near), _spans(told))


Span = tuple[Pair, float, float]


def _spans(seconds: Mapping[Pair, Sequence[float]]) -> list[Span]:
    found = []
    for pair, times in sorted(seconds.items()):
        start = last = times[0]
        for now in [*times[1:], math.inf]:
            if now - last > GAP:
                if last - start >= LEAST:
                    found.append((pair, start, last))
                start = now
            last = now
    return found


def _matched(true: Sequence[Span], said: Sequence[Span]) -> Tally:
    rest = list(said)
    hit = 0
    for pair, start, end in true:
        best = max(
            (span for span in rest if span[0] == pair),
            key=lambda span: _share(span, start, end),
            default=None,
        )
        if best is not None and _share(best, start, end) >= 0.3:
            rest.remove(best)
            hit += 1
    return Tally(hit, len(rest), len(true) - hit)


def _share(span: Span, start: float, end: float) -> float:
    both = min(span[2], end) - max(span[1], start)
    return both / (max(span[2], end) - min(span[1], start))


def over(scenes: Iterable[Scene], count: Callable[[Scene], Tally]) -> Tally:
    """One tally over many scenes."""
    return sum((count(scene) for scene in scenes), Tally())
