"""A camera's usual view, learnt slowly, and how much of it is still there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.view import COLUMNS, EDGE_COLUMNS, EDGE_ROWS, ROWS, FrameSignals

Map = NDArray[Any]

READY = 20  # looks after which a view is known well enough to miss it
_SLOW = 1 / 600  # share of each look in what is known: ten minutes
_SLOWER = 1 / 1800  # the same where the look disagrees: a wardrobe is believed after half an hour
_TELLS = 0.35  # agreement of a cell over time from which on it is worth asking
_SMOOTH = 0.6  # of a cell's usual coarse detail: less means that something smooth is before it
_LOOKS_MOVED = 0.25  # share lost from which on it is worth looking for the view elsewhere
_REACH = (28, 15)  # points of the edge map that a view is looked for away from its place
_SAME = 0.75  # of its usual agreement and sharpness that a cell has in which nothing has changed
_SIDE = 10  # detailed cells that a side needs to speak for the lens: a clock alone has four
_PLACE = np.arange(ROWS * COLUMNS)
_RIGHT, _BELOW = _PLACE % COLUMNS - COLUMNS // 2, _PLACE // COLUMNS - ROWS // 2
_SIDES = (_RIGHT < 0, _RIGHT >= 0, _BELOW <= 0, _BELOW >= 0)
_DETAIL = 0.8  # grey levels of fine detail that a cell must have had for its sharpness to count


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a camera usually sees under one kind of light.

    `edges` is the mean edge map, `steady` how well each cell usually agrees with it (-1..1),
    `light`, `fine` and `coarse` the usual luminance and detail of each cell.
    """

    looks: int
    edges: Map
    steady: Map
    light: Map
    fine: Map
    coarse: Map


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How a look compares with a view.

    `cells` is the agreement of each cell (-1..1). `lost` is the share of the picture where the
    view is not there any more; of it, `blank` is where nothing is there instead and `anew` where
    something else is that stands still (0..1). `kept` is the share of the telling cells in which
    nothing has changed, `whole` the agreement of the whole edge map; `shift` how far (share of the
    picture's width and height) the view seems to have moved, and `shifted` the agreement then.
    `sharp` is fine detail by coarse as a share of the usual, `clear` the share of the detailed
    cells, on the clearest side, that are as sharp as ever and in their place (0..1), `layout`
    whether bright is where it was bright (-1..1).
    """

    cells: Map
    lost: float
    blank: float
    anew: float
    kept: float
    whole: float
    shift: tuple[float, float]
    shifted: float
    sharp: float
    clear: float
    layout: float


def edge_map(signals: FrameSignals) -> Map:
    """The edge map as rows of numbers."""
    flat = np.frombuffer(signals.edges, np.uint8).astype(np.float32)
    return flat.reshape(EDGE_ROWS, EDGE_COLUMNS)


def first(signals: FrameSignals) -> View:
    """A view after its first look."""
    edges = edge_map(signals)
    return View(1, edges, np.zeros(ROWS * COLUMNS), *_figures(signals))


def learn(view: View, signals: FrameSignals, cells: Map) -> View:
    """The view after one more look, whose cells agree so."""
    looks = view.looks + 1
    early = 1 / looks if looks <= READY else 0.0
    rates = np.where(cells >= 0.5 * view.steady, _SLOW, _SLOWER)
    rates = np.maximum(rates, early)
    rest = (early or _SLOW) if looks > 3 else 1.0
    figures = zip((view.light, view.fine, view.coarse), _figures(signals), strict=True)
    light, fine, coarse = (old + (new - old) * rates for old, new in figures)
    each = _spread(rates)
    return View(
        looks,
        view.edges + (edge_map(signals) - view.edges) * each,
        view.steady + (cells - view.steady) * rest,
        light,
        fine,
        coarse,
    )


def compare(view: View, signals: FrameSignals, standing: Map) -> Likeness:
    """How much of the view is in this look; `standing` says which cells show what they showed a
    moment ago.
    """
    edges = edge_map(signals)
    cells = agreement(view.edges, edges)
    weights = np.where(view.steady >= _TELLS, view.steady, 0.0)
    gone = np.clip((0.6 * view.steady - cells) / (0.4 * np.maximum(view.steady, _TELLS)), 0, 1)
    sharp, clear = _sharpness(view, signals, cells)
    smooth = np.asarray(signals.coarse) < _SMOOTH * view.coarse
    lost = _share(gone, weights)
    moved = _best_shift(view.edges, edges) if lost >= _LOOKS_MOVED else (0, 0)
    return Likeness(
        cells=cells,
        lost=lost,
        blank=_share(gone * smooth, weights),
        anew=_share(gone * standing * ~smooth, weights),
        kept=_kept(view, cells),
        whole=_correlation(view.edges, edges),
        shift=(moved[0] / EDGE_COLUMNS, moved[1] / EDGE_ROWS),
        shifted=_correlation(*_overlap(view.edges, edges, *moved)),
        sharp=sharp,
        clear=clear,
        layout=_correlation(view.light, np.asarray(signals.light)),
    )


def agreement(known: Map, edges: Map) -> Map:
    """The correlation of two edge maps, cell by cell (-1..1; 0 where one of them is smooth)."""
    a, b = _in_cells(known), _in_cells(edges)
    a = a - a.mean(axis=1, keepdims=True)
    b = b - b.mean(axis=1, keepdims=True)
    power = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.asarray((a * b).sum(axis=1) / np.maximum(power, 500.0))


def _in_cells(edges: Map) -> Map:
    high, wide = EDGE_ROWS // ROWS, EDGE_COLUMNS // COLUMNS
    return edges.reshape(ROWS, high, COLUMNS, wide).swapaxes(1, 2).reshape(ROWS * COLUMNS, -1)


def _spread(cells: Map) -> Map:
    """One value a cell as a map of points."""
    grid = cells.reshape(ROWS, COLUMNS)
    return grid.repeat(EDGE_ROWS // ROWS, axis=0).repeat(EDGE_COLUMNS // COLUMNS, axis=1)


def _figures(signals: FrameSignals) -> tuple[Map, Map, Map]:
    return np.asarray(signals.light), np.asarray(signals.fine), np.asarray(signals.coarse)


def _share(gone: Map, weights: Map) -> float:
    """The share of the picture where this is so; a cell that tells nothing follows those around."""
    near, asked = _around(gone * weights), _around(weights)
    known = asked > 0
    return float((near[known] / asked[known]).mean()) if known.any() else 0.0


def _around(cells: Map) -> Map:
    """Each cell with its neighbours, itself counting most."""
    grid = np.zeros((ROWS + 2, COLUMNS + 2))
    grid[1:-1, 1:-1] = cells.reshape(ROWS, COLUMNS)
    rows = grid[:-2] + grid[1:-1] + grid[2:]
    total = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:] + 3.0 * grid[1:-1, 1:-1]
    return np.asarray(total.reshape(-1))


def _best_shift(known: Map, edges: Map) -> tuple[int, int]:
    """By how many points to the right and down the known map fits best into this one."""
    high, wide = EDGE_ROWS + 2 * _REACH[1], EDGE_COLUMNS + 2 * _REACH[0]
    a = np.fft.rfft2(known - known.mean(), (high, wide))
    b = np.fft.rfft2(edges - edges.mean(), (high, wide))
    fits = np.fft.irfft2(np.conj(a) * b, (high, wide))
    down, right = np.mgrid[-_REACH[1] : _REACH[1] + 1, -_REACH[0] : _REACH[0] + 1]
    share = (1 - abs(down) / EDGE_ROWS) * (1 - abs(right) / EDGE_COLUMNS)
    best = int(np.argmax(fits[down, right] / np.sqrt(share)))
    return int(right.flat[best]), int(down.flat[best])


def _overlap(known: Map, edges: Map, right: int, down: int) -> tuple[Map, Map]:
    """What both maps show when the second is the first, moved so."""
    high, wide = EDGE_ROWS - abs(down), EDGE_COLUMNS - abs(right)
    y, x = max(down, 0), max(right, 0)
    there = edges[y : y + high, x : x + wide]
    y, x = max(-down, 0), max(-right, 0)
    return known[y : y + high, x : x + wide], there


def _kept(view: View, cells: Map) -> float:
    tells = view.steady >= _TELLS
    same = cells[tells] >= _SAME * view.steady[tells]
    return float(same.mean()) if same.size else 1.0


def _sharpness(view: View, signals: FrameSignals, cells: Map) -> tuple[float, float]:
    """Of the detailed cells: the median of the sharpness that is left, and the share of them, on
    the clearest side, in which nothing has changed; 1 and 0 where there are too few to say.
    """
    counts = (view.fine >= _DETAIL) & (view.steady >= _TELLS)
    if np.count_nonzero(counts) < 5:
        return 1.0, 0.0
    now = np.asarray(signals.fine) / (np.asarray(signals.coarse) + 0.5)
    left = now / np.maximum(view.fine / (view.coarse + 0.5), 1e-6)
    same = (cells >= _SAME * view.steady) & (left >= _SAME)
    sides = [one & counts for one in _SIDES if np.count_nonzero(one & counts) >= _SIDE]
    clear = max((float(same[one].mean()) for one in sides), default=0.0)
    return float(np.median(left[counts])), clear


def _correlation(a: Map, b: Map) -> float:
    a, b = a - a.mean(), b - b.mean()
    power = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / max(power, 1e-6)
