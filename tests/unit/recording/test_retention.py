"""Retention: the ceiling is an offer, the floor a promise."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.media import Segment
from edge_agent.recording.retention import plausible, victims

NOW = datetime(2021, 9, 1, tzinfo=UTC)
DAY = 86_400.0


def segment(camera: str, days_ago: float, seconds: float = 60.0) -> Segment:
    start = NOW - timedelta(days=days_ago)
    return Segment(camera, "run", f"{camera}/{start.isoformat()}", start, seconds, 1000)


def newest_of(segments: list[Segment]) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for one in segments:
        end = one.start + timedelta(seconds=one.seconds)
        newest[one.camera] = max(end, newest.get(one.camera, end))
    return newest


segments_of_a_site = st.lists(
    st.builds(segment, st.sampled_from(["yard", "gate"]), st.floats(0.01, 120)), max_size=40
)


@given(segments_of_a_site, st.integers(30, 60), st.integers(30, 60))
def test_nothing_inside_the_floor_and_never_the_newest_file(
    segments: list[Segment], ceiling: int, floor: int
) -> None:
    newest = newest_of(segments)
    for victim in victims(segments, newest, NOW, ceiling, floor):
        end = victim.start + timedelta(seconds=victim.seconds)
        assert NOW - end > timedelta(days=floor)
        assert NOW - end > timedelta(days=ceiling)
        assert end < newest[victim.camera]


@given(segments_of_a_site, st.floats(6, 1e7))
def test_nothing_is_deleted_while_the_clock_is_before_what_was_recorded(
    segments: list[Segment], behind: float
) -> None:
    newest = newest_of(segments)
    now = min(newest.values(), default=NOW) - timedelta(seconds=behind)
    assert victims(segments, newest, now, 35, 30) == ()
    assert plausible(newest, now) == (not newest)


def test_what_is_past_the_ceiling_goes_oldest_first() -> None:
    old, older, young = segment("yard", 36), segment("yard", 40), segment("yard", 34)
    newest = newest_of([old, older, young])
    assert victims([old, older, young], newest, NOW, 35, 30) == (older, old)


def test_a_clock_that_leaps_ahead_takes_no_more_than_a_day_at_a_time() -> None:
    hours = [segment("yard", 100 - hour / 24, 3600.0) for hour in range(24 * 30)]
    chosen = victims(hours, {"yard": NOW}, NOW, 35, 30)
    assert 23 <= len(chosen) <= 24
    assert chosen[0] == hours[0]


def test_a_floor_above_the_ceiling_wins() -> None:
    segments = [segment("yard", 40), segment("yard", 1)]
    assert victims(segments, newest_of(segments), NOW, 35, 45) == ()


def test_the_only_file_of_a_camera_that_was_removed_long_ago_stays() -> None:
    lonely = [segment("gate", 400)]
    assert victims(lonely, newest_of(lonely), NOW, 35, 30) == ()
