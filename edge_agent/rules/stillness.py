"""Stillness: whether a camera sends the same picture again and again. Pure.

A live picture changes: its clock ticks, its sensor is noisy, and both survive H.264 at 0.4 Mbit/s.
A frozen one is not equal to the bit: an encoder that is given the same picture again refines it.
So the change of this camera is learnt, and a picture is frozen when much less of it is left and no
pixel stirs. Measured: docs/tamper.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge_agent.core.time import Instant
from edge_agent.core.view import FrameSignals

_STIRS = 24.0  # grey levels: a digit of the clock, a leaf; what re-encoding does stays below
_LEFT = 1 / 3  # share of the usual change that a frozen picture stays below
_MOST = 0.25  # grey levels that it stays below, however noisy the camera is
_AT_FIRST = 0.15  # the same while the change under a new light is not known yet
_OTHER_LIGHT = 6.0  # grey levels: a lamp that goes on takes the noise away and freezes nothing
_KNOWN = 20  # looks after which a camera's usual change is known
_DOWN, _UP = 1 / 20, 1 / 600  # what is learnt is the change of the calmest moments
_APART = 2.0  # seconds between two looks, at most, that are of one stream
_NEVER = 300.0  # seconds without any change at all that no live picture lasts


@dataclass(frozen=True, slots=True)
class Stillness:
    """How much a camera's picture usually changes, from how many looks, at which mean luminance;
    and since when it has not changed. `alive` says that it was ever known to change, `last` when it
    was last looked at.
    """

    usual: float = 0.0
    looks: int = 0
    since: Instant | None = None
    light: float = 0.0
    alive: bool = False
    last: Instant | None = None


def watched(still: Stillness, signals: FrameSignals) -> Stillness:
    """The stillness after one more look. What is still now is not learnt as usual; as a look tells
    of all frames since the one before, it has been still since then.
    """
    return replace(_watched(still, signals), last=signals.at)


def _watched(still: Stillness, signals: FrameSignals) -> Stillness:
    light = sum(signals.light) / len(signals.light)
    if _is_still(still, signals, light):
        return replace(still, since=still.since or _before(still, signals.at))
    if abs(light - still.light) >= _OTHER_LIGHT:
        usual = min(still.usual, signals.change) if still.alive else signals.change
        return Stillness(usual, 1, None, light, still.alive)
    rate = _DOWN if signals.change < still.usual else _UP
    if still.looks < _KNOWN:
        rate = 1 / (still.looks + 1)
    usual = still.usual + (signals.change - still.usual) * rate
    mean = still.light + (light - still.light) * max(rate, _DOWN)
    alive = still.alive or (still.looks >= _KNOWN and usual > 0)
    return Stillness(usual, still.looks + 1, None, mean, alive)


def _before(still: Stillness, at: Instant) -> Instant:
    """When was last looked; a stream that was away in between tells nothing of that time."""
    return still.last if still.last is not None and at.since(still.last) <= _APART else at


def seconds_still(still: Stillness, at: Instant) -> float:
    """How long the picture has been still."""
    return at.since(still.since) if still.since is not None else 0.0


def frozen(still: Stillness, at: Instant, patience: float) -> bool:
    """Whether the picture is frozen. Of a camera whose live picture was never seen to change, only
    minutes without any change tell.
    """
    return seconds_still(still, at) >= (patience if still.alive else _NEVER)


def _is_still(still: Stillness, signals: FrameSignals, light: float) -> bool:
    if signals.stir == 0.0:
        return True
    if signals.stir >= _STIRS or not still.alive:
        return False
    limit = min(still.usual * _LEFT, _MOST if still.looks >= _KNOWN else _AT_FIRST)
    return abs(light - still.light) < _OTHER_LIGHT and signals.change < limit
