"""Looks at made-up views, as the rules of tampering get them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from edge_agent.core.time import Instant
from edge_agent.core.view import COLUMNS, EDGE_COLUMNS, EDGE_ROWS, ROWS, FrameSignals

START = Instant(datetime(2026, 11, 28, tzinfo=UTC), 1000.0)
_CELLS = ROWS * COLUMNS


def seen(view: int, t: float, right: int = 0) -> FrameSignals:
    """A look at the view of this number at second `t`, shifted by points of the edge map."""
    draw = np.random.default_rng(view)
    borders = draw.random((EDGE_ROWS, EDGE_COLUMNS + 40)) ** 3
    borders = borders[:, 20 - right : 20 - right + EDGE_COLUMNS]
    noise = np.random.default_rng((view, int(t * 10))).normal(0, 3, borders.shape)
    edges = np.clip(90 + 160 * borders + noise, 0, 255).astype(np.uint8)
    light = tuple(float(value) for value in draw.uniform(60, 160, _CELLS))
    return FrameSignals(
        at=START.plus(t),
        edges=edges.tobytes(),
        light=light,
        fine=(3.0,) * _CELLS,
        coarse=(5.0,) * _CELLS,
        dim=40.0,
        bright=200.0,
        colour=30.0,
        change=0.5,
        stir=120.0,
    )


def covered(t: float, until: float = 1.0, view: int = 1) -> FrameSignals:
    """The view with something smooth over this share of it, from the left."""
    look, behind = seen(view, t), int(until * COLUMNS)
    noise = np.random.default_rng((9, int(t * 10))).normal(128, 4, (EDGE_ROWS, EDGE_COLUMNS))
    edges = np.frombuffer(look.edges, np.uint8).reshape(EDGE_ROWS, EDGE_COLUMNS).copy()
    edges[:, : int(until * EDGE_COLUMNS)] = noise[:, : int(until * EDGE_COLUMNS)].astype(np.uint8)
    hidden = [column < behind for _ in range(ROWS) for column in range(COLUMNS)]

    def where(values: tuple[float, ...], over: float) -> tuple[float, ...]:
        return tuple(over if h else v for v, h in zip(values, hidden, strict=True))

    return replace(
        look,
        edges=edges.tobytes(),
        light=where(look.light, 100.0),
        fine=where(look.fine, 0.3),
        coarse=where(look.coarse, 0.5),
    )


def black(t: float) -> FrameSignals:
    """A lid on the lens."""
    return replace(covered(t), light=(4.0,) * _CELLS, dim=2.0, bright=8.0, colour=0.0)


def soft(t: float) -> FrameSignals:
    """The first view out of focus."""
    return replace(seen(1, t), fine=(1.0,) * _CELLS, coarse=(4.5,) * _CELLS)


def infrared(t: float) -> FrameSignals:
    """The first view by infrared light: a third of its borders are others, all is grey."""
    day, other = seen(1, t), seen(7, t)
    a, b = (np.frombuffer(one.edges, np.uint8) for one in (day, other))
    mixed = np.where(np.arange(a.size) % EDGE_COLUMNS < EDGE_COLUMNS // 3, b, a)
    return replace(
        day, edges=mixed.astype(np.uint8).tobytes(), light=tuple(reversed(day.light)), colour=0.0
    )


def film(t: float) -> FrameSignals:
    """A film before the first view: bright stays where it was bright, and no border is left."""
    return replace(covered(t), light=seen(1, t).light)


def alike(t: float) -> FrameSignals:
    """Another view, a part of whose borders lies everywhere where those of the first lie."""
    a, b = (np.frombuffer(seen(view, t).edges, np.uint8).astype(float) for view in (1, 2))
    return replace(seen(1, t), edges=(0.32 * a + 0.68 * b).astype(np.uint8).tobytes())


def curtained(t: float) -> FrameSignals:
    """The first view with a curtain over two fifths, whose folds are most of all detail."""
    return _beside(t, 8, 9.0, 6.0)


def drawn_back(t: float) -> FrameSignals:
    """The same without the curtain: a smooth wall comes to sight."""
    return _beside(t, 1, 0.8, 4.0)


def _beside(t: float, view: int, fine: float, coarse: float) -> FrameSignals:
    rest, other = seen(1, t), seen(view, t)
    a, b = (np.frombuffer(one.edges, np.uint8) for one in (other, rest))
    left = np.arange(a.size) % EDGE_COLUMNS < EDGE_COLUMNS * 2 // 5
    return replace(
        rest,
        edges=np.where(left, a, b).astype(np.uint8).tobytes(),
        fine=_by_side(fine, 3.0)[: _CELLS * 3 // 5] + _by_side(fine, 0.4)[_CELLS * 3 // 5 :],
        coarse=_by_side(coarse, 5.0),
    )


def _by_side(left: float, right: float) -> tuple[float, ...]:
    return ((left,) * (COLUMNS * 2 // 5) + (right,) * (COLUMNS * 3 // 5)) * ROWS
