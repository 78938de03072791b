"""Simulated sites with truth in metres: corridors, yards and wards, and the people in them.

People follow plans from a seed: walk alone, walk together, meet and talk, gather, sit, go where
they must not. Statures are mixed, some are children, some sit with their feet hidden behind a bed.
A detector's errors are added to the true boxes: misses and jitter, independent in every frame.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from edge_agent.config.behaviours import Line, Rules, Zone
from edge_agent.config.schema import Calibration, CalibrationPoint
from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection
from edge_agent.rules.places import View
from edge_agent.sim.camera_model import PinholeView

SIZE = Size(640, 384)
FPS = 5.0
SWAY = 0.04  # metres that somebody who stands shifts about
SEATED = 0.76  # of the stature: crown to sole of somebody who sits
HIDDEN_LEGS = 0.30  # of the stature that a bed or a table hides
SHOWN = 0.6  # share of a body in the picture from which a person counts as in view
Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Body:
    """One person at one moment: metres on the floor, the true box in pixels."""

    x: float
    y: float
    box: Box


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame: its second and who is in view, by true identity."""

    second: float
    people: Mapping[int, Body]


@dataclass(frozen=True, slots=True)
class Site:
    """A camera over a floor with its zones and lines, the site's rules, and what happened."""

    name: str
    view: PinholeView
    places: View
    rules: Rules
    moments: tuple[Moment, ...]

    @property
    def calibration(self) -> Calibration:
        """The true floor, as marks in the picture."""
        near = float(self.view.floor((SIZE.width / 2, 0.95 * SIZE.height))[1])
        spots = self.view.calibration(2.0, near + 0.3, near + 9.0)
        points = tuple(CalibrationPoint(pixel=one.pixel, metres=one.metres) for one in spots)
        return Calibration(size=(SIZE.width, SIZE.height), points=points)


@dataclass
class Walker:
    """Somebody with a plan: spots with the seconds to stay at each; `seated` while they stay."""

    plan: list[tuple[float, float, float]]
    born: float
    speed: float
    stature: float
    seated: bool = False
    feet_hidden: bool = False
    x: float = 0.0
    y: float = 0.0
    staying: bool = False
    sway: Spot = field(default=(0.0, 0.0))

    def step(self, dice: random.Random, seconds: float) -> bool:
        """Live so many seconds longer; whether there is more to do."""
        if not self.plan:
            return False
        x, y, stay = self.plan[0]
        left = math.dist((x, y), (self.x, self.y))
        reach = self.speed * seconds
        self.staying = left <= reach
        if not self.staying:
            self.x += (x - self.x) / left * reach
            self.y += (y - self.y) / left * reach
            return True
        self.x, self.y = x, y
        keep = math.exp(-seconds / 1.5)
        fresh = SWAY * math.sqrt(1 - keep**2)
        self.sway = (
            keep * self.sway[0] + dice.gauss(0, fresh),
            keep * self.sway[1] + dice.gauss(0, fresh),
        )
        self.plan[0] = (x, y, stay - seconds)
        if stay <= seconds:
            self.plan.pop(0)
        return bool(self.plan)


@dataclass(frozen=True)
class Ground:
    """What a kind of site looks like: the camera, doors to come and go by, where people meet."""

    kind: str
    view: PinholeView
    doors: tuple[Spot, ...]
    room: tuple[float, float, float, float]  # x from, x to, y from, y to
    places: View
    rules: Rules
    children: float
    seated: float


def site(kind: str, seed: int, seconds: float, *, mixed: bool = False) -> Site:
    """A site of this kind from a seed; `mixed` has many children and seated people."""
    dice = random.Random(f"{kind} {seed} {mixed}")
    ground = GROUNDS[kind](dice, mixed)
    walkers = _cast(dice, ground, seconds)
    moments, inside = [], dict[int, Walker]()
    waiting = dict(enumerate(sorted(walkers, key=lambda one: one.born), start=1))
    for number in range(round(seconds * FPS)):
        second = number / FPS
        for key in [key for key, one in waiting.items() if one.born <= second]:
            inside[key] = waiting.pop(key)
        inside = {key: one for key, one in inside.items() if one.step(dice, 1 / FPS)}
        seen = {key: body for key, one in inside.items() if (body := _body(ground, one))}
        moments.append(Moment(second, seen))
    return Site(f"{kind} {seed}", ground.view, ground.places, ground.rules, tuple(moments))


