"""True episodes by plain definition, and how alarms are matched with them.

Unit: an episode (rule, participants, t0, t1). An alarm hits one of the same rule and people when
it falls inside [t0 + duration, t1 + 10 s] or their overlap in time is 0.3 of both together; one to
one; more alarms on a hit episode are duplicates. What happens by a wide definition and not by a
narrow one (8 % of a distance, 25 cm at an edge, about a second) may be alarmed and need not be; nor
need what falls in the cooldown of the same people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import dist, inf

from edge_agent.core.event import Rule
from edge_agent.core.outline import depth, side
from tests.bench.episode_scenes import Moment, Site, Spot

Who = frozenset[int]
LATE = 10.0  # seconds after the end within which an alarm still belongs to it


@dataclass(frozen=True, slots=True)
class Happened:
    """An episode that happened; `needed` when it happened by the narrow definition too."""

    rule: Rule
    who: Who
    t0: float
    t1: float
    duration: float
    needed: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the rules said: from `t0` to `t1`, told at `told`; who, as the tracks' true people."""

    rule: Rule
    who: Who
    t0: float
    t1: float
    told: float


@dataclass
class Score:
    """Hits, misses, false alarms, duplicates, and how late the hits were (seconds)."""

    hit: int = 0
    missed: int = 0
    false: int = 0
    duplicates: int = 0
    late: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Take another score's counts in."""
        self.hit += other.hit
        self.missed += other.missed
        self.false += other.false
        self.duplicates += other.duplicates
        self.late += other.late
        self.lost += other.lost

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where nothing happened and nothing was said."""
        return (
            2 * self.hit / (2 * self.hit + self.missed + self.false)
            if self.hit
            else float(not self.missed + self.false)
        )

    @property
    def p95(self) -> float:
        """Seconds after the duration was met, at the 95th percentile."""
        ordered = sorted(self.late)
        return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] if ordered else 0.0


Held = Mapping[Who, Sequence[float]]  # who → the seconds at which a definition held
Defined = Callable[[Site, float], Held]  # by a definition that is wider (> 0) or narrower (< 0)


@dataclass(frozen=True, slots=True)
class Measure:
    """A rule's plain definition: what holds, for how long, what is bridged, how long it cools."""

    rule: Rule
    held: Defined
    duration: float
    bridge: float
    cooldown: float
    unsure: float  # seconds of the duration that the truth leaves open


def happened(site: Site, measure: Measure) -> list[Happened]:
    """The true episodes of one rule, in time."""
    wide = _spans(measure.held(site, 1.0), measure, measure.duration - measure.unsure)
    plain = _spans(measure.held(site, 0.0), measure, measure.duration)
    narrow = _spans(measure.held(site, -1.0), measure, measure.duration + measure.unsure)
    found: list[Happened] = []
    for who, t0, t1 in sorted(wide, key=lambda span: span[1:]):
        around = (who, t0 - measure.bridge, t1 + measure.bridge)
        inner = [one for one in plain if _within(one, around)]
        sure = any(_within(one, around) for one in narrow)
        cooled = any(
            before.who & who == who and t0 - before.t1 <= measure.bridge + measure.cooldown
            for before in found
        )
        begin = inner[0][1] if inner else t0
        found.append(Happened(measure.rule, who, begin, t1, measure.duration, sure and not cooled))
    return found


def score(site: str, true: Sequence[Happened], alarms: Sequence[Alarm]) -> Score:
    """Match the alarms of one rule with what happened."""
    result = Score()
    hits: Counter[int] = Counter()
    for alarm in sorted(alarms, key=lambda one: one.told):
        fits = [n for n, one in enumerate(true) if _fits(one, alarm)]
        fresh = [n for n in fits if not hits[n]]
        best = max(
            fresh or fits, key=lambda n: (true[n].needed, _share(true[n], alarm)), default=None
        )
        if best is None:
            result.false += 1
            result.lost.append(f"{site}: {alarm.rule} false {sorted(alarm.who)} at {alarm.t0:.1f}")
            continue
        hits[best] += 1
        if not true[best].needed:
            continue
        if hits[best] > 1:
            result.duplicates += 1
            result.lost.append(
                f"{site}: {alarm.rule} doubled {sorted(alarm.who)} at {alarm.t0:.1f}"
            )
        else:
            result.hit += 1
            result.late.append(alarm.told - true[best].t0 - true[best].duration)
    for number, one in enumerate(true):
        if one.needed and not hits[number]:
            result.missed += 1
            result.lost.append(
                f"{site}: {one.rule} missed {sorted(one.who)} from {one.t0:.1f} to {one.t1:.1f}"
            )
    return result


