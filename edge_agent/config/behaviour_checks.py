"""What the rules say about each other, and whether what they name exists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches

from edge_agent.config.behaviours import Rules, Schedule, behaviours
from edge_agent.config.check import Check
from edge_agent.config.contradictions import contradictions
from edge_agent.config.document import Loc
from edge_agent.config.schema import Config
from edge_agent.config.timetables import LONGEST, days, span


def behaviour_checks(config: Config) -> Iterator[Check]:
    """Every disagreement among the rules of a configuration."""
    for check in _CHECKS:
        yield from check(config)


def _names(config: Config) -> Iterator[Check]:
    """Zones, lines and schedules that a rule names and nothing defines."""
    zones = {zone.id for camera in config.cameras for zone in camera.zones}
    lines = {line.id for camera in config.cameras for line in camera.lines}
    schedules = {schedule.id for schedule in config.rules.schedules}
    known = {"zones": (zones, "vùng", "zone"), "lines": (lines, "đường", "line")}
    for loc, rule in _naming(config.rules):
        for key, (names, vi, en) in known.items():
            for at, name in enumerate(getattr(rule, key, ())):
                if name not in names:
                    yield _unknown((*loc, key, at), name, names, vi, en, ("cameras",))
        for key in ("when", "unless"):
            name = getattr(rule, key, None)
            if name and name not in schedules:
                where: Loc = ("rules", "schedules")
                yield _unknown((*loc, key), name, schedules, "lịch", "schedule", where)


def _naming(rules: Rules) -> Iterator[tuple[Loc, object]]:
    yield from behaviours(rules)
    for at, cohort in enumerate(rules.cohorts):
        yield ("rules", "cohorts", at), cohort
    for at, exemption in enumerate(rules.mask.exempt):
        yield ("rules", "mask", "exempt", at), exemption


def _unknown(loc: Loc, name: str, names: Collection[str], vi: str, en: str, where: Loc) -> Check:
    near = get_close_matches(name, sorted(names), n=1, cutoff=0.6)
    listed = ", ".join(sorted(names)) or "-"
    return Check(
        loc,
        f"không có {vi} '{name}'; " + (f"ý bạn là '{near[0]}'?" if near else f"hiện có: {listed}"),
        f"there is no {en} '{name}'; "
        + (f"did you mean '{near[0]}'?" if near else f"there are: {listed}"),
        (where,),
    )


def _twins(config: Config) -> Iterator[Check]:
    """Two rules, cohorts or schedules of one kind under one name."""
    for key in ("schedules", "cohorts", "zone", "line", "fence", "occupancy"):
        names = [one.id for one in getattr(config.rules, key)]
        for at, name in enumerate(names):
            if name in names[:at]:
                yield Check(
                    ("rules", key, at, "id"),
                    f"'{name}' đã dùng ở mục {names.index(name) + 1}; mỗi mục một tên riêng",
                    f"'{name}' is taken by entry {names.index(name) + 1}; each needs its own",
                )


def _schedules(config: Config) -> Iterator[Check]:
    for at, schedule in enumerate(config.rules.schedules):
        yield from _hours(("rules", "schedules", at), schedule)


def _hours(loc: Loc, schedule: Schedule) -> Iterator[Check]:
    spans = [((*loc, "hours", n), text) for n, text in enumerate(schedule.hours)]
    for number, different in enumerate(schedule.dates):
        here = (*loc, "dates", number)
        spans += [((*here, "hours", n), text) for n, text in enumerate(different.hours)]
        if not days(different):
            yield Check(
                (*here, "last"),
                f"phải từ ngày first ({different.first}) trở đi, nhiều nhất {LONGEST} ngày, "
                "năm 2000 đến 2199",
                f"must be the day first ({different.first}) or later, at most {LONGEST} days, "
                "in the years 2000 to 2199",
            )
        for other, earlier in enumerate(schedule.dates[:number]):
            if set(days(different)) & set(days(earlier)):
                yield Check(
                    here,
                    f"có ngày đã nằm trong mục dates thứ {other + 1}; mỗi ngày chỉ một mục",
                    f"a day of this is in entry {other + 1} of dates already; one entry a day",
                )
    for where, text in spans:
        begin, end = span(text)
        if begin == end:
            yield Check(
                where,
                f"'{text}' không có phút nào; cả ngày thì ghi 00:00-24:00",
                f"'{text}' has no minute; for the whole day write 00:00-24:00",
            )
    if not spans:
        yield Check(
            loc,
            f"lịch '{schedule.id}' không có giờ nào nên không bao giờ có hiệu lực; ghi hours",
            f"schedule '{schedule.id}' has no hours, so it never holds; give hours",
        )


def _directions(config: Config) -> Iterator[Check]:
    """A direction needs a line that says which side is inside."""
    bare = {line.id for camera in config.cameras for line in camera.lines if line.inside is None}
    for at, rule in enumerate(config.rules.line):
        missing = sorted(set(rule.lines) & bare)
        if rule.direction != "both" and missing:
            yield Check(
                ("rules", "line", at, "direction"),
                f"đường '{missing[0]}' chưa có inside nên không biết chiều nào là "
                f"'{rule.direction}'",
                f"line '{missing[0]}' has no inside, so nothing says which way is "
                f"'{rule.direction}'",
                (("cameras",),),
            )


_CHECKS: tuple[Callable[[Config], Iterator[Check]], ...] = (
    _names,
    _twins,
    _schedules,
    _directions,
    contradictions,
)
