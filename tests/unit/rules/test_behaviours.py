"""Gathering, zones, lines, fences, occupancy, masks by place and time, cohorts, all
through the watch."""

import math
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from edge_agent.config.behaviours import Line, Zone
from edge_agent.core.event import EpisodeChange, Phase, Rule, Severity
from edge_agent.core.perception import MaskState
from edge_agent.rules.places import View
from edge_agent.rules.watch import harvest
from tests.unit.rules.scenes import DAWN, Show, Spot, phases, ruled

OPENED, CLOSED = Phase.OPENED, Phase.CLOSED
LEFT = Zone(id="left", metres=((1, 1), (8, 1), (8, 8), (1, 8)))
RIGHT = Zone(id="right", metres=((8, 1), (15, 1), (15, 8), (8, 8)))
LEFT_IN_PICTURE = Zone(
    id="left", size=(1280, 720), pixels=((80, 80), (640, 80), (640, 640), (80, 640))
)
MIDDLE = Line(id="middle", metres=((8, 1), (8, 8)), inside=(4, 5))
VIEW = View((LEFT, RIGHT), (MIDDLE,))
GATHER = "gathering: {people: 3, radius: 2m, duration: 5s, cooldown: 20s}".replace("2m", "2")
DAWN_IN_HANOI = "14:00-15:00"  # the scenes begin at 07:00 UTC


def walk(show: Show, path: list[Spot], speed: float = 1.0) -> list[EpisodeChange]:
    """One person along a path, at metres per second; what was said meanwhile."""
    before = len(show.said)
    for (ax, ay), (bx, by) in pairwise(path):
        steps = max(1, round(math.hypot(bx - ax, by - ay) / speed * show.fps))
        for step in range(1, steps + 1):
            share = step / steps
            show.play(1 / show.fps, [(ax + share * (bx - ax), ay + share * (by - ay))])
    return show.said[before:]


def test_three_people_close_together_are_a_gathering() -> None:
    show = Show(ruled(GATHER))
    show.play(4.6, [(4, 4), (5, 4), (4.5, 5)])
    assert show.said == []
    show.play(2.0, [(4, 4), (5, 4), (4.5, 5)])
    (opened,) = show.said
    assert (opened.rule, opened.tracks, opened.severity) == (
        Rule.GATHERING,
        (1, 2, 3),
        Severity.HIGH,
    )
    assert opened.data["people"] == 3
    assert opened.data["spread_m"] == pytest.approx(0.67, abs=0.1)


def test_two_people_or_a_row_with_wide_gaps_are_none() -> None:
    pair, row = Show(ruled(GATHER)), Show(ruled(GATHER))
    pair.play(10.0, [(4, 4), (5, 4)])
    row.play(10.0, [(2, 4), (4.5, 4), (7, 4), (9.5, 4)])
    assert pair.said == row.said == []


def test_people_come_and_go_and_the_gathering_stays_one() -> None:
    show = Show(ruled(GATHER))
    show.play(7.0, [(4, 4), (5, 4), (4.5, 5)])
    show.play(4.0, [(4, 4), (5, 4), (4.5, 5), (5.5, 5)])
    show.play(4.0, [(5, 4), (4.5, 5), (5.5, 5)])
    show.play(8.0, [(12, 4), (4.5, 7), (9, 5)])
    assert phases(show.said) == [OPENED, CLOSED]
    assert show.said[-1].data["people"] == 4


def test_two_groups_far_apart_are_two_gatherings() -> None:
    show = Show(ruled(GATHER))
    show.play(8.0, [(3, 4), (4, 4), (3.5, 5), (11, 4), (12, 4), (11.5, 5)])
    assert [change.tracks for change in show.said] == [(1, 2, 3), (4, 5, 6)]


def test_a_place_is_cooled_down_whoever_gathers_there() -> None:
    show = Show(ruled(GATHER))
    show.play(8.0, [(4, 4), (5, 4), (4.5, 5)])
    show.play(6.0, [])
    show.play(10.0, [(4.2, 4), (5.2, 4), (4.7, 5)])
    assert phases(show.said) == [OPENED, CLOSED]
    show.play(10.0, [(4.2, 4), (5.2, 4), (4.7, 5)])
    assert phases(show.said) == [OPENED, CLOSED, OPENED]


