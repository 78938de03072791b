"""From the schedules of the file to timetables."""

from __future__ import annotations

from datetime import date, timedelta

from edge_agent.config.behaviours import WEEK, DifferentDays, Rules, Schedule
from edge_agent.core.timetable import Span, Timetable, minutes

LONGEST = 400  # days that one entry of dates may last
ALWAYS = Timetable((minutes([(0, 1440)]),) * 7)


def span(hours: str) -> Span:
    """`22:00-05:00` as minutes from midnight."""
    begin, _, end = hours.partition("-")
    return _minute(begin), _minute(end)


def timetable(schedule: Schedule) -> Timetable:
    """What a schedule says of every minute."""
    usual = minutes(span(hours) for hours in schedule.hours)
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (
        usual if day in schedule.days else 0 for day in WEEK
    )
    dates = {
        day: minutes(span(hours) for hours in different.hours)
        for different in schedule.dates
        for day in days(different)
    }
    return Timetable((monday, tuesday, wednesday, thursday, friday, saturday, sunday), dates)


def timetables(rules: Rules) -> dict[str | None, Timetable]:
    """The timetables by name; None is always."""
    return {None: ALWAYS, **{one.id: timetable(one) for one in rules.schedules}}


def days(different: DifferentDays) -> list[date]:
    """The dates of an entry; none when it ends before it begins, lasts too long, or is not of
    our time.
    """
    first, last = different.first, different.last
    count = (last - first).days + 1
    if count > LONGEST or not 2000 <= first.year <= last.year < 2200:
        return []
    return [first + timedelta(days=number) for number in range(count)]


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return 60 * int(hour) + int(minute)
