"""Retention: the ceiling is an offer, the floor a promise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.ledger import Hold, Promise
from edge_agent.core.media import Segment
from edge_agent.recording.retention import (
    ClockWatch,
    Stock,
    bytes_per_day,
    plausible,
    promise,
    risk_days,
    room_for,
    victims,
)

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


spans = st.tuples(st.floats(0, 120), st.floats(0.01, 30), st.sampled_from(["yard", "gate", "*"]))


def hold(span: tuple[float, float, str]) -> Hold:
    start, days, camera = span
    begin = NOW - timedelta(days=start)
    return Hold("h", camera, begin, begin + timedelta(days=days), "why", "who", NOW)


@given(segments_of_a_site, st.lists(spans, max_size=6), st.integers(0, 10**6))
def test_nothing_that_is_held_goes_at_the_ceiling_or_for_room(
    segments: list[Segment], held: list[tuple[float, float, str]], needed: int
) -> None:
    newest, holds = newest_of(segments), [hold(span) for span in held]
    gone = (
        *victims(segments, newest, NOW, 35, 30, holds),
        *room_for(needed, segments, newest, NOW, holds),
    )
    for victim in gone:
        end = victim.start + timedelta(seconds=victim.seconds)
        assert not any(one.covers(victim.camera, victim.start, end) for one in holds)
        assert end < newest[victim.camera]


@given(segments_of_a_site, st.integers(0, 50_000))
def test_room_is_made_oldest_first_and_no_more_than_needed(
    segments: list[Segment], needed: int
) -> None:
    gone = room_for(needed, segments, newest_of(segments), NOW)
    assert list(gone) == sorted(gone, key=lambda one: one.start)
    assert sum(one.size for one in gone[:-1]) < max(needed, 1)


@given(segments_of_a_site, st.floats(6, 1e7))
def test_no_room_is_made_while_the_clock_is_implausible(
    segments: list[Segment], behind: float
) -> None:
    newest = newest_of(segments)
    now = min(newest.values(), default=NOW) - timedelta(seconds=behind)
    assert room_for(10**9, segments, newest, now) == ()


def test_an_ended_or_released_hold_protects_nothing() -> None:
    old, young = segment("yard", 40), segment("yard", 1)
    newest = newest_of([old, young])
    ended = replace(hold((50, 20, "yard")), until=NOW - timedelta(days=1))
    released = replace(hold((50, 20, "yard")), released=NOW)
    assert victims([old, young], newest, NOW, 35, 30, [ended, released]) == (old,)
    open_end = replace(hold((50, 20, "yard")), end=None)
    assert victims([old, young], newest, NOW, 35, 30, [open_end]) == ()


GB = 10**9


def stock(days: int, per_day: float = 10 * GB, held: int = 0) -> Stock:
    today = int(NOW.timestamp()) // 86_400
    by_day = {today - ago: int(per_day) for ago in range(1, days + 1)}
    held_by_day = {today - ago: int(per_day) for ago in range(1, held + 1)}
    return Stock(by_day, held_by_day, NOW - timedelta(days=days), per_day)


@pytest.mark.parametrize(
    ("days", "capacity", "expected"),
    [
        (5, 320 * GB, None),  # 30 days fit
        (35, 320 * GB, None),
        (5, 250 * GB, 20),  # 25 days fit: after 20 more the disk is full
        (20, 250 * GB, 5),
        (24, 250 * GB, 1),
        (30, 250 * GB, 0),  # it is too late already
        (1, 290 * GB, 28),
    ],
)
def test_the_risk_is_seen_days_before(days: int, capacity: int, expected: float | None) -> None:
    risk = risk_days([stock(days)], capacity, NOW, 30)
    assert risk is None if expected is None else risk == pytest.approx(expected, abs=1.01)


@given(st.integers(1, 29), st.integers(1, 20), st.integers(20, 400))
def test_the_risk_is_never_told_later_than_it_comes(
    days: int, cameras: int, capacity_gb: int
) -> None:
    stocks = [stock(days) for _ in range(cameras)]
    risk = risk_days(stocks, capacity_gb * GB, NOW, 30)
    used = rate = 10 * GB * cameras
    used *= days
    full_after = (capacity_gb * GB - used) / rate
    if full_after + days < 29:
        assert risk is not None
        assert risk <= max(0.0, full_after) + 1e-6


def test_held_footage_takes_room_that_does_not_come_back() -> None:
    free = risk_days([stock(60)], 400 * GB, NOW, 30)
    held = risk_days([stock(60, held=60)], 620 * GB, NOW, 30)
    assert free is None
    assert held == pytest.approx(2, abs=1.01)


def test_the_state_of_the_promise() -> None:
    assert promise(3, broken=False, risk=None) is Promise.MET
    assert promise(30, broken=False, risk=4.0) is Promise.AT_RISK
    assert promise(30, broken=False, risk=0.0) is Promise.BROKEN
    assert promise(30, broken=True, risk=None) is Promise.BROKEN


def test_bytes_per_day_are_measured_over_the_last_week() -> None:
    assert bytes_per_day(stock(20).by_day, NOW - timedelta(days=20), NOW) == pytest.approx(
        10 * GB, rel=0.01
    )
    today = int(NOW.timestamp()) // 86_400
    half = {today - 1: GB}
    assert bytes_per_day(half, NOW - timedelta(hours=12), NOW) == pytest.approx(2 * GB)
    assert bytes_per_day({today: 5}, NOW - timedelta(minutes=5), NOW) == 0


def test_a_stepped_clock_is_believed_again_when_something_keeps_it() -> None:
    watch = ClockWatch()
    assert watch.look(NOW, 0.0, None)
    assert watch.look(NOW + timedelta(seconds=60.5), 60.0, None)
    assert not watch.look(NOW + timedelta(days=300), 61.0, False)
    assert not watch.look(NOW + timedelta(days=300, seconds=60), 121.0, None)
    assert watch.look(NOW + timedelta(seconds=123), 122.0, True)


def test_a_clock_that_leapt_while_the_box_was_off_is_not_believed() -> None:
    for ahead, synchronised, believed in ((8, False, False), (8, True, True), (6, None, True)):
        watch = ClockWatch()
        watch.first(NOW + timedelta(days=ahead), NOW, synchronised)
        assert watch.suspect is not believed