def test_a_zone_too_full_is_a_gathering_where_places_are_not_known() -> None:
    small = Zone(
        id="small", size=(640, 360), pixels=((120, 300), (280, 300), (280, 360), (120, 360))
    )
    text = "gathering: {people: 3, radius: 0.3, density: 0.5, duration: 2s}"
    show = Show(ruled(text, View((small,))))
    show.play(5.0, [(3.6, 8.2), (4.6, 8.2), (5.6, 8.2), (6.4, 8.2)])
    (opened,) = show.said
    assert opened.data["place"] == "small"
    assert opened.data["density"] == pytest.approx(4 / 6, abs=0.05)


ZONE = "zone: [{id: keep-out, zones: [left], duration: 2s, cooldown: 30s}]"


@pytest.mark.parametrize("zone", [LEFT, LEFT_IN_PICTURE], ids=["metres", "pixels"])
def test_somebody_in_a_forbidden_zone_is_an_episode_of_theirs(zone: Zone) -> None:
    show = Show(ruled(ZONE, View((zone,))))
    said = walk(show, [(12, 5), (5, 5), (5, 6)])
    (opened,) = said
    assert (opened.rule, opened.data["place"]) == (Rule.ZONE, "keep-out/left")
    said = walk(show, [(5, 6), (12, 6), (12, 3)])
    assert [(change.phase, change.reason) for change in said] == [(CLOSED, "ended")]


def test_walking_along_the_edge_of_a_zone_is_nothing() -> None:
    show = Show(ruled(ZONE, VIEW))
    show.play(2.0, [(8.6, 2)])
    for step in range(60):
        show.play(0.2, [(8.0 + 0.2 * (-1) ** step, 2 + step / 12)])
    assert show.said == []


def test_nobody_outside_means_everywhere_else() -> None:
    text = "zone: [{id: stay, zones: [left], nobody: outside, duration: 2s}]"
    show = Show(ruled(text, VIEW))
    show.play(5.0, [(4, 4)])
    assert show.said == []
    walk(show, [(4, 4), (12, 4), (12, 5)])
    assert [change.data["place"] for change in show.said] == ["stay/left"]


@pytest.mark.parametrize(
    ("key", "hours", "expected"),
    [
        ("when", DAWN_IN_HANOI, 1),
        ("when", "15:00-16:00", 0),
        ("unless", DAWN_IN_HANOI, 0),
        ("unless", "07:00-08:00", 1),
    ],
)
def test_a_rule_holds_at_its_hours_in_local_time(key: str, hours: str, expected: int) -> None:
    text = (
        f"schedules: [{{id: some, hours: ['{hours}']}}]\n"
        f"zone: [{{id: keep-out, zones: [left], duration: 2s, {key}: some}}]"
    )
    show = Show(ruled(text, VIEW))
    show.play(6.0, [(4, 4)])
    assert len(show.said) == expected


def test_a_rule_ends_with_its_hours() -> None:
    text = (
        "schedules: [{id: some, hours: ['14:00-14:01']}]\n"
        "zone: [{id: keep-out, zones: [left], duration: 2s, when: some}]"
    )
    show = Show(ruled(text, VIEW))
    show.play(70.0, [(4, 4)])
    assert phases(show.said) == [OPENED, CLOSED]
    assert show.said[-1].t1.minute == 0


NOT_AT_TET = (
    "schedules: [{id: night, hours: ['22:00-05:00'],"
    " dates: [{first: 2027-02-06, last: 2027-02-10, hours: ['01:00-04:00']}]}]\n"
    "zone: [{id: keep-out, zones: [left], duration: 2s, when: night}]"
)


@pytest.mark.parametrize(
    ("begins", "seconds", "said"),
    [
        ("2027-02-05T23:59:50", 20.0, [OPENED]),  # the eve's night runs on into Tết: one episode
        ("2027-02-06T04:59:50", 20.0, [OPENED, CLOSED]),  # and ends in its morning
        ("2027-02-06T23:00:00", 6.0, []),  # Tết has other hours
        ("2027-02-07T03:59:50", 20.0, [OPENED, CLOSED]),
        ("2027-02-11T03:00:00", 6.0, []),  # its last day began no night
        ("2027-02-11T23:59:50", 20.0, [OPENED]),
    ],
)
def test_an_episode_over_midnight_and_the_nights_of_tet(
    begins: str, seconds: float, said: list[Phase]
) -> None:
    show = Show(ruled(NOT_AT_TET, VIEW))
    hanoi = datetime.fromisoformat(begins + "+07:00")
    show.wall_step = (hanoi - DAWN).total_seconds()
    show.play(seconds, [(4, 4)])
    assert phases(show.said) == said


