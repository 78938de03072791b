"""Who is on which side of an edge: hysteresis in metres and seconds."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.rules.presence import Side, settled
from tests.unit.rules.scenes import moment

MARGIN, SETTLE = 0.25, 0.6
LOOKS = st.lists(
    st.tuples(st.sampled_from([0.2, 0.4, 1.0]), st.floats(-2, 2)), min_size=1, max_size=60
)


def sides(looks: list[tuple[float, float]]) -> list[Side | None]:
    side, second, found = None, 0.0, []
    for pause, deep in looks:
        second += pause
        side = settled(side, deep, MARGIN, (deep, 0.0), moment(second), SETTLE)
        found.append(side)
    return found


def test_who_was_never_beyond_the_margin_is_on_no_side() -> None:
    assert sides([(0.2, 0.2), (0.2, -0.2), (0.2, 0.25)]) == [None, None, None]


def test_a_side_changes_once_the_other_has_lasted() -> None:
    found = sides([(0.2, 1.0), (0.2, -0.5), (0.2, -0.6), (0.2, -0.7), (0.2, -0.8), (0.2, -0.9)])
    assert [side.within for side in found if side] == [True, True, True, True, False, False]
    assert [side.changed for side in found if side] == [False, False, False, False, True, False]


def test_a_moment_within_the_margin_ends_the_doubt() -> None:
    found = sides([(0.2, 1.0), (0.2, -0.5), (0.4, -0.1), (0.2, -0.5), (0.4, -0.5), (0.2, -0.5)])
    assert [side.within for side in found if side] == [True, True, True, True, True, False]


@given(LOOKS)
def test_nobody_changes_sides_sooner_than_it_takes_nor_without_being_there(
    looks: list[tuple[float, float]],
) -> None:
    found, beyond = sides(looks), 0.0
    before: Side | None = None
    for (pause, deep), side in zip(looks, found, strict=True):
        other = before is not None and abs(deep) > MARGIN and (deep > 0) is not before.within
        beyond = (beyond + pause if beyond else 1e-9) if other else 0.0
        if before is None:
            assert side is None or abs(deep) > MARGIN
        elif side is not None and side.within is not before.within:
            assert side.changed
            assert beyond >= SETTLE - 1e-6
        else:
            assert side is not None
            assert not side.changed
        before = side


@given(LOOKS, st.floats(-0.25, 0.25))
def test_shaking_less_than_the_margin_changes_nothing(
    looks: list[tuple[float, float]], shake: float
) -> None:
    start = [(0.2, 1.0)]
    shaken = [(pause, shake if abs(deep) > 1 else 0.9) for pause, deep in looks]
    assert all(side and side.within for side in sides(start + shaken))
