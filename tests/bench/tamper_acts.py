"""What is done to a camera, and what it may be called: one entry for each act of the bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.core.view import Tamper
from tests.bench.tamper_scenes import Tampering

Done = Callable[[float, float, int], Tampering]


@dataclass(frozen=True, slots=True)
class Act:
    """`done` gives the state of the camera from (seconds since the act began, a share 0..1 of its
    own, a whole number of its own); it is complete after `takes` seconds; `frozen` shows the last
    picture again and again; `relit` is done two seconds after the light has changed.
    """

    name: str
    kinds: frozenset[Tamper]
    done: Done
    takes: float = 0.0
    frozen: bool = False
    relit: bool = False


def _cover(s: float, share: float, own: int) -> Tampering:
    return Tampering(cover=1.0, shade=0.05 + 0.9 * share, tint=_TINTS[own % len(_TINTS)])


def _slowly(s: float, share: float, own: int) -> Tampering:
    cover = min(1.0, s / 40.0)
    return Tampering(cover=cover, side=own % 4, shade=0.1 + 0.5 * share)


def _partly(s: float, share: float, own: int) -> Tampering:
    return Tampering(cover=0.70 + 0.2 * share, side=own % 4, shade=0.1 + 0.7 * share)


def _spray(s: float, share: float, own: int) -> Tampering:
    return Tampering(blur=3.0 + 3.0 * share, veil=0.4 + 0.4 * share)


def _plastic(s: float, share: float, own: int) -> Tampering:
    return Tampering(cover=1.0, opaque=False)


def _defocus(s: float, share: float, own: int) -> Tampering:
    return Tampering(blur=2.5 + 4.0 * share)


def _turn(s: float, share: float, own: int) -> Tampering:
    angle = 10.0 + 80.0 * share
    return Tampering(turn=min(1.0, s / 2.0) * angle if s < 2 else angle)


def _left(s: float, share: float, own: int) -> Tampering:
    return Tampering(turn=-(10.0 + 80.0 * share), tilt=float(own % 7 - 3))


def _up(s: float, share: float, own: int) -> Tampering:
    return Tampering(tilt=(8.0 + 14.0 * share) * (1 if own % 2 else -1), turn=float(own % 5))


def _cap(s: float, share: float, own: int) -> Tampering:
    return Tampering(cap=True)


def _nothing(s: float, share: float, own: int) -> Tampering:
    return Tampering()


_TINTS = ((1.0, 1.0, 1.0), (0.5, 0.6, 1.1), (1.1, 0.6, 0.4), (0.6, 1.0, 0.6))
_C, _D, _M, _B, _F = (
    Tamper.COVERED,
    Tamper.DARK,
    Tamper.MOVED,
    Tamper.DEFOCUSED,
    Tamper.FROZEN,
)

ACTS: tuple[Act, ...] = (
    Act("covered at once", frozenset({_C}), _cover),
    Act("covered within 40 s", frozenset({_C, _B}), _slowly, takes=28.0),
    Act("covered by 70-90 %", frozenset({_C}), _partly),
    Act("sprayed", frozenset({_B, _C}), _spray),
    Act("wrapped in plastic", frozenset({_B, _C}), _plastic),
    Act("out of focus", frozenset({_B}), _defocus),
    Act("turned 10-90 deg", frozenset({_M}), _turn, takes=2.0),
    Act("knocked aside", frozenset({_M}), _left),
    Act("tilted 8-22 deg", frozenset({_M}), _up),
    Act("lens cap", frozenset({_D, _C}), _cap),
    Act("frozen picture", frozenset({_F}), _nothing, frozen=True),
    Act("frozen in new light", frozenset({_F}), _nothing, frozen=True, relit=True),
)
