"""The assignment against every permutation."""

import math
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.rules.assignment import assign

COST = st.one_of(st.floats(0, 2), st.just(math.inf))


@st.composite
def tables(draw: st.DrawFn) -> list[list[float]]:
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    return [[draw(COST) for _ in range(columns)] for _ in range(rows)]


def best(table: list[list[float]]) -> tuple[int, float]:
    """Most pairs, then least cost, by trying all."""
    if len(table) > len(table[0]):
        table = [list(column) for column in zip(*table, strict=True)]
    outcomes = []
    for order in permutations(range(len(table[0])), len(table)):
        costs = [table[row][column] for row, column in enumerate(order)]
        real = [cost for cost in costs if math.isfinite(cost)]
        outcomes.append((-len(real), sum(real)))
    pairs, cost = min(outcomes)
    return -pairs, cost


@given(tables())
def test_it_finds_the_most_pairs_at_the_least_cost(table: list[list[float]]) -> None:
    pairs = assign(table)
    number, cost = best(table)
    assert len(pairs) == number
    assert math.isclose(sum(table[r][c] for r, c in pairs), cost, abs_tol=1e-6)
    assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
    assert pairs == sorted(pairs)


def test_nothing_to_assign_gives_nothing() -> None:
    assert assign([]) == []
    assert assign([[], []]) == []
    assert assign([[math.inf]]) == []
