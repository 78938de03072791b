"""One look at a view judged: is anything wrong with the camera, and what. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edge_agent.core.view import COLUMNS, ROWS, FrameSignals, Tamper
from edge_agent.rules.view import (
    READY,
    Likeness,
    Map,
    View,
    agreement,
    compare,
    edge_map,
    first,
    learn,
)

_OTHER_LIGHT = 0.15  # more of the view must be there if it is the view under another light
_MEMORY = 3  # looks back to the one that says whether what is seen stands still
_GREY = 3.0  # colour below which the camera sees by infrared light
_DARK = 40.0  # luminance that 95 % of a dark picture stay below
_DIM_YET_SEEN = 0.4  # agreement of a dark picture with the view: dim, and still seen
_NOT_DIM = 0.75  # share lost from which on a dark picture shows a clock, and not a dim view
_STANDS = 0.3  # agreement of a cell with itself a moment ago: structure, not noise
_EMPTY = 0.8  # share of cells without structure that is a cover even where no view is known
_BUSY = 0.15  # share where what is new does not stand still: a crowd, not another view
_TORN = 0.4  # share of the cells, at most, in which nothing changes when the camera is turned
_CLEAR = 0.5  # share of one side as sharp as ever from which on the lens is not out of focus
_LEAST = 8  # cells with structure that a view needs to be learnt


@dataclass(frozen=True, slots=True)
class Limits:
    """From what on a look is suspicious: the share of the view `lost`, or lost all over the picture
    (`torn`), the share of its sharpness that is left, the share shown `anew` or lost to a shift.
    """

    lost: float
    sharp: float
    anew: float
    torn: float = 0.36
    shift_lost: float = 0.3
    shift_gain: float = 0.15


LIMITS: Mapping[str, Limits] = {
    "low": Limits(0.6, 0.5, 0.25, 0.45),
    "normal": Limits(0.5, 0.6, 0.15),
    "high": Limits(0.42, 0.68, 0.1, 0.32),
}
EASED = Limits(0.35, 0.75, 0.1)  # while claimed: the way back is longer than the way there


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What a camera usually sees by day and under infrared light, and its last edge maps, oldest
    first.
    """

    day: View | None = None
    night: View | None = None
    recent: tuple[Map, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One look judged: whether it is suspicious, of what (None: not to be said yet), and how it
    compares with what is known. `standing` says of each cell whether its structure was there a
    moment ago already.
    """

    signals: FrameSignals
    infrared: bool
    standing: Map
    likeness: Likeness | None
    suspicious: bool
    kind: Tamper | None

    @property
    def rests(self) -> bool:
        """Whether most of the picture stands still."""
        return float(np.mean(self.standing)) >= 0.5


def inspect(known: Known, limits: Limits, signals: FrameSignals, *, frozen: bool) -> Look:
    """The look judged; `frozen` says that the picture has not changed for too long."""
    infrared = signals.colour < _GREY
    own, other = (known.night, known.day) if infrared else (known.day, known.night)
    standing = _standing(known, signals)
    likeness = _likeness(own, other, signals, standing)
    if frozen and not _black(signals, standing):
        return Look(signals, infrared, standing, likeness, True, Tamper.FROZEN)
    sure = own is not None and own.looks >= READY
    suspicious, kind = _verdict(limits, signals, standing, likeness, sure)
    return Look(signals, infrared, standing, likeness, suspicious, kind)


def remembering(known: Known, signals: FrameSignals) -> Known:
    """What is known, with this look as the newest of the recent ones."""
    return replace(known, recent=(*known.recent, edge_map(signals))[-_MEMORY:])


def learning(known: Known, seen: Look) -> Known:
    """What is known, the view of this kind of light one look richer."""
    view = known.night if seen.infrared else known.day
    if view is not None:
        view = learn(view, seen.signals, agreement(view.edges, edge_map(seen.signals)))
    elif np.count_nonzero(seen.standing) >= _LEAST:
        view = first(seen.signals)
    return replace(known, night=view) if seen.infrared else replace(known, day=view)


def believing(known: Known, seen: Look) -> Known:
    """What is seen now is the camera's view; all that was known is forgotten."""
    view = first(seen.signals)
    day, night = (None, view) if seen.infrared else (view, None)
    return Known(day, night, known.recent)


def figures_of(seen: Look) -> Mapping[str, Any]:
    """The figures of a look as an event states them: shares of the picture, grey levels."""
    figures: dict[str, Any] = {
        "light": round(float(np.mean(seen.signals.light)), 1),
        "infrared": seen.infrared,
    }
    likeness = seen.likeness
    if likeness is not None:
        shares = {"lost": likeness.lost, "anew": likeness.anew, "sharp": likeness.sharp}
        figures |= {name: round(share, 2) for name, share in shares.items()}
        if likeness.shifted >= 0.5:
            figures["shift"] = [round(part, 3) for part in likeness.shift]
    return figures


def _standing(known: Known, signals: FrameSignals) -> Map:
    if not known.recent:
        return np.zeros(ROWS * COLUMNS, bool)
    return np.asarray(agreement(known.recent[0], edge_map(signals)) >= _STANDS)


def _likeness(
    own: View | None, other: View | None, signals: FrameSignals, standing: Map
) -> Likeness | None:
    """How the look compares with the view of its kind of light. That of the other kind speaks for
    the camera too, a little less.
    """
    known = [view for view in (own, other) if view is not None and view.looks >= READY]
    ready = [compare(view, signals, standing) for view in known]
    if not ready:
        return None
    lost = min(ready[0].lost, *(one.lost + _OTHER_LIGHT for one in ready[1:]), 1.0)
    kept = max(one.kept for one in ready)
    return replace(ready[0], lost=lost, blank=min(ready[0].blank, lost), kept=kept)


def _empty(standing: Map) -> bool:
    return bool(np.mean(standing) <= 1 - _EMPTY)


def _black(signals: FrameSignals, standing: Map) -> bool:
    """A picture that is dark and empty is dark, even where it never changes."""
    return signals.bright < _DARK and _empty(standing)


def _verdict(
    limits: Limits,
    signals: FrameSignals,
    standing: Map,
    likeness: Likeness | None,
    sure: bool,
) -> tuple[bool, Tamper | None]:
    """Whether the look is suspicious, and of what (None: not to be said yet)."""
    if likeness is None:
        return (True, _hidden(signals, 0.0)) if _empty(standing) else (False, None)
    seen = likeness.whole >= _DIM_YET_SEEN and likeness.lost < _NOT_DIM
    dim = signals.bright < _DARK and seen
    if likeness.lost >= limits.lost and not dim:
        return True, _of_lost(limits, signals, likeness, sure)
    return _of_kept(limits, likeness, dim=dim) if sure else (False, None)


def _of_kept(limits: Limits, likeness: Likeness, *, dim: bool) -> tuple[bool, Tamper | None]:
    """Whether the view, most of which is there, is in its place and sharp.

    A lens is out of focus on both sides of the picture; a curtain drawn back takes the detail of
    its folds from one of them. Of a camera that was turned, some borders lie by chance where others
    lay, and hardly a cell is as it was; a curtain or a wardrobe leaves the rest as it was.
    """
    if not dim and _elsewhere(limits, likeness):
        return True, Tamper.MOVED
    if likeness.sharp < limits.sharp and likeness.clear < _CLEAR:
        return True, Tamper.DEFOCUSED
    if not dim and likeness.lost >= limits.torn and likeness.kept <= _TORN:
        return True, Tamper.MOVED if _stands(limits, likeness) else None
    return False, None


def _of_lost(
    limits: Limits, signals: FrameSignals, likeness: Likeness, sure: bool
) -> Tamper | None:
    """What took the view away: something smooth before it, or another view."""
    if likeness.blank >= 0.6 * likeness.lost:
        return _hidden(signals, likeness.layout)
    return Tamper.MOVED if sure and _stands(limits, likeness) else None


def _hidden(signals: FrameSignals, layout: float) -> Tamper:
    """A film leaves bright where it was bright; a lid leaves nothing at all."""
    if signals.bright < _DARK:
        return Tamper.DARK
    return Tamper.DEFOCUSED if layout >= 0.8 else Tamper.COVERED


def _elsewhere(limits: Limits, likeness: Likeness) -> bool:
    """The view is there, but not in its place."""
    x, y = likeness.shift
    far = max(abs(x), abs(y)) >= 0.024
    gain = likeness.shifted - likeness.whole
    return (
        far and likeness.lost >= limits.shift_lost and likeness.shifted >= 0.5
        and gain >= limits.shift_gain
    )  # fmt: skip


def _stands(limits: Limits, likeness: Likeness) -> bool:
    """Something else is there instead of the view, and nearly all of it stands still."""
    busy = likeness.lost - likeness.blank - likeness.anew
    return likeness.anew >= limits.anew and busy <= _BUSY
