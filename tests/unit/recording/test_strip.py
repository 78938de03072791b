"""The picture of the ledger, and the figures beside it."""

from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from edge_agent.core.ledger import Day
from edge_agent.core.media import Gap, GapReason
from edge_agent.recording.strip import LEGEND, percent, picture, say

START = datetime(2021, 7, 28, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def day(*gaps: tuple[float, float, GapReason]) -> Day:
    lost = tuple(
        Gap("yard", START + timedelta(hours=a), START + timedelta(hours=b), why, "<&>")
        for a, b, why in gaps
    )
    return Day("yard", date(2021, 7, 28), START, START + timedelta(hours=24), lost)


def bars(svg: str) -> list[tuple[str, float, float]]:
    rects = ET.fromstring(svg).findall(f"{SVG}rect")
    return [
        (rect.get("fill", ""), float(rect.get("x", 0)), float(rect.get("width", 0)))
        for rect in rects
        if rect.find(f"{SVG}title") is not None
    ]


def test_every_reason_has_a_colour_of_its_own_and_two_languages() -> None:
    assert set(LEGEND) == set(GapReason)
    assert len({colour for colour, _vi, _en in LEGEND.values()}) == len(LEGEND)
    svg = picture([day()], UTC, "site")
    assert all(vi in svg and en in svg for _colour, vi, en in LEGEND.values())


def test_a_gap_is_drawn_where_and_as_long_as_it_was() -> None:
    svg = picture([day((6, 12, GapReason.POWER_LOSS))], UTC, "site <1>")
    assert bars(svg)[2] == (LEGEND[GapReason.POWER_LOSS][0], 360.0, 240.0)


def test_a_gap_of_a_second_can_still_be_seen() -> None:
    svg = picture([day((23.9999, 24, GapReason.NETWORK))], UTC, "site")
    _colour, x, wide = bars(svg)[2]
    assert wide >= 1
    assert x + wide <= 1080


def test_nothing_due_is_said_and_not_an_empty_picture() -> None:
    assert "Nothing was due" in picture([], UTC, "site")


@pytest.mark.parametrize(
    ("lost", "expected"), [(0, "100 %"), (1, "99.99 %"), (43_200, "50.00 %"), (86_400, "0.00 %")]
)
def test_a_lost_second_is_never_rounded_away(lost: int, expected: str) -> None:
    whole = timedelta(days=1)
    assert percent(whole - timedelta(seconds=lost), whole) == expected


def test_lengths_are_said_as_people_say_them() -> None:
    lengths = [timedelta(seconds=4.25), timedelta(seconds=190), timedelta(seconds=7500)]
    assert [say(one) for one in lengths] == ["4.2 s", "3 min 10 s", "2 h 05 min"]