@pytest.mark.parametrize("step", [12 * 3600.0, -12 * 3600.0, 400 * 86400.0])
def test_a_clock_that_steps_out_of_a_rules_hours_closes_its_episode_once(step: float) -> None:
    show = Show(ruled(NOT_AT_TET, VIEW))
    show.wall_step = start = (datetime(2027, 1, 18, 16, 0, tzinfo=UTC) - DAWN).total_seconds()
    show.play(6.0, [(4, 4)])
    show.wall_step += step
    show.play(10.0, [(4, 4)])
    show.wall_step = start
    show.play(6.0, [(4, 4)])
    show.stop()
    opened, closed = show.said
    assert [opened.phase, closed.phase] == [OPENED, CLOSED]
    assert opened.episode == closed.episode
    assert 0 < (closed.t1 - closed.t0).total_seconds() < 22.0


@pytest.mark.parametrize(
    ("direction", "path", "said"),
    [
        ("both", [(12, 5), (4, 5)], ["in"]),
        ("both", [(4, 5), (12, 5)], ["out"]),
        ("out", [(12, 5), (4, 5)], []),
        ("out", [(4, 5), (12, 5)], ["out"]),
        ("in", [(12, 5), (4, 5)], ["in"]),
        ("both", [(4, 5), (4, 8.7), (12, 8.7), (12, 5)], []),
        ("both", [(4, 5), (7.9, 5), (4, 5)], []),
    ],
)
def test_a_line_is_crossed_in_a_direction_and_not_around_its_end(
    direction: str, path: list[Spot], said: list[str]
) -> None:
    text = f"line: [{{id: out-of-here, lines: [middle], direction: {direction}}}]"
    show = Show(ruled(text, VIEW))
    show.play(1.0, path[:1])
    walk(show, path)
    show.play(3.0, path[-1:])
    told = [change.data["direction"] for change in show.said if change.phase is OPENED]
    assert told == said
    assert phases(show.said) == [OPENED, CLOSED] * len(said)


FENCE = "fence: [{id: at-fence, lines: [middle], distance: 2, duration: 4s}]"


@pytest.mark.parametrize(
    ("spots", "expected"),
    [
        ([(7.3, 5), (8.7, 5)], [OPENED]),
        ([(7.3, 5), (6.3, 5)], []),
        ([(6.0, 5), (9.0, 5)], []),
        ([(7.3, 0.4), (8.7, 0.4)], []),
    ],
    ids=["both sides", "one side", "too far", "beyond its end"],
)
def test_people_close_on_both_sides_of_a_fence(spots: list[Spot], expected: list[Phase]) -> None:
    show = Show(ruled(FENCE, VIEW))
    show.play(6.0, spots)
    assert phases(show.said) == expected


def test_a_fence_is_one_episode_whoever_stands_there() -> None:
    show = Show(ruled(FENCE, VIEW))
    show.play(6.0, [(7.3, 5), (8.7, 5)])
    show.play(6.0, [(7.3, 5), (8.7, 5), (7.3, 6.5), (8.7, 6.5)])
    show.play(6.0, [(4, 5), (12, 5), (7.3, 6.5), (8.7, 6.5)])
    assert phases(show.said) == [OPENED]
    (opened,) = show.said
    assert opened.data["min_distance_m"] == pytest.approx(1.4, abs=0.2)


def test_a_zone_may_hold_so_many_people() -> None:
    show = Show(ruled("occupancy: [{id: full, zones: [left], most: 2, duration: 3s}]", VIEW))
    show.play(6.0, [(3, 4), (5, 4), (12, 4)])
    assert show.said == []
    show.play(6.0, [(3, 4), (5, 4), (7, 6)])
    show.play(8.0, [(3, 4), (5, 4)])
    assert phases(show.said) == [OPENED, CLOSED]
    assert show.said[0].data["people"] == 3


MASKS = """
schedules: [{id: meals, hours: ["14:00-14:01"]}]
mask: {cooldown: 5s, exempt: [{zones: [left]}, {when: meals}]}
"""


def bare(show: Show, spot: Spot, seconds: int) -> list[Phase]:
    before = len(show.said)
    for _ in range(seconds):
        show.play(1.0, [spot])
        show.read(dict.fromkeys(range(1, 9), MaskState.ABSENT))
    return phases(show.said[before:])


def test_no_mask_is_wanted_in_the_own_room_nor_at_meals() -> None:
    show = Show(ruled(MASKS, VIEW))
    assert bare(show, (12, 4), 50) == [], "at meals"
    assert bare(show, (12, 4), 20) == [OPENED], "the meal is over"
    walk(show, [(12, 4), (4, 4)])
    assert bare(show, (4, 4), 10) == []
    assert phases(show.said) == [OPENED, CLOSED], "in the room"
    walk(show, [(4, 4), (12, 4)])
    assert bare(show, (12, 4), 2) == [], "votes from the room are no votes outside it"