def close_pairs(limit: float) -> Defined:
    """Pairs nearer than a limit, 8 % of it open."""

    def held(site: Site, wider: float) -> Held:
        found: dict[Who, list[float]] = {}
        for moment in site.moments:
            for a, b in combinations(sorted(moment.people), 2):
                if _metres(moment, a, b) < limit * (1 + 0.08 * wider):
                    found.setdefault(frozenset((a, b)), []).append(moment.second)
        return found

    return held


def crowds(people: int, radius: float) -> Defined:
    """Groups with so many within a radius of one of them; who was ever in it belongs to it."""

    def held(site: Site, wider: float) -> Held:
        running: list[tuple[set[int], list[float]]] = []
        for moment in site.moments:
            for group in _groups(moment, people, radius * (1 + 0.08 * wider)):
                for members, seconds in running:
                    if members & group and moment.second - seconds[-1] <= LATE:
                        members.update(group)
                        seconds.append(moment.second)
                        break
                else:
                    running.append((set(group), [moment.second]))
        return {frozenset(members): sorted(set(seconds)) for members, seconds in running}

    return held


def inside_zone(site: Site, wider: float) -> Held:
    """Who is in a forbidden zone; what lies within twice the margin of 25 cm is open."""
    corners = site.places.zones[0].metres
    found: dict[Who, list[float]] = {}
    for moment in site.moments:
        for number, body in moment.people.items():
            if depth(corners, (body.x, body.y)) > 0.25 - 0.25 * wider:
                found.setdefault(frozenset((number,)), []).append(moment.second)
    return found


def over_line(site: Site, wider: float) -> Held:
    """Who came from one side of the line to the other, and when; only between its ends."""
    a, b = site.places.lines[0].metres
    far = 0.4 - 0.4 * wider
    sides: dict[int, tuple[float, Spot]] = {}
    found: dict[Who, list[float]] = {}
    for moment in site.moments:
        for number, body in moment.people.items():
            spot = (body.x, body.y)
            beyond = side((a, b), spot)
            if abs(beyond) <= far:
                continue
            before = sides.get(number)
            if before and before[0] * beyond < 0 and a[0] <= (before[1][0] + spot[0]) / 2 <= b[0]:
                found.setdefault(frozenset((number,)), []).append(moment.second)
            sides[number] = (beyond, spot)
    return found


def _groups(moment: Moment, people: int, radius: float) -> list[set[int]]:
    near = {a: {b for b in moment.people if _metres(moment, a, b) <= radius} for a in moment.people}
    groups: list[set[int]] = []
    for heart in sorted(key for key, around in near.items() if len(around) >= people):
        joined = [group for group in groups if heart in group]
        groups = [group for group in groups if heart not in group]
        groups.append(near[heart].union(*joined))
    return groups


def _metres(moment: Moment, a: int, b: int) -> float:
    one, other = moment.people[a], moment.people[b]
    return dist((one.x, one.y), (other.x, other.y))


Span = tuple[Who, float, float]


def _spans(held: Held, measure: Measure, least: float) -> list[Span]:
    spans: list[Span] = []
    for who, seconds in held.items():
        start = last = seconds[0]
        for now in (*seconds[1:], inf):
            if now - last > measure.bridge:
                if last - start >= least:
                    spans.append((who, start, last))
                start = now
            last = now
    return spans


def _within(inner: Span, outer: Span) -> bool:
    same = inner[0] == outer[0] or len(inner[0] & outer[0]) >= 2
    return same and inner[1] <= outer[2] and outer[1] <= inner[2]


def _fits(one: Happened, alarm: Alarm) -> bool:
    if not (alarm.who and (alarm.who <= one.who or len(alarm.who & one.who) >= 2)):
        return False
    return one.t0 + one.duration <= alarm.told <= one.t1 + LATE or _share(one, alarm) >= 0.3


def _share(one: Happened, alarm: Alarm) -> float:
    both = min(one.t1, alarm.t1) - max(one.t0, alarm.t0)
    whole = max(one.t1, alarm.t1) - min(one.t0, alarm.t0)
    return both / whole if whole > 0 else 0.0


def total(scores: Iterable[Score]) -> Score:
    """All scores as one."""
    result = Score()
    for one in scores:
        result.add(one)
    return result
