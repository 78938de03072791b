"""What the rules say about each other, and whether what they name exists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from itertools import combinations

from edge_agent.config.behaviours import Behaviour, Rules, Schedule
from edge_agent.config.check import Check
from edge_agent.config.document import Loc
from edge_agent.config.schema import Config
from edge_agent.config.timetables import ALWAYS, LONGEST, days, span, timetables
from edge_agent.core.timetable import Timetable, overlap, without

Named = tuple[Loc, Behaviour]


def behaviour_checks(config: Config) -> Iterator[Check]:
    """Every disagreement among the rules of a configuration."""
    for check in _CHECKS:
        yield from check(config)


def behaviours(rules: Rules) -> Iterator[Named]:
    """Every rule with its place in the file."""
    for name in ("mask", "distancing", "gathering"):
        yield ("rules", name), getattr(rules, name)
    for name in ("zone", "line", "fence", "occupancy"):
        for at, rule in enumerate(getattr(rules, name)):
            yield ("rules", name, at), rule


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


def _never(config: Config) -> Iterator[Check]:
    """A rule that its own schedules keep from ever holding."""
    for loc, rule in behaviours(config.rules):
        if rule.when and rule.when == rule.unless:
            yield Check(
                (*loc, "unless"),
                f"when và unless cùng là '{rule.when}' nên quy tắc không bao giờ có hiệu lực",
                f"when and unless are both '{rule.when}', so the rule never holds",
            )


def _sides(config: Config) -> Iterator[Check]:
    """Nobody inside and nobody outside the same zone at the same time: nobody anywhere."""
    rules = [(at, rule) for at, rule in enumerate(config.rules.zone) if rule.enabled]
    for (_, one), (at, other) in combinations(rules, 2):
        shared = sorted(set(one.zones) & set(other.zones))
        if shared and one.nobody != other.nobody and _together(config.rules, one, other):
            yield Check(
                ("rules", "zone", at),
                f"mâu thuẫn với '{one.id}': cùng lúc cấm ở trong và cấm ở ngoài vùng '{shared[0]}'",
                f"contradicts '{one.id}': nobody inside and nobody outside zone '{shared[0]}' at "
                "the same time",
            )


def _rooms(config: Config) -> Iterator[Check]:
    """A cohort that may be close only where and when nobody may be at all."""
    tables = timetables(config.rules)
    for at, cohort in enumerate(config.rules.cohorts):
        for rule in config.rules.zone:
            shared = sorted(set(cohort.zones) & set(rule.zones))
            times, held = tables.get(cohort.when), _held(tables, rule)
            if not shared or rule.nobody == "outside" or not rule.enabled or not times or not held:
                continue
            if not overlap(without(times, held), ALWAYS):
                yield Check(
                    ("rules", "cohorts", at, "zones"),
                    f"mâu thuẫn với '{rule.id}': vào lúc đó không ai được ở vùng '{shared[0]}'",
                    f"contradicts '{rule.id}': nobody may be in zone '{shared[0]}' at that time",
                )


def _limits(config: Config) -> Iterator[Check]:
    """Two numbers of people for one zone at one time."""
    rules = [(at, rule) for at, rule in enumerate(config.rules.occupancy) if rule.enabled]
    for (_, one), (at, other) in combinations(rules, 2):
        shared = sorted(set(one.zones) & set(other.zones))
        if shared and one.most != other.most and _together(config.rules, one, other):
            yield Check(
                ("rules", "occupancy", at, "most"),
                f"mâu thuẫn với '{one.id}': vùng '{shared[0]}' cùng lúc có hai giới hạn "
                f"({one.most} và {other.most} người)",
                f"contradicts '{one.id}': zone '{shared[0]}' has two limits at the same time "
                f"({one.most} and {other.most} people)",
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


def _together(rules: Rules, one: Behaviour, other: Behaviour) -> bool:
    """Whether two rules hold at some shared minute, as far as their `when` says; `unless` takes
    away what it names.
    """
    tables = timetables(rules)
    mine, theirs = (_held(tables, rule) for rule in (one, other))
    return mine is not None and theirs is not None and overlap(mine, theirs)


def _held(tables: dict[str | None, Timetable], rule: Behaviour) -> Timetable | None:
    when, unless = tables.get(rule.when), tables.get(rule.unless) if rule.unless else None
    if when is None or (rule.unless and unless is None):
        return None
    return without(when, unless) if unless else when


_CHECKS: tuple[Callable[[Config], Iterator[Check]], ...] = (
    _names,
    _twins,
    _schedules,
    _never,
    _sides,
    _rooms,
    _limits,
    _directions,
)
