"""The assignment problem: as many pairs as the gates allow, at the least total cost.

Kuhn's Hungarian method with potentials and shortest augmenting paths (Jonker & Volgenant 1987),
written for the few dozen people of one picture. Greedy gave five times as many identity switches
at one frame per second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

FORBIDDEN = 1e6  # dearer than any number of real costs: a forbidden pair is a last resort


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs (row, column), rows ascending, each row and column at most once.

    An infinite cost forbids a pair. The same table gives the same pairs.
    """
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        turned = assign([list(column) for column in zip(*costs, strict=True)])
        return sorted((column, row) for row, column in turned)
    finite = [[cost if cost < math.inf else FORBIDDEN for cost in row] for row in costs]
    columns = _Columns(finite)
    for row in columns.standing:
        columns.seat(row, finite)
    pairs = sorted((row, column) for column, row in enumerate(columns.row[:-1]) if row >= 0)
    return [(row, column) for row, column in pairs if math.isfinite(costs[row][column])]


class _Columns:
    """Who sits in which column so far, and the potentials; the last column is where a new row
    waits for a seat. At first whoever comes first has the cheapest seat, and the others stand.
    """

    def __init__(self, costs: Sequence[Sequence[float]]) -> None:
        self.row = [-1] * (len(costs[0]) + 1)
        self.row_price = [min(line) for line in costs]
        self.price = [0.0] * len(self.row)
        self.standing = []
        for row, line in enumerate(costs):
            cheapest = line.index(self.row_price[row])
            if self.row[cheapest] < 0:
                self.row[cheapest] = row
            else:
                self.standing.append(row)

    def seat(self, row: int, costs: Sequence[Sequence[float]]) -> None:
        """Give the row a column, moving others along the cheapest path."""
        here = len(self.row) - 1
        self.row[here] = row
        slack, came_from = [math.inf] * here, [here] * here
        reached: list[int] = []
        free = list(range(here))
        while self.row[here] >= 0:
            reached.append(here)
            sitting = self.row[here]
            line, base = costs[sitting], self.row_price[sitting]
            for column in free:
                cost = line[column] - base - self.price[column]
                if cost < slack[column]:
                    slack[column], came_from[column] = cost, here
            following = min(free, key=slack.__getitem__)
            self._raise(reached, free, slack, slack[following])
            free.remove(following)
            here = following
        while here != len(self.row) - 1:
            self.row[here] = self.row[came_from[here]]
            here = came_from[here]
        self.row[here] = -1

    def _raise(
        self, reached: Sequence[int], free: Sequence[int], slack: list[float], step: float
    ) -> None:
        for column in reached:
            self.row_price[self.row[column]] += step
            self.price[column] -= step
        for column in free:
            slack[column] -= step
