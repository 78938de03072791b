"""The empty place: floor, walls, doors, lamps or sky, ray-traced once per camera from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.sim.camera_model import PinholeView
from edge_agent.sim.scenario import Counter, Room

Picture = NDArray[np.uint8]
Map = NDArray[Any]  # of float32

FAR = 1e6
DADO = 1.2  # metres of darker paint on the lower wall
DOOR = (0.95, 2.1, 3.6)  # width, height, and one every so many metres


@dataclass(frozen=True, slots=True)
class Grain:
    """A square of smooth seeded noise around 0, looked up in metres."""

    values: Map
    per_metre: float

    def at(self, a: Map, b: Map) -> Map:
        """Noise at two coordinates in metres; repeats beyond the square."""
        side = self.values.shape[0]
        rows = np.mod(a * self.per_metre, side).astype(np.int32) % side
        columns = np.mod(b * self.per_metre, side).astype(np.int32) % side
        return np.asarray(self.values[rows, columns], np.float32)


def grain(seed: int, per_metre: float = 24.0) -> Grain:
    """Noise of several scales, standard deviation 1."""
    random = np.random.default_rng(seed)
    total = np.zeros((512, 512), np.float32)
    for sigma, weight in ((2.0, 0.5), (8.0, 1.0), (40.0, 1.5)):
        wild = np.pad(random.normal(0, 1, total.shape).astype(np.float32), 128, mode="wrap")
        layer = cv2.GaussianBlur(wild, (0, 0), sigma)[128:-128, 128:-128]
        total += weight * layer / np.std(layer)
    return Grain(np.asarray(total / np.std(total), np.float32), per_metre)


def _line(at: Map, period: float, width: float, blur: Map) -> Map:
    """How much of a pixel a repeated line covers (1 on it, fading where pixels grow wider)."""
    off = np.abs(np.mod(at + period / 2, period) - period / 2)
    wide = np.maximum(width / 2, blur / 2)
    return np.asarray(np.clip((wide - off) / wide + 0.5, 0, 1) * (width / 2 / wide), np.float32)


def _within(at: Map, half: float, blur: Map) -> Map:
    """1 where |at| is less than `half`, with an edge as soft as a pixel is wide."""
    return np.asarray(np.clip(0.5 - (np.abs(at) - half) / blur, 0, 1), np.float32)


def _paint(colour: tuple[int, int, int] | Map, light: Map) -> Map:
    return np.asarray(np.asarray(colour, np.float32) * light[..., None], np.float32)


def _mix(under: Map, over: tuple[int, int, int], share: Map) -> Map:
    return np.asarray(
        under * (1 - share[..., None]) + np.asarray(over, np.float32) * share[..., None], np.float32
    )


def _floor(room: Room, x: Map, y: Map, blur: Map, noise: Grain) -> Map:
    """Tiles with joints, each a little different, and worn lanes."""
    odd = np.sin(np.floor(x / room.tile) * 12.9898 + np.floor(y / room.tile) * 78.233) * 43758.5453
    each = (odd - np.floor(odd) - 0.5) * 0.07
    light = 1.0 + each + 0.035 * noise.at(x, y) - 0.006 * y
    joints = np.maximum(
        _line(x, room.tile, 0.012, blur), _line(y, room.tile, 0.012, blur * (1 + y / 3))
    )
    return _mix(_paint(room.floor, light.astype(np.float32)), (96, 100, 104), joints * 0.7)


def _wall(room: Room, along: Map, z: Map, blur: Map, noise: Grain, end: bool) -> Map:
    """Two coats of paint with a rail, a skirting, and doors (or one bright window at the end)."""
    wall = _paint(
        room.wall, (1.0 + 0.02 * noise.at(along, z) - 0.01 * along / 4).astype(np.float32)
    )
    dado = _paint((150, 170, 132), (1.0 + 0.02 * noise.at(z, along)).astype(np.float32))
    wall = np.where((z < DADO)[..., None], dado, wall)
    wall = _mix(wall, (92, 98, 96), ((z < 0.1) | (np.abs(z - DADO) < 0.03)).astype(np.float32))
    width, height, period = DOOR
    if end:
        inside = np.minimum(_within(along, 1.1, blur), _within(z - 1.65, 0.75, blur))
        bars = np.maximum(_within(along, 0.03, blur), _within(z - 1.65, 0.03, blur))
        wall = _mix(wall, (246, 244, 236), inside)
        return _mix(wall, (120, 124, 128), np.minimum(inside, bars))
    off = np.abs(np.mod(along, period) - period / 2)
    wider = blur * (1 + along / room.half_width)  # seen from the side, a pixel covers more wall
    for half, low, high, colour in (
        (width / 2 + 0.07, -1.0, height + 0.07, (196, 200, 202)),
        (width / 2, -1.0, height, (104, 84, 62)),
        (width / 4, 1.35, 1.9, (190, 186, 172)),
    ):
        upright = _within(z - (low + high) / 2, (high - low) / 2, blur)
        wall = _mix(wall, colour, np.minimum(_within(off, half, wider), upright))
    return wall


def _above(room: Room, ray: Map, x: Map, y: Map) -> Map:
    """The ceiling with lamps, or the sky where there is no roof."""
    if room.height > 0:
        light = (1.0 - 0.012 * y).astype(np.float32)
        ceiling = _paint((212, 216, 216), light)
        lamp = (np.mod(y, 4.0) > 1.6) & (np.mod(y, 4.0) < 2.6) & (np.abs(x) < 0.35)
        return _mix(ceiling, (255, 255, 250), lamp.astype(np.float32))
    up = np.clip(ray[..., 2] / np.maximum(ray[..., 1], 1e-3), 0, 0.6)[..., None]
    return np.asarray(
        np.array((232, 226, 214), np.float32) * (1 - up) + np.array((226, 190, 150)) * up,
        np.float32,
    )


def backdrop(view: PinholeView, room: Room, seed: int, label: str) -> Picture:
    """The empty place as this camera sees it (BGR), the same for the same seed."""
    rows, columns = np.mgrid[0 : view.size.height, 0 : view.size.width]
    ray = view.rays(np.stack([columns + 0.5, rows + 0.5], axis=-1)).astype(np.float32)
    noise = grain(seed)
    top = room.height or 3.4
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.where(ray[..., 2] < 0, view.height / -ray[..., 2], FAR)
        side = np.where(ray[..., 0] != 0, room.half_width / np.abs(ray[..., 0]), FAR)
        end = np.where(ray[..., 1] > 0, room.length / ray[..., 1], FAR)
    up = np.where(ray[..., 2] > 0, (top - view.height) / np.maximum(ray[..., 2], 1e-9), FAR)
    if room.height == 0:
        up = np.full_like(up, FAR)
    near = np.minimum(np.minimum(down, side), np.minimum(end, up))
    spot = ray * near[..., None]
    x, y, z = spot[..., 0], spot[..., 1], spot[..., 2] + np.float32(view.height)
    blur = np.asarray(near / view.focal, np.float32)
    picture = _floor(room, x, y, blur, noise)
    picture = np.where(
        (near == side)[..., None], _wall(room, y, z, blur, noise, end=False), picture
    )
    picture = np.where((near == end)[..., None], _wall(room, x, z, blur, noise, end=True), picture)
    open_air = (near == up) | (z > top)
    picture = np.where(open_air[..., None], _above(room, ray, x, y), picture)
    return _finish(picture, z, near, room, seed, label)


def _finish(picture: Map, z: Map, near: Map, room: Room, seed: int, label: str) -> Picture:
    """Corners darken, distance greys, the sensor adds a little noise; the label says what it is."""
    corner = 1 - 0.25 * np.exp(-np.abs(z) * 6) * (z > 0.002)
    haze = 1 - np.clip(near / 120, 0, 0.25) if room.height else np.ones_like(near)
    shaded = picture * (corner * haze)[..., None]
    shaded += np.random.default_rng(seed).normal(0, 1.2, picture.shape[:2])[..., None]
    result = np.clip(cv2.GaussianBlur(shaded, (0, 0), 0.7), 0, 255).astype(np.uint8)
    letter(result, label, 1.0)
    return np.asarray(result, np.uint8)


def letter(picture: Picture, text: str, down: float) -> None:
    """Write on the left of the picture (in place), as cameras write their names and clocks; `down`
    is 0 for the top line and 1 for the bottom one.
    """
    scale = picture.shape[0] / 1080
    high = 44 * scale + down * (picture.shape[0] - 72 * scale)
    thick = max(1, round(2 * scale))
    for colour, more in ((20, 2 * thick), (235, 0)):
        shade = (colour, colour, colour)
        spot = (int(24 * scale), int(high))
        cv2.putText(picture, text, spot, 0, 0.9 * scale, shade, thick + more, cv2.LINE_AA)


def counter_overlay(view: PinholeView, counter: Counter) -> tuple[int, int, Picture]:
    """The counter as (x, y, premultiplied BGRA) to be drawn over those behind it."""
    low, high, back = counter.y, counter.height, counter.y + 0.45

    def quad(*points: tuple[float, float, float]) -> NDArray[np.int32]:
        return np.round(view.project(points)).astype(np.int32)

    a, b = counter.x1, counter.x2
    top = quad((a, low, high), (b, low, high), (b, back, high), (a, back, high))
    front = quad((a, low, 0), (b, low, 0), (b, low, high), (a, low, high))
    inner = b if b < 0 else a  # the end that the camera sees
    end = quad((inner, low, 0), (inner, back, 0), (inner, back, high), (inner, low, high))
    canvas = np.zeros((view.size.height, view.size.width, 4), np.uint8)
    for shape, colour in ((end, (92, 112, 130)), (front, (116, 142, 164)), (top, (176, 196, 208))):
        cv2.fillPoly(canvas, [shape], (*colour, 255), cv2.LINE_AA)
    rail = front.reshape(-1, 1, 2)
    cv2.polylines(canvas, [rail], True, (84, 104, 122, 255), 3, cv2.LINE_AA)
    rows = np.flatnonzero(canvas[..., 3].any(axis=1))
    columns = np.flatnonzero(canvas[..., 3].any(axis=0))
    y1, y2, x1, x2 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    return int(x1), int(y1), np.ascontiguousarray(canvas[y1:y2, x1:x2])