def detected(
    moment: Moment, dice: random.Random, missed: float, jitter: float
) -> tuple[Detection, ...]:
    """The detector's boxes: each missed with a probability, its edges off by a share of its
    height (standard deviation), in no telling order.
    """
    found = []
    for body in moment.people.values():
        if dice.random() < missed:
            continue
        box, off = body.box, jitter * body.box.height
        x, foot, head = (dice.gauss(0, off) if off else 0.0 for _ in range(3))
        half = box.width / 2
        middle = box.centre[0] + x
        shaken = Box(middle - half, box.y1 + head, middle + half, box.y2 + foot)
        found.append(Detection(shaken.clipped(SIZE), 0.9))
    dice.shuffle(found)
    return tuple(found)


def _body(ground: Ground, walker: Walker) -> Body | None:
    """The person as the camera has them; None when too little of them is in the picture."""
    x, y = walker.x + walker.sway[0], walker.y + walker.sway[1]
    sits = walker.seated and walker.staying
    tall = walker.stature * (SEATED if sits else 1.0)
    low = HIDDEN_LEGS * walker.stature if sits and walker.feet_hidden else 0.0
    foot, head = ground.view.project([(x, y, low), (x, y, tall)])
    u, bottom, top = float(foot[0]), float(foot[1]), float(head[1])
    if not math.isfinite(u + bottom + top) or bottom - top < 12:
        return None
    half = 0.19 * walker.stature / tall * (bottom - top)
    box = Box(u - half, top, u + half, bottom)
    inside = box.clipped(SIZE)
    if inside.area < SHOWN * box.area or bottom > SIZE.height:
        return None
    return Body(x, y, inside)


def _cast(dice: random.Random, ground: Ground, seconds: float) -> list[Walker]:
    """Everybody who comes in the time: a party every few seconds, where there is room."""
    walkers: list[Walker] = []
    taken: list[Spot] = []
    born = -10.0
    while born < seconds - 20:
        free = [_spot(dice, ground) for _ in range(6)]
        where = max(free, key=lambda spot: min((math.dist(spot, one) for one in taken), default=0))
        taken = [*taken[-3:], where]
        walkers += _party(dice, ground, born, where)
        born += dice.uniform(9.0, 22.0)
    return walkers


def _party(dice: random.Random, ground: Ground, born: float, where: Spot) -> list[Walker]:
    kinds = ["alone", "alone", "together", "meet", "brief", "apart", "group", "trespass"]
    kind = dice.choice([*kinds, "sit", "sit"] if ground.seated else kinds)
    if kind == "alone":
        return [_walker(dice, ground, born, [(*_spot(dice, ground), dice.choice((0.0, 15.0)))])]
    if kind == "trespass":
        x0, x1, _, y1 = ground.room
        deep = (dice.uniform(x0 + 0.3, x1 - 0.3), y1 + dice.uniform(1.2, 2.5))
        return [_walker(dice, ground, born, [(*deep, dice.uniform(8, 15))])]
    if kind == "together":
        return _together(dice, ground, born)
    stay, gap, people = {
        "meet": (dice.uniform(16, 45), dice.uniform(0.6, 1.5), 2),
        "brief": (dice.uniform(1, 5), dice.uniform(0.6, 1.5), 2),
        "apart": (dice.uniform(15, 40), dice.uniform(2.6, 3.6), 2),
        "group": (dice.uniform(42, 60), dice.uniform(0.8, 1.3), dice.choice((3, 4))),
        "sit": (dice.uniform(30, 60), dice.choice((1.1, 1.3, 2.8)), dice.choice((1, 2))),
    }[kind]
    spots = _ring(dice, where, gap, people)
    come = [_walker(dice, ground, born, [(*spot, stay)]) for spot in spots]
    return [replace(one, seated=kind == "sit") for one in come]


def _together(dice: random.Random, ground: Ground, born: float) -> list[Walker]:
    """Two who come in, walk and leave side by side."""
    gap, angle = dice.uniform(0.6, 1.2), dice.uniform(0, math.pi)
    dx, dy = gap * math.cos(angle), gap * math.sin(angle)
    first = _walker(dice, ground, born, [(*_spot(dice, ground), dice.uniform(2, 12)) for _ in "12"])
    second = _walker(dice, ground, born, [])
    second.plan = [(x + dx, y + dy, stay) for x, y, stay in first.plan]
    second.speed, second.x, second.y = first.speed, first.x + dx, first.y + dy
    return [first, second]


