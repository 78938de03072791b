"""Scenes for the rules: a floor of 40 pixels per metre seen from straight above, and its people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from edge_agent.config.behaviours import DistancingRule, MaskRule, Rules
from edge_agent.config.document import Document, parse
from edge_agent.config.schema import Calibration, CalibrationPoint
from edge_agent.core.event import EpisodeChange, Phase
from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection, MaskReading, MaskState
from edge_agent.core.time import Instant
from edge_agent.rules.places import View
from edge_agent.rules.watch import (
    Watch,
    WatchSettings,
    decide,
    heads_due,
    interrupt,
    new_watch,
    read_heads,
    see,
)

SIZE = Size(640, 360)
PER_METRE = 40.0
DAWN = datetime(2021, 7, 28, 7, 0, tzinfo=UTC)
FLOOR = Calibration(
    size=(640, 360),
    points=tuple(
        CalibrationPoint(pixel=(x * PER_METRE, y * PER_METRE), metres=(x, y))
        for x, y in [(1.0, 1.0), (15.0, 1.0), (15.0, 8.0), (1.0, 8.0)]
    ),
)
Spot = tuple[float, float]


def moment(seconds: float, wall_step: float = 0.0) -> Instant:
    return Instant(DAWN + timedelta(seconds=seconds + wall_step), 500.0 + seconds)


def person(x: float, y: float, score: float = 0.9) -> Detection:
    """Somebody 1.7 m tall who stands at these metres."""
    px, py = x * PER_METRE, y * PER_METRE
    return Detection(Box(px - 13, py - 68, px + 13, py), score)


def reading(state: MaskState, head_px: float = 100.0) -> MaskReading:
    return MaskReading(state, 0.9, head_px)


def settings(
    calibration: Calibration | None = FLOOR,
    *,
    duration: str = "5s",
    cooldown: str = "60s",
    incorrect_alarms: bool = False,
    mask: bool = True,
    distancing: bool = True,
) -> WatchSettings:
    rules = Rules(
        mask=MaskRule(enabled=mask, cooldown=cooldown, incorrect_alarms=incorrect_alarms),
        distancing=DistancingRule(enabled=distancing, duration=duration, cooldown=cooldown),
    )
    return WatchSettings("site-1", "cam-1", SIZE, 3.0, rules, calibration)


def ruled(text: str, view: View | None = None) -> WatchSettings:
    """Settings with these `rules` (YAML), masks and distances off unless they say otherwise."""
    document = Document()
    parse(text.encode(), document)
    off = {"mask": {"enabled": False}, "distancing": {"enabled": False}}
    rules = Rules.model_validate({**off, "gathering": {"enabled": False}, **document.data})
    return WatchSettings(
        "site-1", "cam-1", SIZE, 3.0, rules, FLOOR, view or View(), ZoneInfo("Asia/Ho_Chi_Minh")
    )


class Show:
    """Plays frames into a watch and keeps what it said."""

    def __init__(self, watch_settings: WatchSettings | None = None, fps: float = 5.0) -> None:
        self.watch: Watch = new_watch(watch_settings or settings())
        self.fps, self.seconds, self.wall_step = fps, 0.0, 0.0
        self.said: list[EpisodeChange] = []

    @property
    def now(self) -> Instant:
        return moment(self.seconds, self.wall_step)

    def frame(self, detections: Iterable[Detection]) -> tuple[EpisodeChange, ...]:
        self.seconds = round(self.seconds + 1 / self.fps, 6)
        self.watch = see(self.watch, self.now, tuple(detections))
        self.watch, said = decide(self.watch, self.now)
        self.said += said
        return said

    def play(self, seconds: float, spots: Sequence[Spot]) -> list[EpisodeChange]:
        before = len(self.said)
        for _ in range(round(seconds * self.fps)):
            self.frame(person(*spot) for spot in spots)
        return self.said[before:]

    def read(self, states: Mapping[int, MaskState], head_px: float = 100.0) -> list[int]:
        asked = [request.track for request in heads_due(self.watch, self.now)]
        answers = {n: reading(states[n], head_px) for n in asked if n in states}
        self.watch = read_heads(self.watch, self.now, answers)
        return asked

    def stop(self, reason: str = "stopped") -> tuple[EpisodeChange, ...]:
        self.watch, said = interrupt(self.watch, self.now, reason)
        self.said += said
        return said


def phases(said: Iterable[EpisodeChange]) -> list[Phase]:
    return [change.phase for change in said]
