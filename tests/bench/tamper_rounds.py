"""One camera under the bench of tampering: acts performed on it, days watched by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from edge_agent.config.behaviours import TamperRule
from edge_agent.core.event import EpisodeChange, Phase, Rule
from edge_agent.core.time import Instant
from edge_agent.rules import episodes
from edge_agent.rules.episodes import Episodes
from edge_agent.rules.tamper import TamperWatch, claims, look
from edge_agent.rules.watch import CAMERA_PATIENCE
from edge_agent.vision.signals import ViewSignals
from tests.bench.tamper_acts import ACTS, Act
from tests.bench.tamper_codec import FPS, sensed, sent
from tests.bench.tamper_day import Day
from tests.bench.tamper_place import Map
from tests.bench.tamper_scenes import PLACES, Place, Weather

START = Instant(datetime(2026, 11, 28, tzinfo=UTC), 0.0)
LIGHTS = ("day", "infrared night", "lamp light")
_LEARNS = 90  # seconds of the usual view before an act
_WATCHES = 16  # seconds after an act is complete
_SENT_LEARNS = 45  # the same where every frame is encoded
_RELIT = 2  # seconds from a change of light to an act that comes after one


@dataclass
class Eye:
    """One camera's signals, watch and episodes, fed picture by picture."""

    signals: ViewSignals = field(default_factory=ViewSignals)
    watch: TamperWatch = field(default_factory=lambda: TamperWatch(TamperRule()))
    book: Episodes = field(
        default_factory=lambda: Episodes("bench", "c", {Rule.TAMPER: CAMERA_PATIENCE})
    )

    def take(self, picture: Map, t: float) -> tuple[EpisodeChange, ...]:
        """What this picture opened or closed."""
        at = START.plus(t)
        seen = self.signals.take(picture, at)
        if seen is not None:
            self.watch = look(self.watch, seen)
        self.book, said = episodes.observe(self.book, at, claims(self.watch), {})
        return said


def opened(said: tuple[EpisodeChange, ...]) -> list[str]:
    """The kinds that these changes opened."""
    return [one.data["kind"] for one in said if one.phase is Phase.OPENED]


def usual(light: str, t: float) -> Weather:
    """The place under one kind of light, with somebody walking through now and then."""
    walker = (0.5 + 0.6 * np.sin(t * 0.25), 0.85, 0.4, 7)
    people = (walker,) if int(t / 20) % 3 == 0 else ()
    if light == "infrared night":
        return Weather(sun=0.0, infrared=True, wind=0.2, people=people)
    if light == "lamp light":
        return Weather(sun=0.0, lamps=1.0, wind=0.2, people=people)
    return Weather(wind=0.3, cloud=0.3, people=people)


def changed(light: str) -> str:
    """The light that comes where this one was."""
    return LIGHTS[(LIGHTS.index(light) + 1) % len(LIGHTS)]


def perform(act: Act, kind: str, light: str, seed: int) -> tuple[float | None, str]:
    """Seconds from the end of the act until it was noticed (None: not in time), and as what.

    By night the day was seen before, as it is on every site.
    """
    draw = np.random.default_rng((seed, ACTS.index(act), PLACES.index(kind), LIGHTS.index(light)))
    place, eye, t = Place(kind, seed), Eye(), 0.0
    for before in dict.fromkeys(("day", light)):
        for _ in range(_LEARNS + int(draw.integers(0, 20))):
            t += 1.0
            if opened(eye.take(place.render(t, usual(before, t)), t)):
                return None, "false alarm before"
    share, own = float(draw.random()), int(draw.integers(0, 1000))
    if act.relit:
        light = changed(light)
        for _ in range(_RELIT):
            t += 1.0
            eye.take(place.render(t, usual(light, t)), t)
    began, still = t, place.render(t, usual(light, t))
    while t < began + act.takes + _WATCHES:
        t += 1.0
        done = act.done(t - began, share, own)
        picture = still if act.frozen else place.render(t, usual(light, t), done)
        for found in opened(eye.take(picture, t)):
            return max(0.0, t - began - act.takes), found
    return None, "nothing"


def watch_day(kind: str, hours: float, seed: int) -> dict[str, Any]:
    """A day at one place: what was called tampering, and how close the rest came to it."""
    place, eye = Place(kind, seed), Eye()
    day = Day(place, seed, hours)
    false: list[str] = []
    lost = [0.0]
    for second in range(int(day.seconds)):
        weather = day.weather(float(second))
        if weather is None:
            continue
        said = eye.take(place.render(float(second), weather), float(second))
        lost.append(eye.watch.figures.get("lost", 0.0))
        when = f"{second // 3600}:{second // 60 % 60:02d}:{second % 60:02d}"
        false += [f"{found} at {when}" for found in opened(said)]
    return {
        "place": kind,
        "hours": hours,
        "false": false,
        "lost_p999": round(float(np.quantile(lost, 0.999)), 2),
        "lost_max": round(max(lost), 2),
        "held": day.counts,
    }


def perform_sent(act: Act | None, kind: str, light: str, seed: int) -> tuple[float | None, str]:
    """The same with every frame through the encoder; no act: a minute in which nothing happens.

    The act "frozen picture" freezes the sensor: the encoder goes on with the same picture.
    """
    place, eye, t = Place(kind, seed), Eye(), 0.0
    began = float(_SENT_LEARNS) if act is not None else 60.0
    until = began + _WATCHES if act is not None else began
    for number, picture in enumerate(sent(_sent_pictures(act, place, light, began, until, seed))):
        t = number / FPS
        if number % (FPS // 5):
            continue
        for found in opened(eye.take(picture, t)):
            return (t - began, found) if t >= began else (None, "false alarm before")
    return None, "nothing"


def _sent_pictures(
    act: Act | None, place: Place, light: str, began: float, until: float, seed: int
) -> Iterator[Map]:
    draw = np.random.default_rng((seed, 6))
    share, own = float(draw.random()), int(draw.integers(0, 1000))
    sigma = 3.0 if light == "infrared night" else 1.0
    picture: Map | None = None
    for number in range(int(until * FPS)):
        t = number / FPS
        if picture is not None and act is not None and act.frozen and t >= began:
            yield picture
            continue
        done = act.done(t - began, share, own) if act is not None and t >= began else None
        relit = act is not None and act.relit and t >= began - _RELIT
        weather = usual(changed(light) if relit else light, t)
        picture = sensed(place.render(t, weather, done), draw, sigma)
        yield picture