def _ring(dice: random.Random, where: Spot, gap: float, people: int) -> list[Spot]:
    """Spots around a middle, neighbours a gap apart."""
    if people == 1:
        return [where]
    radius = gap / 2 / math.sin(math.pi / people)
    turn = dice.uniform(0, 2 * math.pi)
    angles = [turn + 2 * math.pi * number / people for number in range(people)]
    return [(where[0] + radius * math.cos(a), where[1] + radius * math.sin(a)) for a in angles]


def _walker(
    dice: random.Random, ground: Ground, born: float, plan: Sequence[tuple[float, float, float]]
) -> Walker:
    (x, y), out = dice.choice(ground.doors), dice.choice(ground.doors)
    child = dice.random() < ground.children
    stature = dice.uniform(1.0, 1.4) if child else min(max(dice.gauss(1.66, 0.08), 1.45), 1.95)
    return Walker(
        [*plan, (*out, 0.0)],
        born + dice.uniform(0, 3),
        dice.uniform(0.8, 1.4),
        stature,
        feet_hidden=dice.random() < ground.seated,
        x=x,
        y=y,
    )


def _spot(dice: random.Random, ground: Ground) -> Spot:
    x0, x1, y0, y1 = ground.room
    return dice.uniform(x0, x1), dice.uniform(y0, y1)


def _corridor(dice: random.Random, mixed: bool) -> Ground:
    view = PinholeView(dice.uniform(2.6, 3.2), dice.uniform(20, 26), dice.uniform(70, 85), SIZE)
    near = _near(view)
    far = near + 11.0
    end = Zone(
        id="end", metres=((-1.6, far + 0.6), (1.6, far + 0.6), (1.6, far + 4), (-1.6, far + 4))
    )
    gate = Line(id="gate", metres=((-1.6, far + 0.3), (1.6, far + 0.3)), inside=(0, near))
    room = (-1.1, 1.1, near + 0.8, far)
    doors = tuple((side * 2.6, near + step) for side in (-1, 1) for step in (2.0, 5.0, 8.0))
    return Ground(
        "corridor", view, doors, room, View((end,), (gate,)), _rules("end", "gate"),
        0.4 if mixed else 0.1, 0.0,
    )  # fmt: skip


def _yard(dice: random.Random, mixed: bool) -> Ground:
    view = PinholeView(dice.uniform(4.0, 6.0), dice.uniform(24, 32), dice.uniform(70, 85), SIZE)
    near = _near(view)
    far = near + 9.0
    strip = Zone(
        id="end", metres=((-7, far + 0.6), (7, far + 0.6), (7, far + 3.5), (-7, far + 3.5))
    )
    fence = Line(id="gate", metres=((-7, far + 0.3), (7, far + 0.3)), inside=(0, near))
    room = (-4.0, 4.0, near + 1.0, far)
    doors = ((-11.0, near + 3), (11.0, near + 3), (-11.0, near + 7), (11.0, near + 7))
    return Ground(
        "yard", view, doors, room, View((strip,), (fence,)), _rules("end", "gate"),
        0.4 if mixed else 0.1, 0.0,
    )  # fmt: skip


def _ward(dice: random.Random, mixed: bool) -> Ground:
    view = PinholeView(dice.uniform(2.6, 3.2), dice.uniform(24, 30), dice.uniform(80, 95), SIZE)
    near = _near(view)
    far = near + 6.0
    store = Zone(
        id="end", metres=((-4, far + 0.6), (4, far + 0.6), (4, far + 3.5), (-4, far + 3.5))
    )
    door = Line(id="gate", metres=((-4, far + 0.3), (4, far + 0.3)), inside=(0, near))
    room = (-2.6, 2.6, near + 1.0, far)
    doors = ((-7.5, near + 3), (7.5, near + 3))
    return Ground(
        "ward", view, doors, room, View((store,), (door,)), _rules("end", "gate"),
        0.4 if mixed else 0.1, 0.5 if mixed else 0.15,
    )  # fmt: skip


def _near(view: PinholeView) -> float:
    """Where the floor enters the picture, in metres before the camera."""
    return float(view.floor((SIZE.width / 2, SIZE.height - 1))[1])


def _rules(zone: str, line: str) -> Rules:
    """The rules of every site: product defaults, one forbidden zone, one line."""
    return Rules.model_validate(
        {
            "mask": {"enabled": False},
            "zone": [{"id": "keep-out", "zones": [zone]}],
            "line": [{"id": "crossed", "lines": [line]}],
        }
    )


GROUNDS: Mapping[str, Callable[[random.Random, bool], Ground]] = {
    "corridor": _corridor,
    "yard": _yard,
    "ward": _ward,
}
