"""The keys of `rules`, and of the zones, lines and schedules that they name.

What each rule does with them: docs/rules.md. Numbers here are defaults of ours; a profile in
`configs/` says what an authority asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from edge_agent.config.document import Loc
from edge_agent.config.slice import Slice, Slug
from edge_agent.config.values import Duration

Metres = Annotated[float, Field(gt=0, le=100)]
Spot = tuple[float, float]
Hours = Annotated[
    str,
    StringConstraints(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$"),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Level = Literal["low", "medium", "high", "urgent"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Zone(Slice):
    """A part of a camera's floor: three or more corners, on the floor in metres or in the picture
    in pixels (of a picture of `size`; the calibration's where it is left out).
    """

    id: Slug
    name: str = ""
    metres: Annotated[tuple[Spot, ...], Field(max_length=100)] = ()
    pixels: Annotated[tuple[Spot, ...], Field(max_length=100)] = ()
    size: tuple[int, int] | None = None


class Line(Slice):
    """A gate or a fence as a camera sees it, between two spots; `inside` is any spot on the side
    that people are kept in.
    """

    id: Slug
    name: str = ""
    metres: Annotated[tuple[Spot, ...], Field(max_length=2)] = ()
    pixels: Annotated[tuple[Spot, ...], Field(max_length=2)] = ()
    inside: Spot | None = None
    size: tuple[int, int] | None = None


class DifferentDays(Slice):
    """Dates on which other hours hold than in an ordinary week; no `hours`: none at all."""

    first: date
    last: date
    hours: tuple[Hours, ...] = ()


class Schedule(Slice):
    """Hours of a week in the site's local time. `22:00-05:00` runs over midnight and belongs to
    the day on which it begins.
    """

    id: Slug
    days: tuple[Weekday, ...] = WEEK
    hours: tuple[Hours, ...] = ()
    dates: tuple[DifferentDays, ...] = ()


class Cohort(Slice):
    """People who may be close while all of them are in one of these zones: room-mates, a family,
    a ward with its staff. `when` names a schedule; empty: always.
    """

    id: Slug
    zones: Annotated[tuple[Slug, ...], Field(min_length=1)]
    when: Slug | None = None


class Exemption(Slice):
    """Where (no zones: everywhere) and when (no schedule: always) a rule does not hold."""

    zones: tuple[Slug, ...] = ()
    when: Slug | None = None


class Behaviour(Slice):
    """What all rules share: where and when they hold, and how much they matter.

    `zones` empty: everywhere; `when` and `unless` name schedules. The same people or the same
    place open no second episode within `cooldown`.
    """

    enabled: bool = True
    zones: tuple[Slug, ...] = ()
    when: Slug | None = None
    unless: Slug | None = None
    severity: Level = "medium"
    cooldown: Duration = 60.0


class MaskRule(Behaviour):
    """Mask absent or incorrect, by votes over a track."""

    min_head: int = Field(default=24, ge=16, le=200)
    votes: int = Field(default=3, ge=2, le=20)
    every: Duration = Field(default=1.0, ge=0.5, le=10)
    incorrect_alarms: bool = False
    exempt: tuple[Exemption, ...] = ()


class DistancingRule(Behaviour):
    """Two people closer than the limit for longer than the duration; needs a calibration.

    A pair that was together for `companion_share` of at least `companion_seconds` in view is
    labelled companions: a level less severe, never silent.
    """

    limit: Metres = 2.0
    hysteresis: float = Field(default=0.15, ge=0, le=1)
    probability: float = Field(default=0.5, gt=0, lt=1)
    duration: Duration = Field(default=10.0, ge=1)
    bridge: Duration = Field(default=2.0, le=10)
    companion_share: float = Field(default=0.8, gt=0, le=1)
    companion_seconds: Duration = Field(default=8.0, ge=5)


class GatheringRule(Behaviour):
    """`people` or more within `radius` of one of them; needs a calibration. Where people hide
    each other, a zone with more than `density` people a square metre is a gathering too.
    """

    people: int = Field(default=3, ge=2, le=100)
    radius: Metres = 2.0
    density: float = Field(default=1.0, gt=0, le=10)
    duration: Duration = Field(default=30.0, ge=1)
    bridge: Duration = Field(default=4.0, le=30)
    severity: Level = "high"


class ZoneRule(Behaviour):
    """Nobody `inside` these zones, or nobody `outside` all of them, while it holds."""

    id: Slug
    zones: Annotated[tuple[Slug, ...], Field(min_length=1)]
    nobody: Literal["inside", "outside"] = "inside"
    duration: Duration = 3.0
    bridge: Duration = Field(default=3.0, le=30)
    severity: Level = "high"


class LineRule(Behaviour):
    """Nobody crosses these lines, in the given direction, while it holds."""

    id: Slug
    lines: Annotated[tuple[Slug, ...], Field(min_length=1)]
    direction: Literal["both", "in", "out"] = "both"
    severity: Level = "urgent"


class FenceRule(Behaviour):
    """Nobody stands close to somebody on the other side of these lines for long."""

    id: Slug
    lines: Annotated[tuple[Slug, ...], Field(min_length=1)]
    distance: Metres = 2.0
    duration: Duration = 10.0
    bridge: Duration = Field(default=3.0, le=30)
    severity: Level = "high"


class OccupancyRule(Behaviour):
    """At most so many people in each of these zones."""

    id: Slug
    zones: Annotated[tuple[Slug, ...], Field(min_length=1)]
    most: int = Field(ge=0, le=1000)
    duration: Duration = 10.0
    bridge: Duration = Field(default=3.0, le=30)


class Places(Slice):
    """How a camera decides that somebody is in a zone or beyond a line: past its edge by
    `margin`, and for `settle`.
    """

    margin: float = Field(default=0.25, ge=0, le=5)
    settle: Duration = Field(default=0.6, le=30)


class TamperRule(Slice):
    """A camera that was covered, turned, put out of focus, or that sends no new picture.

    What is seen must last `duration`; `frozen` and `lost` are the seconds without a new picture and
    without any; a view that stood still for `accept` after it had moved is the camera's view.
    """

    enabled: bool = True
    severity: Level = "high"
    sensitivity: Literal["low", "normal", "high"] = "normal"
    duration: Duration = Field(default=5.0, ge=3, le=300)
    frozen: Duration = Field(default=7.0, ge=5, le=300)
    lost: Duration = Field(default=8.0, ge=6, le=300)
    accept: Duration = Field(default=1800.0, ge=60, le=604_800)
    cooldown: Duration = 60.0


class Rules(Slice):
    """The behaviours that are watched for, and the schedules and cohorts that they know."""

    schedules: tuple[Schedule, ...] = ()
    cohorts: tuple[Cohort, ...] = ()
    places: Places = Places()
    mask: MaskRule = MaskRule()
    distancing: DistancingRule = DistancingRule()
    gathering: GatheringRule = GatheringRule()
    zone: tuple[ZoneRule, ...] = ()
    line: tuple[LineRule, ...] = ()
    fence: tuple[FenceRule, ...] = ()
    occupancy: tuple[OccupancyRule, ...] = ()
    tamper: TamperRule = TamperRule()


def behaviours(rules: Rules) -> Iterator[tuple[Loc, Behaviour]]:
    """Every rule with its place in the file."""
    for name in ("mask", "distancing", "gathering"):
        yield ("rules", name), getattr(rules, name)
    for name in ("zone", "line", "fence", "occupancy"):
        for at, rule in enumerate(getattr(rules, name)):
            yield ("rules", name, at), rule
