"""Between two moments nothing is left out: every second is in a file or in a hole."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.recording.span import Missing, plan

NOON = datetime(2021, 7, 28, 16, 59, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def segment(start: float, seconds: float = 60, run: str = "a") -> Segment:
    return Segment("yard", run, f"{run}-{start}.mp4", at(start), seconds, 1000)


def gap(start: float, end: float | None, reason: GapReason = GapReason.NETWORK) -> Gap:
    return Gap("yard", at(start), None if end is None else at(end), reason)


def test_files_are_cut_to_the_span() -> None:
    span = plan("yard", at(30), at(150), [segment(0), segment(60), segment(120)], [])
    assert [(one.start, one.end) for one in span.files] == [
        (at(30), at(60)),
        (at(60), at(120)),
        (at(120), at(150)),
    ]
    assert (span.missing, span.recorded, span.lost) == ((), 120, 0)


def test_files_that_only_touch_the_span_are_not_of_it() -> None:
    assert plan("yard", at(60), at(120), [segment(0), segment(120)], []).files == ()


def test_a_hole_has_the_reason_of_the_ledger_and_only_for_as_long_as_it_says() -> None:
    segments = [segment(0), segment(200)]
    gaps = [gap(60, 100), gap(100, 150, GapReason.DISK_FULL)]
    span = plan("yard", at(0), at(260), segments, gaps)
    assert span.missing == (
        Missing(at(60), at(100), "network"),
        Missing(at(100), at(150), "disk_full"),
        Missing(at(150), at(200)),
    )
    assert (span.recorded, span.lost) == (120, 140)


def test_an_open_gap_reaches_to_the_end() -> None:
    span = plan("yard", at(0), at(100), [segment(0)], [gap(60, None)])
    assert span.missing == (Missing(at(60), at(100), "network"),)


def test_a_span_with_nothing_in_it_is_one_hole() -> None:
    assert plan("yard", at(0), at(9), [], []).missing == (Missing(at(0), at(9)),)


def test_rounded_labels_make_no_holes() -> None:
    span = plan("yard", at(0), at(120), [segment(0, 59.95), segment(60)], [])
    assert span.missing == ()


def test_where_the_clock_was_set_back_each_run_is_seen_whole() -> None:
    segments = [segment(start, run="a") for start in (0, 60, 120)]
    segments += [segment(start, run="b") for start in (30, 90, 150)]
    span = plan("yard", at(0), at(300), segments, [])
    assert [one.segment.path for one in span.files] == [
        *("a-0.mp4", "a-60.mp4", "a-120.mp4"),
        *("b-30.mp4", "b-90.mp4", "b-150.mp4"),
    ]
    assert span.missing == (Missing(at(210), at(300)),)


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 90)), max_size=12),
    st.lists(st.tuples(st.integers(0, 500), st.none() | st.integers(1, 200)), max_size=8),
    st.integers(0, 400),
    st.integers(1, 300),
)
def test_files_and_holes_cover_the_span_exactly_once(
    files: list[tuple[int, int]], gaps: list[tuple[int, int | None]], start: int, length: int
) -> None:
    span = plan(
        "yard",
        at(start),
        at(start + length),
        [segment(begin, seconds) for begin, seconds in files],
        [gap(begin, None if seconds is None else begin + seconds) for begin, seconds in gaps],
    )
    for second in range(start, start + length):
        shown = any(one.start <= at(second) < one.end for one in span.files)
        holes = sum(hole.start <= at(second) < hole.end for hole in span.missing)
        assert shown + holes == 1
    assert span.recorded + span.lost == length
