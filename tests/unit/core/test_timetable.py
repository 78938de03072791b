"""Schedules over midnight, weekdays, dates that differ, and the site's own clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config.behaviours import WEEK, DifferentDays, Schedule
from edge_agent.config.timetables import ALWAYS, timetable
from edge_agent.core.timetable import DAY, Timetable, holds, minutes, overlap, without

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NIGHT = timetable(
    Schedule(
        id="night",
        days=("mon", "tue", "wed", "thu", "fri"),
        hours=("22:00-05:00",),
        dates=(
            DifferentDays(first=date(2027, 2, 5), last=date(2027, 2, 9), hours=("01:00-04:00",)),
            DifferentDays(first=date(2027, 5, 1), last=date(2027, 5, 1)),
        ),
    )
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HANOI).astimezone(UTC)


@pytest.mark.parametrize(
    ("when", "held"),
    [
        ("2027-01-18T21:59:59", False),  # a Monday
        ("2027-01-18T22:00:00", True),
        ("2027-01-19T04:59:59", True),
        ("2027-01-19T05:00:00", False),
        ("2027-01-18T03:00:00", False),  # Sunday's night belongs to Sunday
        ("2027-01-23T03:00:00", True),  # Saturday morning is Friday's night
        ("2027-01-23T23:00:00", False),
        ("2027-02-04T23:30:00", True),  # the evening before the holiday
        ("2027-02-05T04:30:00", True),  # runs on into it
        ("2027-02-05T05:30:00", False),
        ("2027-02-05T23:00:00", False),  # the holiday has other hours
        ("2027-02-09T03:00:00", True),
        ("2027-02-10T03:00:00", False),  # the holiday's last day did not begin a night
        ("2027-02-10T23:00:00", True),
        ("2027-04-30T23:00:00", True),
        ("2027-05-01T23:00:00", False),
    ],
)
def test_a_night_over_midnight_weekdays_and_holidays(when: str, held: bool) -> None:
    assert holds(NIGHT, local(when), HANOI) is held


def test_the_hours_are_the_sites_own() -> None:
    noon = timetable(Schedule(id="noon", hours=("12:00-13:00",)))
    moment = datetime(2027, 1, 18, 5, 30, tzinfo=UTC)
    assert holds(noon, moment, HANOI)
    assert not holds(noon, moment, UTC)


def test_a_clock_that_is_set_back_for_winter_holds_the_hour_twice() -> None:
    early = timetable(Schedule(id="early", hours=("02:00-03:00",)))
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert holds(early, first, zone)
    assert holds(early, first + timedelta(hours=1), zone)
    assert not holds(early, first + timedelta(hours=2), zone)


def test_overlap_and_what_is_left() -> None:
    evening = timetable(Schedule(id="evening", hours=("18:00-22:00",)))
    later = timetable(Schedule(id="later", hours=("21:30-23:00",)))
    morning = timetable(Schedule(id="morning", days=("sat",), hours=("04:00-06:00",)))
    assert not overlap(evening, NIGHT)
    assert overlap(later, NIGHT)
    assert overlap(morning, NIGHT), "Friday's night runs into Saturday"
    assert overlap(ALWAYS, NIGHT)
    assert not overlap(without(NIGHT, NIGHT), ALWAYS)
    assert not overlap(without(ALWAYS, NIGHT), NIGHT)


HOURS = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda one: one[0] != one[1]),
    max_size=3,
)
DATES = st.dictionaries(st.dates(date(2026, 12, 20), date(2027, 1, 20)), HOURS, max_size=3)


@st.composite
def tables(draw: st.DrawFn) -> Timetable:
    week = [minutes(draw(HOURS)) for _ in WEEK]
    dates = {day: minutes(spans) for day, spans in draw(DATES).items()}
    return Timetable(tuple(week), dates)  # type: ignore[arg-type]


@given(tables(), tables(), st.integers(0, 40 * DAY))
def test_what_is_left_holds_exactly_when_one_does_and_the_other_does_not(
    one: Timetable, other: Timetable, minute: int
) -> None:
    moment = datetime(2026, 12, 15, tzinfo=UTC) + timedelta(minutes=minute)
    both = holds(one, moment, UTC), holds(other, moment, UTC)
    assert holds(without(one, other), moment, UTC) is (both == (True, False))
    if both == (True, True):
        assert overlap(one, other)
