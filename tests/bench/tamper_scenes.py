"""Places that a camera looks at, rendered small: light, weather, people, and what is done to it.

Everything follows from a seed. A picture is albedo × light → exposure → weather on the way → lens →
sensor noise → the camera's overlay (name and clock), 320 × 180, BGR.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import sin
from typing import Any

import cv2
import numpy as np

from edge_agent.sim.scenario import Room
from tests.bench.tamper_place import (
    COLUMN,
    ROW,
    SIZE,
    Layers,
    Map,
    TurnedView,
    layers_of,
    leaves_of,
)

PLACES = ("corridor", "yard", "ward", "gate")
_TARGET = 0.40  # mean of the exposed picture that automatic exposure aims at
_GAIN = 12.0  # the most it can do


@dataclass
class Weather:
    """Light and air at one moment. `sun` 0..1 daylight, `lamps` 0..1, `infrared` lamp and filter;
    `fog` and `rain` 0..1; `wind` 0..1; `cloud` 0..1 of the sun's hard light taken away.
    """

    sun: float = 1.0
    lamps: float = 0.0
    infrared: bool = False
    fog: float = 0.0
    rain: float = 0.0
    wind: float = 0.0
    cloud: float = 0.0
    headlights: tuple[tuple[float, float, float], ...] = ()  # x, y (share of the picture), power
    curtain: float = 0.0  # share of the window's side that a curtain hides
    people: tuple[tuple[float, float, float, int], ...] = ()  # x, feet y, height (shares), look


@dataclass
class Tampering:
    """What is done to the camera; everything off is nothing."""

    cover: float = 0.0  # share of the picture, from one side
    side: int = 0  # 0 left, 1 top, 2 right, 3 bottom
    shade: float = 0.2  # brightness of the cover under the scene's light
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    opaque: bool = True  # False: a film through which light comes, but no detail
    blur: float = 0.0  # sigma in pixels of the 320-pixel picture
    veil: float = 0.0  # share of light scattered by a film or spray
    turn: float = 0.0  # degrees
    tilt: float = 0.0
    cap: bool = False


@dataclass
class Place:
    """One camera's place; `render` is its picture of a moment."""

    kind: str
    seed: int
    view: TurnedView = field(init=False)
    room: Room = field(init=False)

    def __post_init__(self) -> None:
        draw = np.random.default_rng((self.seed, PLACES.index(self.kind)))
        wide = {"corridor": 2.6, "yard": 7.5, "ward": 4.5, "gate": 6.0}[self.kind]
        tall = {"corridor": 3.4, "yard": 0.0, "ward": 3.2, "gate": 0.0}[self.kind]
        paint = tuple(int(value) for value in draw.integers(150, 225, 3))
        floor = tuple(int(value) for value in draw.integers(120, 190, 3))
        tile = float(draw.uniform(0.5, 1.4))
        self.room = Room(wide, float(draw.uniform(14, 26)), tall, paint, floor, tile)  # type: ignore[arg-type]
        self.view = TurnedView(
            float(draw.uniform(2.7, 3.6)),
            float(draw.uniform(14, 26)),
            float(draw.uniform(62, 90)),
            SIZE,
        )
        self._noise = np.random.default_rng((self.seed, 77))
        self._bank = [self._grain() for _ in range(8)]
        self._views: dict[tuple[float, float], Layers] = {}
        self._exposure = 1.0
        self._leaves = leaves_of(draw)

    @property
    def outdoors(self) -> bool:
        """Whether there is no roof."""
        return self.room.height == 0

    def layers(self, turn: float, tilt: float) -> Layers:
        """What is seen when turned so; made once."""
        if (turn, tilt) not in self._views:
            view = replace(self.view, turn=turn, tilt=self.view.tilt + tilt)
            own = self.seed * 10 + PLACES.index(self.kind)
            self._views[turn, tilt] = layers_of(view, self.room, own)
        return self._views[turn, tilt]

    def render(self, t: float, weather: Weather, done: Tampering | None = None) -> Map:
        """The picture (BGR) at second `t`; automatic exposure goes on from the last call."""
        done = done or Tampering()
        seen = self.layers(done.turn, done.tilt)
        linear = self._lit(seen, t, weather)
        linear = _people(linear, seen, weather)
        linear = _air(linear, seen, weather, self._noise)
        linear = _lens(linear, done)
        exposed = self._exposed(linear, weather)
        return self._sensor(exposed, t, weather)

    def exposure_lost(self, bright: bool) -> None:
        """The camera starts anew, or its filter moved: exposure begins far off."""
        self._exposure = _GAIN if bright else 0.1

    def _lit(self, seen: Layers, t: float, weather: Weather) -> Map:
        albedo = seen.infrared if weather.infrared else seen.albedo
        if self.outdoors and weather.wind > 0:
            albedo = _wave(albedo, seen, self._leaves, t, weather.wind)
        elif self.outdoors:
            albedo = _wave(albedo, seen, self._leaves, 0.0, 0.0)
        light = seen.sky * (weather.sun * (1 - 0.6 * weather.cloud))
        if self.outdoors:
            light = light * (1 - 0.45 * (1 - weather.cloud) * seen.shadow)
        else:
            light = light * (1 - 0.85 * weather.curtain * seen.window)
        light = light + 0.25 * weather.lamps * seen.lamps + 0.0012
        if weather.infrared:
            light = light * 0.3 + 0.10 * seen.spot
        for x, y, power in weather.headlights:
            light = light + power * _pool(x, y + 0.12, 0.25)
        lit = albedo * light[..., None]
        for x, y, power in weather.headlights:
            for off in (-0.03, 0.03):
                lamp = _pool(x + off, y, 0.012) * 8 + _pool(x + off, y, 0.09) * 0.5
                lit = lit + power * lamp[..., None]
        if seen.curtain is not None and weather.curtain > 0 and not self.outdoors:
            lit = _curtain(lit, seen, weather.curtain, float(light.mean()))
        return np.asarray(lit, np.float32)

    def _exposed(self, linear: Map, weather: Weather) -> Map:
        mean = float(linear.mean()) + 1e-5
        wanted = min(max(_TARGET * 0.35 / mean, 0.2), _GAIN)
        self._exposure += (wanted - self._exposure) * 0.5  # of the way in each second's picture
        self._gain = self._exposure
        return np.sqrt(np.clip(linear * self._exposure, 0, 1.0))

    def _sensor(self, picture: Map, t: float, weather: Weather) -> Map:
        sigma = 0.7 + 0.35 * max(0.0, self._gain - 1)
        grain = self._bank[int(self._noise.integers(0, 8))]
        dy, dx = (int(value) for value in self._noise.integers(0, 64, 2))
        noise = grain[dy : dy + SIZE.height, dx : dx + SIZE.width]
        grey = picture.mean(axis=2) if weather.infrared else None
        if grey is not None:
            flat = np.clip(grey * 255 + noise * sigma, 0, 255).astype(np.uint8)
            result = cv2.merge([flat, flat, flat])
        else:
            result = np.clip(picture * 255 + noise[..., None] * sigma, 0, 255).astype(np.uint8)
        return overlay(np.ascontiguousarray(result), t)

    def _grain(self) -> Map:
        return self._noise.normal(0, 1, (SIZE.height + 64, SIZE.width + 64)).astype(np.float32)


