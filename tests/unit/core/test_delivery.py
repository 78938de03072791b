"""Sets of sequence numbers behave as sets; an acknowledgement says no more than it knows."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.delivery import MOST_GAPS, GivenUp, LaneAck, Ranges, Tombstone, lane_ack
from edge_agent.core.event import Lane

NUMBERS = st.sets(st.integers(1, 60))
NOON = datetime(2021, 7, 28, 5, tzinfo=UTC)


@given(NUMBERS, NUMBERS)
def test_ranges_are_sets(left: set[int], right: set[int]) -> None:
    one, two = Ranges.numbers(left), Ranges.numbers(right)
    assert set(one | two) == left | right
    assert set(one - two) == left - right
    assert set(one & two) == left & right
    assert len(one) == len(left)
    assert bool(one) == bool(left)
    assert {n for n in range(-1, 63) if n in one} == left


@given(NUMBERS)
def test_spans_are_as_few_as_can_be(numbers: set[int]) -> None:
    spans = Ranges.numbers(numbers).spans
    assert all(last + 1 < later for (_, last), (later, _) in pairwise(spans))
    assert Ranges.of(reversed(spans)).spans == spans


@given(NUMBERS)
def test_an_acknowledgement_names_exactly_what_was_received(numbers: set[int]) -> None:
    ack = lane_ack(Ranges.numbers(numbers))
    assert set(ack.had) == numbers
    assert set(range(1, ack.through + 1)) <= numbers
    assert ack.through + 1 not in numbers
    assert ack.seen == max(numbers, default=0)


def test_of_too_many_gaps_the_first_are_named_and_nothing_is_said_of_the_rest() -> None:
    received = Ranges.numbers(range(2, 400, 2))
    ack = lane_ack(received)
    assert (ack.through, len(ack.gaps), ack.gaps[0]) == (0, MOST_GAPS, (1, 1))
    assert ack.seen == 2 * MOST_GAPS
    assert set(ack.had) == set(range(2, 2 * MOST_GAPS + 1, 2))


def test_what_is_given_by_spans_is_joined() -> None:
    assert Ranges.of([(5, 9), (1, 2), (3, 3), (7, 12)]).spans == ((1, 3), (5, 12))
    assert Ranges.of([(1, 3), (5, 12)]).gaps().spans == ((4, 4),)
    assert (Ranges.of([(1, 3)]).through, Ranges.of([(2, 3)]).through) == (3, 0)


@pytest.mark.parametrize("span", [(0, 3), (5, 4), (-1, -1)])
def test_a_span_that_is_none_is_refused(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="span"):
        Ranges.of([span])


@pytest.mark.parametrize(
    ("through", "seen", "gaps"),
    [
        (5, 4, ()),
        (-1, 4, ()),
        (0, 2**63, ()),
        (3, 9, ((3, 4),)),
        (3, 9, ((5, 10),)),
        (3, 9, ((7, 8), (5, 5))),
        (3, 9, ((8, 7),)),
        (0, 200, tuple((n, n) for n in range(1, 200, 2))),
    ],
)
def test_an_acknowledgement_that_does_not_hold_together_is_refused(
    through: int, seen: int, gaps: tuple[tuple[int, int], ...]
) -> None:
    with pytest.raises(ValueError, match=r"gap|acknowledgement"):
        LaneAck(through, seen, gaps)


@pytest.mark.parametrize(("first", "last", "count"), [(0, 1, 1), (2, 1, 1), (1, 3, 4), (1, 3, 0)])
def test_a_tombstone_stands_for_what_can_lie_under_it(first: int, last: int, count: int) -> None:
    with pytest.raises(ValueError, match=r"span|cannot lie"):
        Tombstone(Lane.BULK, first, last, count, GivenUp.QUOTA, NOON)
