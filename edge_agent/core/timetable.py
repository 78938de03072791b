"""Timetables: the minutes of a week in which something holds, and the dates that differ.

A day is a set of minutes from its own midnight, as the bits of one number; a span over midnight
runs on into the next day's bits (minute 1440 is the next midnight), and belongs to the day on
which it begins. Everything is the local time of the site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

DAY = 1440  # minutes
Span = tuple[int, int]  # minutes from midnight: begin, end; an end not after it is tomorrow's


@dataclass(frozen=True, slots=True)
class Timetable:
    """`week` are the minutes of Monday to Sunday, `dates` those of days that differ."""

    week: tuple[int, int, int, int, int, int, int]
    dates: Mapping[date, int] = field(default_factory=dict)


def minutes(spans: Iterable[Span]) -> int:
    """The minutes of one day's spans; 00:00-24:00 is the whole day."""
    found = 0
    for begin, end in spans:
        last = end if end > begin else end + DAY
        found |= (1 << last) - (1 << begin)
    return found


def holds(table: Timetable, wall: datetime, zone: tzinfo) -> bool:
    """Whether the timetable holds at this moment, in the site's local time."""
    local = wall.astimezone(zone)
    today, minute = local.date(), local.hour * 60 + local.minute
    spilled = _day(table, today - timedelta(days=1)) >> DAY
    return bool((_day(table, today) | spilled) >> minute & 1)


def overlap(one: Timetable, other: Timetable) -> bool:
    """Whether some minute of some day is in both: in an ordinary week or on a date of either."""
    days = (*_ORDINARY, *_special(one, other))
    return any(_whole(one, day) & _whole(other, day) for day in days)


def without(one: Timetable, other: Timetable) -> Timetable:
    """The minutes of one that are not in the other."""

    def left(day: date) -> int:
        return _whole(one, day) & ~_whole(other, day)

    monday, tuesday, wednesday, thursday, friday, saturday, sunday = map(left, _ORDINARY)
    return Timetable(
        (monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        {day: left(day) for day in _special(one, other)},
    )


# A week that nobody lists among the dates that differ.
_ORDINARY = tuple(date(1, 1, 8) + timedelta(days=number) for number in range(7))


def _special(one: Timetable, other: Timetable) -> list[date]:
    """The dates that differ, and the days after them into which they may spill."""
    dates = {*one.dates, *other.dates}
    return sorted(dates | {day + timedelta(days=1) for day in dates if day < date.max})


def _day(table: Timetable, day: date) -> int:
    return table.dates.get(day, table.week[day.weekday()])


def _whole(table: Timetable, day: date) -> int:
    """The minutes of a day, those spilled over from the day before among them."""
    spilled = _day(table, day - timedelta(days=1)) >> DAY
    return (_day(table, day) | spilled) & ((1 << DAY) - 1)