def _wave(albedo: Map, seen: Layers, leaves: Map, t: float, wind: float) -> Map:
    """Crowns of leaves that move by several pixels in the wind."""
    dx = 16 + round(wind * 9 * sin(t * 2.1) + wind * 5 * sin(t * 5.3 + 1))
    dy = 16 + round(wind * 4 * sin(t * 3.7 + 2))
    here = leaves[dy : dy + SIZE.height, dx : dx + SIZE.width]
    green = np.dstack([here * 0.5, here, here * 0.6]) if albedo.shape[2] == 3 else here
    share = seen.leaf[..., None]
    return albedo * (1 - share) + green * share


def _pool(x: float, y: float, wide: float) -> Map:
    dx, dy = COLUMN / SIZE.width - x, (ROW / SIZE.height - y) * 0.5625
    return np.asarray(np.exp(-(dx * dx + dy * dy) / (wide * wide)), np.float32)


def _curtain(lit: Map, seen: Layers, drawn: float, light: float) -> Map:
    """A curtain with folds over up to 45 % of the picture, from the left."""
    until = drawn * 0.45 * SIZE.width
    share = np.clip((until - COLUMN) / 2, 0, 1)[..., None]
    folds = 0.45 + 0.25 * np.sin(COLUMN * 0.55) * np.ones_like(ROW)
    cloth = np.dstack([folds * 0.9, folds, folds * 0.95]) * light
    return lit * (1 - share) + cloth * share


