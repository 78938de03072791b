"""A rendered scene: people cut from photographs walk through the backdrop, frame by frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.sim.backdrop import backdrop, counter_overlay, letter
from edge_agent.sim.cutouts import Sprite
from edge_agent.sim.scenario import Person, Pose, Scenario, corners, figure, pose

Picture = NDArray[np.uint8]


def blend(frame: Picture, x: int, y: int, over: Picture) -> None:
    """Draw a premultiplied BGRA picture over the frame (in place) at (x, y), clipped."""
    x1, y1 = max(x, 0), max(y, 0)
    x2, y2 = min(x + over.shape[1], frame.shape[1]), min(y + over.shape[0], frame.shape[0])
    if x1 >= x2 or y1 >= y2:
        return
    part = over[y1 - y : y2 - y, x1 - x : x2 - x]
    inverse = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(part, 3)), cv2.COLOR_GRAY2BGR)
    under = frame[y1:y2, x1:x2]
    shaded = cv2.multiply(under, inverse, scale=1 / 255)
    frame[y1:y2, x1:x2] = cv2.add(shaded, cv2.cvtColor(part, cv2.COLOR_BGRA2BGR))


def _placed(shown: Sprite, frame: np.ndarray, size: tuple[int, int]) -> tuple[int, int, Picture]:
    """The sprite warped onto its corners in the picture: (x, y, premultiplied BGRA)."""
    tall = float(np.linalg.norm(frame[0] - frame[2]))
    level = 0
    while level + 1 < len(shown.levels) and shown.levels[level + 1].shape[0] >= tall:
        level += 1
    source = shown.levels[level]
    height, width = source.shape[:2]
    fourth = frame[1] + frame[2] - frame[0]
    every = np.vstack([frame, fourth])
    x1, y1 = np.floor(np.maximum(every.min(axis=0), -2)).astype(int)
    x2, y2 = np.ceil(np.minimum(every.max(axis=0), np.array(size) + 2)).astype(int)
    if x2 <= x1 or y2 <= y1:
        return 0, 0, np.zeros((1, 1, 4), np.uint8)
    here = np.array([[0, height], [width, height], [0, 0]], np.float32)
    there = (frame - [x1, y1]).astype(np.float32)
    move = cv2.getAffineTransform(here, there)
    drawn = cv2.warpAffine(source, move, (int(x2 - x1), int(y2 - y1)), flags=cv2.INTER_LINEAR)
    return int(x1), int(y1), np.asarray(drawn, np.uint8)


def _shadow_sprite() -> Picture:
    """A soft dark spot, 64 by 64, premultiplied (black, so only its alpha counts)."""
    rows, columns = np.mgrid[-1:1:64j, -1:1:64j]
    alpha = 120 * np.clip(1 - np.hypot(rows, columns), 0, 1) ** 1.3
    return np.dstack([np.zeros((64, 64, 3)), alpha]).astype(np.uint8)


class Scene:
    """One camera's picture at any second of its loop, at the size of the scenario's view."""

    def __init__(self, scenario: Scenario, seed: int, label: str = "") -> None:
        self.scenario = scenario
        self._empty = backdrop(scenario.view, scenario.room, seed, label)
        counter = scenario.counter
        self._counter = counter_overlay(scenario.view, counter) if counter else None
        self._shadow = _shadow_sprite()

    def frame(self, t: float) -> Picture:
        """The picture (BGR) at second `t` of the loop."""
        scenario = self.scenario
        picture = self._empty.copy()
        poses = [(person, pose(person, t, scenario.seconds)) for person in scenario.people]
        undrawn = self._counter
        for person, at in sorted(poses, key=lambda item: -item[1].y):
            if undrawn and scenario.counter and at.y < scenario.counter.y:
                blend(picture, *undrawn)
                undrawn = None
            self._draw(picture, person, at)
        if undrawn:
            blend(picture, *undrawn)
        # A clock, as on most cameras: it is what tells a still scene from a frozen picture.
        letter(picture, f"{int(t // 60):02d}:{int(t % 60):02d}", 0.0)
        return picture

    def _draw(self, picture: Picture, person: Person, at: Pose) -> None:
        view = self.scenario.view
        if view.depth((at.x, at.y, 1.0)) < 1.0:
            return
        size = (view.size.width, view.size.height)
        shown = figure(person, at)
        if person.seat is None:
            ground = [(at.x - 0.42, at.y - 0.3, 0), (at.x + 0.42, at.y - 0.3, 0)]
            spot = view.project([*ground, (at.x - 0.42, at.y + 0.3, 0)])
            shadow = Sprite((self._shadow,), (0, 0, 1, 1), 0.0)
            if np.isfinite(spot).all():
                blend(picture, *_placed(shadow, spot, size))
        blend(picture, *_placed(shown, corners(view, person, at, shown), size))
