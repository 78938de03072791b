"""The guard of a view: real pictures in, claims out, over streams that come and go."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from edge_agent.config.behaviours import TamperRule
from edge_agent.core.time import Instant
from edge_agent.vision.frame import Frame, Image
from edge_agent.vision.guard import ViewGuard
from tests.unit.vision.test_signals import room

START = Instant(datetime(2026, 11, 28, tzinfo=UTC), 50.0)
DRAW = np.random.default_rng(5)


def noisy(picture: Image) -> Image:
    noise = DRAW.normal(0, 1.5, picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def lid() -> Image:
    return np.full((360, 640, 3), 4, np.uint8)


def shown(guard: ViewGuard, picture: Image, t: float, seconds: int) -> list[str]:
    """The kinds claimed at the end of each second."""
    said = []
    for second in range(seconds):
        frame = Frame("c1", START.plus(t + second), noisy(picture))
        said.append(",".join(claim.place for claim in guard.take(frame)))
    return said


def test_a_lid_is_claimed_within_ten_seconds_and_the_camera_is_blind() -> None:
    guard = ViewGuard(TamperRule())
    assert set(shown(guard, room(), 0, 40)) == {""}
    assert shown(guard, lid(), 40, 10)[-1] == "dark"
    assert guard.blind == "dark"
    assert shown(guard, room(), 50, 6)[-1] == ""
    assert guard.blind == ""


def test_a_camera_that_was_turned_while_it_sent_nothing_is_noticed() -> None:
    guard = ViewGuard(TamperRule())
    shown(guard, room(), 0, 40)
    assert [claim.place for claim in guard.missed("camera.unreachable")] == ["lost"]
    assert guard.blind == "lost"
    turned = np.ascontiguousarray(np.roll(room(), 80, axis=1)[::-1])
    assert shown(guard, turned, 300, 10)[-1] == "moved"
    assert guard.blind == ""


def test_a_picture_of_another_shape_begins_anew() -> None:
    guard = ViewGuard(TamperRule())
    shown(guard, room(), 0, 40)
    assert set(shown(guard, room(360, 640)[::-1].copy(), 40, 20)) == {""}


def test_a_rule_that_is_off_claims_nothing() -> None:
    guard = ViewGuard(TamperRule(enabled=False))
    shown(guard, room(), 0, 40)
    assert set(shown(guard, lid(), 40, 20)) == {""}
    assert guard.missed("camera.unreachable") == ()
    assert guard.blind == ""
