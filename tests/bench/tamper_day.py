"""A day of light, weather and people, at one place: what no camera may call tampering. Seeded."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sin

import numpy as np

from tests.bench.tamper_scenes import Place, Weather

HOUR = 3600.0
_DARK = 0.03  # daylight below which the camera turns to infrared (and back at three times that)


@dataclass(frozen=True, slots=True)
class Spell:
    """Something that lasts: from, to (seconds of the day), how much, and a number of its own."""

    t0: float
    t1: float
    much: float
    own: int

    def at(self, t: float, ramp: float = 0.0) -> float:
        """How much of it there is now; it comes and goes within `ramp` seconds."""
        if not self.t0 <= t < self.t1:
            return 0.0
        if ramp <= 0:
            return self.much
        return self.much * min(1.0, (t - self.t0) / ramp, (self.t1 - t) / ramp)


class Day:
    """All spells of one day at one place; `counts` says how many of each there are. Without
    `people` nobody comes.
    """

    def __init__(
        self, place: Place, seed: int, hours: float = 24.0, *, people: bool = True
    ) -> None:
        self._draw = np.random.default_rng((seed, 11))
        self.place, self.seconds = place, hours * HOUR
        self._scale = hours / 24.0
        out = place.outdoors
        self.spells: dict[str, list[Spell]] = {
            "rain": self._some(5 if out else 0, 600, 5400, 0.3, 1.0),
            "fog": self._some(2 if out else 0, 3600, 9000, 0.2, 0.7),
            "wind": self._some(12, 300, 3600, 0.2, 1.0),
            "cloud": self._some(40, 60, 1800, 0.3, 1.0),
            "crowd": self._some(14, 60, 400, 4, 14),
            "walkers": self._some(120, 20, 120, 1, 3),
            "near": self._some(12, 20, 150, 0.9, 1.5),
            "curtain": self._some(0 if out else 6, 600, 7200, 0.4, 1.0),
            "lamps": self._some(24, 300, 5400, 0.5, 1.0),
            "headlights": self._some(70 if out else 8, 4, 20, 0.3, 1.5),
            "parked": self._some(4 if out else 0, 40, 150, 0.3, 1.0),
            "reboot": self._some(5, 15, 45, 1, 1),
            "flicker": self._some(4, 20, 60, 1, 1),
        }
        if not people:
            self.spells |= {name: [] for name in ("crowd", "walkers", "near")}
        self.counts = {name: len(spells) for name, spells in self.spells.items()}
        self.counts["infrared switches"] = 0
        self._infrared, self._agreed = False, 0.0

    def settle(self, t: float) -> None:
        """Begin to look at this second, with the camera's filter as it has been for long."""
        light = self._sun(t) + 0.6 * self._sum("lamps", t)
        self._infrared, self._agreed = light < _DARK, t

    def _some(self, many: int, short: float, long: float, least: float, most: float) -> list[Spell]:
        many = round(many * self._scale) if many * self._scale >= 1 else int(many > 0)
        starts = np.sort(self._draw.uniform(min(120.0, self.seconds / 4), self.seconds, many))
        lengths = self._draw.uniform(short, long, many)
        much = self._draw.uniform(least, most, many)
        return [
            Spell(float(t), float(t + n), float(m), int(self._draw.integers(1, 1 << 30)))
            for t, n, m in zip(starts, lengths, much, strict=True)
        ]

    def weather(self, t: float) -> Weather | None:
        """What there is at this second of the day; None while the camera starts anew."""
        if self._sum("reboot", t):
            self.place.exposure_lost(int(t) % 2 == 0)
            return None
        sun = self._sun(t)
        lamps = self._sum("lamps", t)
        if self._sum("flicker", t) and int(t / 3) % 2:
            lamps = 1.0 - min(lamps, 1.0)
        infrared = self._switch(t, sun + 0.6 * lamps)
        return Weather(
            sun=sun,
            lamps=min(lamps, 1.0),
            infrared=infrared,
            fog=self._sum("fog", t, 900),
            rain=self._sum("rain", t, 120),
            wind=min(1.0, 0.1 + self._sum("wind", t, 60)),
            cloud=min(1.0, self._sum("cloud", t, 8)),
            headlights=self._headlights(t, sun),
            curtain=min(1.0, self._sum("curtain", t, 3)),
            people=self._people(t),
        )

    def _sun(self, t: float) -> float:
        """Daylight: from six in the evening to six in the morning there is none."""
        of_day = (t / self.seconds + 0.3) % 1.0  # every cut of the day has its night
        return float(np.clip(1.6 * sin((of_day - 0.25) * 2 * pi) + 0.05, 0.0, 1.0))

    def _switch(self, t: float, light: float) -> bool:
        """The camera's filter: it waits three seconds, and around the edge it goes to and fro."""
        wanted = light < (3 * _DARK if self._infrared else _DARK)
        if wanted == self._infrared:
            self._agreed = t
        elif t - self._agreed > 3.0:
            self._infrared, self._agreed = wanted, t
            self.counts["infrared switches"] += 1
            self.place.exposure_lost(bright=wanted)
        return self._infrared

    def _sum(self, name: str, t: float, ramp: float = 0.0) -> float:
        return sum(spell.at(t, ramp) for spell in self.spells[name] if spell.t0 <= t < spell.t1)

    def _headlights(self, t: float, sun: float) -> tuple[tuple[float, float, float], ...]:
        if sun > 0.3:
            return ()
        cars = []
        for one in self.spells["headlights"]:
            if one.at(t):
                far = (t - one.t0) / (one.t1 - one.t0)
                cars.append((-0.1 + 1.2 * far, 0.45 + 0.2 * (one.own % 7) / 7, one.much))
        parked = [one for one in self.spells["parked"] if one.at(t)]
        cars += [(0.2 + 0.6 * (one.own % 9) / 9, 0.5, one.much) for one in parked]
        return tuple(cars)

    def _people(self, t: float) -> tuple[tuple[float, float, float, int], ...]:
        people: list[tuple[float, float, float, int]] = []
        for name in ("crowd", "walkers"):
            for one in self.spells[name]:
                if one.at(t):
                    people += [_walker(one, number, t) for number in range(int(one.much))]
        for one in self.spells["near"]:
            if one.at(t):
                x = 0.2 + 0.6 * (one.own % 11) / 11 + 0.01 * (sin(t * 0.9) + sin(t * 0.23))
                people.append((x, 1.35, one.much * 1.1, one.own))
        return tuple(people)


def _walker(one: Spell, number: int, t: float) -> tuple[float, float, float, int]:
    """Somebody who crosses the picture to and fro, nearer or farther."""
    draw = np.random.default_rng((one.own, number))
    foot = float(draw.uniform(0.5, 1.0))
    pace = float(draw.uniform(0.03, 0.12)) * foot
    x = 0.5 + 0.6 * sin(pace * 4 * t + float(draw.uniform(0, 6)))
    return x, foot, 0.15 + 0.5 * (foot - 0.4), int(draw.integers(1, 1 << 30))