def test_who_may_be_bare_is_neither_answered_nor_unknown() -> None:
    show = Show(ruled("mask: {exempt: [{zones: [left]}]}", VIEW))
    show.play(2.0, [(4, 4), (12, 4)])
    show.play(6.0, [])
    _, counted = harvest(show.watch)
    assert (counted.persons, counted.answered, counted.unknown) == (2, 0, 1)
    assert counted.seconds == pytest.approx(7.8, abs=0.3)
    assert counted.placed_seconds == pytest.approx(counted.person_seconds)


DISTANCE = "distancing: {duration: 5s, companion_seconds: 8s}\n"


def test_a_cohort_is_excused_in_its_zone_and_nowhere_else() -> None:
    text = DISTANCE + "cohorts: [{id: room, zones: [left]}]"
    show = Show(ruled(text, VIEW))
    show.play(10.0, [(4, 4), (5, 4)])
    assert show.said == []
    show.play(12.0, [(11, 4), (12, 4)])
    assert phases(show.said) == [OPENED]


def test_a_cohort_holds_at_its_hours_and_excuses_a_gathering_too() -> None:
    text = GATHER + (
        "\nschedules: [{id: short, hours: ['14:00-14:01']}]"
        "\ncohorts: [{id: room, zones: [left], when: short}]"
    )
    show = Show(ruled(text, VIEW))
    show.play(55.0, [(4, 4), (5, 4), (4.5, 5)])
    assert show.said == []
    show.play(15.0, [(4, 4), (5, 4), (4.5, 5)])
    assert phases(show.said) == [OPENED]


def test_companions_are_labelled_weigh_less_and_are_never_silent() -> None:
    together, met = Show(ruled(DISTANCE)), Show(ruled(DISTANCE))
    together.play(12.0, [(4, 4), (5, 4)])
    together.play(4.0, [])
    met.play(6.0, [(4, 4), (12, 4)])
    walk_in = [(12 - 0.2 * step, 4.0) for step in range(36)]
    for spot in walk_in:
        met.play(0.2, [(4, 4), spot])
    met.play(6.0, [(4, 4), walk_in[-1]])
    met.play(4.0, [])
    assert phases(together.said) == phases(met.said) == [OPENED, CLOSED]
    assert together.said[-1].data["companions"]
    assert together.said[-1].severity is Severity.LOW
    assert not met.said[-1].data["companions"]
    assert met.said[-1].severity is Severity.MEDIUM


def test_an_episode_names_the_versions_of_what_judged_it() -> None:
    one, other = Show(ruled(GATHER)), Show(ruled(GATHER.replace("5s", "6s")))
    for show in (one, other):
        show.play(9.0, [(4, 4), (5, 4), (4.5, 5)])
    assert one.said[0].rules != other.said[0].rules
    assert one.said[0].calibration == other.said[0].calibration != ""


SPOTS = st.lists(st.tuples(st.floats(1, 15), st.floats(2, 8)), max_size=6)
ACTS = st.lists(st.tuples(SPOTS, st.sampled_from([0.4, 1.0, 4.0]), st.booleans()), max_size=10)
EVERYTHING = f"""
{GATHER}
mask: {{}}
distancing: {{duration: 1s}}
cohorts: [{{id: room, zones: [left]}}]
{ZONE}
line: [{{id: cross, lines: [middle]}}]
{FENCE}
occupancy: [{{id: full, zones: [left, right], most: 1, duration: 1s}}]
"""


@hypothesis_settings(max_examples=25)
@given(ACTS)
def test_every_rule_at_once_opens_and_closes_in_pairs_and_the_same_way_twice(
    acts: list[tuple[list[Spot], float, bool]],
) -> None:
    shows = [Show(ruled(EVERYTHING, VIEW)) for _ in range(2)]
    for show in shows:
        for spots, seconds, broken in acts:
            show.play(seconds, spots)
            show.read(dict.fromkeys(range(1, 60), MaskState.ABSENT))
            if broken:
                show.stop("stream_lost")
        show.stop()
    one, two = shows
    assert repr(one.said) == repr(two.said)
    open_now: set[str] = set()
    for change in one.said:
        assert (change.episode in open_now) is (change.phase is CLOSED)
        open_now ^= {change.episode}
        assert change.t0 <= change.t1
    assert not open_now
