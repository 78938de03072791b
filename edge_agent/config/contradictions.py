"""Rules that are right one by one and contradict each other, or leave nothing of a rule."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import combinations

from edge_agent.config.behaviours import (
    Behaviour,
    Cohort,
    Exemption,
    Rules,
    Zone,
    ZoneRule,
    behaviours,
)
from edge_agent.config.check import Check
from edge_agent.config.document import Loc
from edge_agent.config.place_checks import picture_of
from edge_agent.config.schema import CameraEntry, Config
from edge_agent.config.timetables import ALWAYS, timetables
from edge_agent.core.outline import share_ground
from edge_agent.core.timetable import Timetable, overlap, without

Tables = dict[str | None, Timetable]


def contradictions(config: Config) -> Iterator[Check]:
    """Every contradiction among the rules of a configuration."""
    tables = timetables(config.rules)
    for check in _CHECKS:
        yield from check(config, tables)


def _never(config: Config, tables: Tables) -> Iterator[Check]:
    """A rule that its own schedules keep from ever holding."""
    for loc, rule in behaviours(config.rules):
        when, held = tables.get(rule.when), _held(tables, rule)
        if when and held and overlap(when, ALWAYS) and not overlap(held, ALWAYS):
            vi, en = (f"when '{rule.when}'",) * 2 if rule.when else ("cả tuần", "the whole week")
            yield Check(
                (*loc, "unless"),
                f"unless '{rule.unless}' lấy hết {vi} nên quy tắc không bao giờ có hiệu lực",
                f"unless '{rule.unless}' leaves nothing of {en}, so the rule never holds",
            )


def _sides(config: Config, tables: Tables) -> Iterator[Check]:
    """Nobody inside and nobody outside the same zone at the same time: nobody anywhere."""
    for at, one, other in _zone_rules(config.rules, tables):
        shared = sorted(set(one.zones) & set(other.zones))
        if shared and one.nobody != other.nobody:
            yield Check(
                ("rules", "zone", at),
                f"mâu thuẫn với '{one.id}': cùng lúc cấm ở trong và cấm ở ngoài vùng '{shared[0]}'",
                f"contradicts '{one.id}': nobody inside and nobody outside zone '{shared[0]}' at "
                "the same time",
            )


def _confined(config: Config, tables: Tables) -> Iterator[Check]:
    """Everybody in one place and everybody in another at the same time, before one camera."""
    for at, one, other in _zone_rules(config.rules, tables):
        if one.nobody != "outside" or other.nobody != "outside":
            continue
        for camera in config.cameras:
            if _nowhere(camera, one.zones, other.zones):
                yield Check(
                    ("rules", "zone", at),
                    f"mâu thuẫn với '{one.id}': cùng lúc cấm ở ngoài hai vùng không có chỗ chung "
                    f"trên camera '{camera.id}'; gộp các vùng vào một quy tắc",
                    f"contradicts '{one.id}': nobody outside either of two zones that share no "
                    f"place, on camera '{camera.id}' at the same time; put the zones into one rule",
                )
                break


def _zone_rules(rules: Rules, tables: Tables) -> Iterator[tuple[int, ZoneRule, ZoneRule]]:
    """Any two zone rules that hold at some shared minute, and the place of the second."""
    enabled = [(at, rule) for at, rule in enumerate(rules.zone) if rule.enabled]
    for (_, one), (at, other) in combinations(enabled, 2):
        if _together(tables, one, other):
            yield at, one, other


def _nowhere(camera: CameraEntry, some: Collection[str], others: Collection[str]) -> bool:
    """Whether the camera sees both sets of zones, and no spot is in both."""
    here = [zone for zone in camera.zones if zone.id in some]
    there = [zone for zone in camera.zones if zone.id in others]
    return bool(here and there) and all(_apart(camera, a, b) for a in here for b in there)


def _apart(camera: CameraEntry, one: Zone, other: Zone) -> bool:
    """Whether two zones are known to share no spot; of different units nothing is known."""
    if one.metres and other.metres:
        return not share_ground(one.metres, other.metres)
    if one.pixels and other.pixels and picture_of(camera, one) == picture_of(camera, other):
        return not share_ground(one.pixels, other.pixels)
    return False


def _rooms(config: Config, tables: Tables) -> Iterator[Check]:
    """A cohort that may be close only where and when nobody may be at all."""
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


def _excused(config: Config, tables: Tables) -> Iterator[Check]:
    """An exception that covers all places and times of its rule."""
    for loc, name, exception in _exceptions(config.rules):
        rule: Behaviour = getattr(config.rules, name)
        held, times = _held(tables, rule), tables.get(exception.when)
        everywhere = not exception.zones or (rule.zones and set(rule.zones) <= {*exception.zones})
        if not everywhere or not rule.enabled or not held or not times:
            continue
        if overlap(held, ALWAYS) and not overlap(without(held, times), ALWAYS):
            yield Check(
                loc,
                f"mâu thuẫn với rules.{name}: ngoại lệ này gồm mọi nơi và mọi lúc của quy tắc nên "
                "quy tắc không bao giờ có hiệu lực; nếu muốn vậy thì ghi enabled: false",
                f"contradicts rules.{name}: this exception covers every place and time of the "
                "rule, so it never holds; if that is meant, write enabled: false",
            )


def _exceptions(rules: Rules) -> Iterator[tuple[Loc, str, Exemption | Cohort]]:
    """Where a rule does not hold: its place in the file, and the rule's name."""
    for at, exemption in enumerate(rules.mask.exempt):
        yield ("rules", "mask", "exempt", at), "mask", exemption
    for at, cohort in enumerate(rules.cohorts):
        yield ("rules", "cohorts", at), "distancing", cohort


def _limits(config: Config, tables: Tables) -> Iterator[Check]:
    """Two numbers of people for one zone at one time."""
    rules = [(at, rule) for at, rule in enumerate(config.rules.occupancy) if rule.enabled]
    for (_, one), (at, other) in combinations(rules, 2):
        shared = sorted(set(one.zones) & set(other.zones))
        if shared and one.most != other.most and _together(tables, one, other):
            yield Check(
                ("rules", "occupancy", at, "most"),
                f"mâu thuẫn với '{one.id}': vùng '{shared[0]}' cùng lúc có hai giới hạn "
                f"({one.most} và {other.most} người)",
                f"contradicts '{one.id}': zone '{shared[0]}' has two limits at the same time "
                f"({one.most} and {other.most} people)",
            )


def _together(tables: Tables, one: Behaviour, other: Behaviour) -> bool:
    """Whether two rules hold at some shared minute."""
    mine, theirs = (_held(tables, rule) for rule in (one, other))
    return mine is not None and theirs is not None and overlap(mine, theirs)


def _held(tables: Tables, rule: Behaviour) -> Timetable | None:
    """When a rule holds; None where it names a schedule that nothing defines."""
    when, unless = tables.get(rule.when), tables.get(rule.unless) if rule.unless else None
    if when is None or (rule.unless and unless is None):
        return None
    return without(when, unless) if unless else when


_CHECKS: tuple[Callable[[Config, Tables], Iterator[Check]], ...] = (
    _never,
    _sides,
    _confined,
    _rooms,
    _excused,
    _limits,
)
