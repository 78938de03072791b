"""Every due second is recorded or in exactly one gap, whatever the rows say."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.recording.coverage import account, day_bounds, day_of, not_noticed

DAY = date(2021, 7, 28)
START = datetime(2021, 7, 28, tzinfo=UTC)
DUE = (START, START + timedelta(hours=1))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def segment(start: float, seconds: float = 60.0) -> Segment:
    return Segment("yard", "run", f"yard/{start}", at(start), seconds, 1000)


def gap(start: float, end: float | None, reason: GapReason = GapReason.NETWORK) -> Gap:
    return Gap("yard", at(start), None if end is None else at(end), reason)


def spans(day_gaps: tuple[Gap, ...]) -> list[tuple[float, float, str]]:
    return [
        ((one.start - START).total_seconds(), (one.end - START).total_seconds(), one.reason.value)
        for one in day_gaps
        if one.end is not None
    ]


moments = st.floats(-600, 4200).map(lambda seconds: round(seconds, 3))
segments = st.lists(st.builds(segment, moments, st.floats(0, 600)), max_size=20)
gaps = st.lists(
    st.builds(
        lambda start, length, reason: gap(start, None if length < 0 else start + length, reason),
        moments,
        st.floats(-50, 900),
        st.sampled_from(GapReason),
    ),
    max_size=12,
)


@settings(max_examples=200)
@given(segments, gaps)
def test_due_is_recorded_plus_lost_and_no_second_has_two_reasons(
    some: list[Segment], lost: list[Gap]
) -> None:
    day = account("yard", DAY, DUE, some, lost)
    assert day.due - day.recorded - day.lost == timedelta()
    assert sum(day.lost_by_reason().values(), timedelta()) == day.lost
    assert timedelta() <= day.recorded <= day.due
    reached = day.start
    for one in day.gaps:
        assert one.end is not None
        assert reached <= one.start < one.end <= day.end
        reached = one.end


@settings(max_examples=200)
@given(segments, gaps)
def test_nothing_counts_as_recorded_that_is_in_no_file(
    some: list[Segment], lost: list[Gap]
) -> None:
    day = account("yard", DAY, DUE, some, lost)
    in_files = sum((timedelta(seconds=one.seconds) for one in some), timedelta())
    assert day.recorded <= in_files + len(some) * timedelta(milliseconds=100)


@given(st.lists(st.tuples(st.booleans(), st.floats(1, 300)), min_size=1, max_size=40))
def test_a_history_that_the_recorder_wrote_itself_leaves_nothing_unnoticed(
    history: list[tuple[bool, float]],
) -> None:
    some: list[Segment] = []
    lost: list[Gap] = []
    reached = 0.0
    for recorded, lasted in history:
        length = round(lasted, 3)
        if recorded:
            some.append(segment(reached, length))
        else:
            lost.append(gap(reached, reached + length))
        reached = round(reached + length, 3)
    day = account("yard", DAY, (START, at(reached)), some, lost)
    assert not_noticed(day) == timedelta()
    expected = sum(((one.end or one.start) - one.start for one in lost), timedelta())
    assert abs(day.lost - expected) < timedelta(milliseconds=1)


def test_a_gap_that_begins_before_the_last_picture_ends_is_clipped() -> None:
    day = account("yard", DAY, (at(0), at(120)), [segment(0, 60)], [gap(59.75, 120)])
    assert spans(day.gaps) == [(60, 120, "network")]


def test_footage_is_proof_against_a_gap_that_claims_more() -> None:
    day = account("yard", DAY, (at(0), at(120)), [segment(0, 60)], [gap(30, 120)])
    assert spans(day.gaps) == [(60, 120, "network")]


def test_a_stall_inside_a_file_is_lost() -> None:
    day = account("yard", DAY, (at(0), at(60)), [segment(0, 60)], [gap(20, 27)])
    assert spans(day.gaps) == [(20, 27, "network")]
    assert day.recorded == timedelta(seconds=53)


def test_files_that_all_but_touch_leave_no_hole_and_wider_ones_do() -> None:
    near = account("yard", DAY, (at(0), at(120)), [segment(0, 60), segment(60.04, 59.96)], [])
    assert near.gaps == ()
    wide = account("yard", DAY, (at(0), at(120)), [segment(0, 60), segment(65, 55)], [])
    assert spans(wide.gaps) == [(60, 65, "unknown")]
    assert not_noticed(wide) == timedelta(seconds=5)


def test_an_open_gap_lasts_to_the_end_of_what_is_due() -> None:
    day = account("yard", DAY, DUE, [segment(0, 60)], [gap(60, None, GapReason.POWER_LOSS)])
    assert spans(day.gaps) == [(60, 3600, "power_loss")]


def test_of_two_gaps_over_one_second_the_earlier_says_the_reason() -> None:
    both = [gap(0, 100), gap(50, 150, GapReason.DISK_FULL)]
    day = account("yard", DAY, (at(0), at(150)), [], both)
    assert spans(day.gaps) == [(0, 100, "network"), (100, 150, "disk_full")]


def test_days_are_the_sites_own() -> None:
    hanoi = ZoneInfo("Asia/Ho_Chi_Minh")
    start, end = day_bounds(DAY, hanoi)
    assert (start, end) == (datetime(2021, 7, 27, 17, tzinfo=UTC), START + timedelta(hours=17))
    assert day_of(start, hanoi) == DAY
    berlin = day_bounds(date(2021, 3, 28), ZoneInfo("Europe/Berlin"))
    assert berlin[1] - berlin[0] == timedelta(hours=23)
