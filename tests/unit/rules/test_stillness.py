"""Stillness: a frozen picture is told from a calm one by this camera's usual change."""

from __future__ import annotations

from dataclasses import replace

from edge_agent.core.view import FrameSignals
from edge_agent.rules.stillness import Stillness, frozen, seconds_still, watched
from tests.unit.rules.looks import START, seen


def shown(
    still: Stillness, t: float, seconds: int, change: float, stir: float, light: float = 100.0
) -> tuple[Stillness, float]:
    for _ in range(seconds):
        t += 1.0
        look: FrameSignals = replace(seen(1, t), change=change, stir=stir, light=(light,) * 50)
        still = watched(still, look)
    return still, t


def test_a_picture_that_an_encoder_refines_is_frozen() -> None:
    still, t = shown(Stillness(), 0.0, 60, change=0.45, stir=120.0)
    still, t = shown(still, t, 7, change=0.07, stir=9.0)
    assert not frozen(still, START.plus(t), 8.0)
    still, t = shown(still, t, 1, change=0.07, stir=9.0)
    assert frozen(still, START.plus(t), 8.0)


def test_a_calm_camera_without_a_clock_is_not_frozen() -> None:
    still, t = shown(Stillness(), 0.0, 600, change=0.2, stir=9.0)
    assert seconds_still(still, START.plus(t)) == 0.0


def test_a_clock_that_ticks_in_an_empty_night_is_life() -> None:
    still, t = shown(Stillness(), 0.0, 60, change=0.5, stir=120.0)
    still, t = shown(still, t, 60, change=0.01, stir=110.0)
    assert seconds_still(still, START.plus(t)) == 0.0


def test_a_lamp_that_takes_the_noise_away_freezes_nothing() -> None:
    still, t = shown(Stillness(), 0.0, 60, change=1.1, stir=22.0, light=60.0)
    still, t = shown(still, t, 60, change=0.2, stir=9.0, light=110.0)
    assert not frozen(still, START.plus(t), 8.0)


def test_a_picture_that_freezes_just_after_a_lamp_went_on_is_frozen() -> None:
    still, t = shown(Stillness(), 0.0, 60, change=0.5, stir=120.0, light=60.0)
    still, t = shown(still, t, 3, change=0.5, stir=120.0, light=110.0)
    still, t = shown(still, t, 9, change=0.0, stir=0.0, light=110.0)
    assert frozen(still, START.plus(t), 8.0)


def test_what_an_encoder_refines_just_after_a_lamp_went_on_is_frozen() -> None:
    still, t = shown(Stillness(), 0.0, 60, change=1.2, stir=20.0, light=60.0)
    still, t = shown(still, t, 1, change=0.44, stir=61.0, light=110.0)
    still, t = shown(still, t, 9, change=0.13, stir=12.0, light=110.0)
    assert frozen(still, START.plus(t), 8.0)


def test_of_a_camera_whose_picture_never_changed_minutes_tell() -> None:
    still, t = shown(Stillness(), 0.0, 200, change=0.0, stir=0.0)
    assert not frozen(still, START.plus(t), 8.0)
    still, t = shown(still, t, 110, change=0.0, stir=0.0)
    assert frozen(still, START.plus(t), 8.0)