def _people(linear: Map, seen: Layers, weather: Weather) -> Map:
    """Everybody as trousers, coat and head, the far ones first."""
    light = float(linear.mean()) / max(float(seen.albedo.mean()), 1e-3)
    canvas = np.ascontiguousarray(linear)
    for x, foot, tall, look in sorted(weather.people, key=lambda one: one[1]):
        draw = np.random.default_rng(look)
        coat, legs = draw.uniform(0.03, 0.8, 3), draw.uniform(0.03, 0.6, 3)
        skin, h = np.array([0.35, 0.45, 0.6]), tall * SIZE.height
        parts = ((legs, 0.25, 0.11, 0.26), (coat, 0.62, 0.15, 0.21), (skin, 0.92, 0.07, 0.08))
        for colour, high, wide, long in parts:
            centre = (int(x * SIZE.width * 8), int((foot * SIZE.height - high * h) * 8))
            axes = (max(8, int(wide * h * 8)), max(8, int(long * h * 8)))
            paint = tuple(float(value) for value in colour * light)
            cv2.ellipse(canvas, centre, axes, 0, 0, 360, paint, -1, cv2.LINE_AA, 3)
    return canvas


def _air(linear: Map, seen: Layers, weather: Weather, noise: Any) -> Map:
    if weather.fog > 0:
        clear = np.exp(-weather.fog * 0.12 * seen.depth)[..., None]
        linear = linear * clear + float(linear.mean()) * 1.2 * (1 - clear)
    if weather.rain > 0:
        streaks = np.zeros((SIZE.height, SIZE.width), np.float32)
        for _ in range(int(90 * weather.rain)):
            x, y = noise.integers(0, SIZE.width), noise.integers(0, SIZE.height)
            long = int(noise.integers(6, 22))
            bright = float(noise.uniform(0.1, 0.5))
            cv2.line(streaks, (int(x), int(y)), (int(x) + 2, int(y) + long), bright, 1)
        level = (0.6 if weather.infrared else 0.25) * float(linear.mean())
        linear = linear * (1 - 0.1 * weather.rain) + (streaks * level)[..., None]
    return linear


def _lens(linear: Map, done: Tampering) -> Map:
    if done.cap:
        return np.full_like(linear, 0.00002)
    if done.blur > 0:
        linear = cv2.GaussianBlur(linear, (0, 0), done.blur)
    if done.veil > 0:
        linear = linear * (1 - done.veil) + float(linear.mean()) * done.veil
    if done.cover > 0:
        linear = _covered(linear, done)
    return linear


def _covered(linear: Map, done: Tampering) -> Map:
    along = (COLUMN / SIZE.width, ROW / SIZE.height)[done.side % 2]
    along = along if done.side < 2 else 1 - along
    share = np.clip((done.cover - along) * 12 + 0.5, 0, 1)[..., None] if done.cover < 1 else 1.0
    light = float(linear.mean())
    if done.opaque:
        shading = 1 + 0.25 * (ROW / SIZE.height - 0.5) + 0.1 * (COLUMN / SIZE.width - 0.5)
        cloth = np.dstack([shading * tint for tint in done.tint]) * (done.shade * light)
    else:
        cloth = cv2.GaussianBlur(linear, (0, 0), 14) * 0.3 + light * 0.6
    return np.asarray(linear * (1 - share) + cloth * share, np.float32)


def overlay(picture: Map, t: float) -> Map:
    """The camera's own name and clock, as most cameras draw them: nothing on the lens hides it."""
    clock = f"2026-11-28 {int(t // 3600) % 24:02d}:{int(t // 60) % 60:02d}:{int(t) % 60:02d}"
    for text, spot in ((clock, (6, 12)), ("CAM 01", (250, 174))):
        cv2.putText(picture, text, spot, 0, 0.35, (0, 0, 0), 2, cv2.LINE_AA)
        cv2.putText(picture, text, spot, 0, 0.35, (255, 255, 255), 1, cv2.LINE_AA)
    return picture
