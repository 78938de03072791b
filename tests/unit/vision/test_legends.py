"""Legends: the metres or the mask that a still says of each person in the event."""

from datetime import UTC, datetime
from typing import Any

import pytest

from edge_agent.core.event import EpisodeChange, Phase, Rule, Shot
from edge_agent.core.geometry import Box, Size
from edge_agent.rules.ground import fit_plane
from edge_agent.vision.legends import legends
from tests.unit.vision.pictures import FLOOR

SUB, MAIN = Size(640, 360), Size(1920, 1080)
PLANE = fit_plane(FLOOR, SUB)
ROW = [Box(x, 100, x + 30, 190) for x in (100, 160, 260)]  # 1.5 m and 2.5 m apart
AT = datetime(2021, 7, 28, 7, 0, 5, tzinfo=UTC)


def change(rule: Rule, **data: Any) -> EpisodeChange:
    return EpisodeChange("e", Phase.OPENED, rule, "c1", AT, AT, (1, 2, 3), data=data)


@pytest.mark.parametrize("rule", [Rule.DISTANCING, Rule.GATHERING])
def test_everybody_has_the_metres_to_the_nearest_of_the_others(rule: Rule) -> None:
    assert legends(change(rule), Shot.NOW, ROW, PLANE, SUB) == ["1.5 m", "1.5 m", "2.5 m"]


def test_a_picture_of_the_main_stream_says_the_same_metres() -> None:
    large = [box.scaled(3, 3) for box in ROW]
    assert legends(change(Rule.DISTANCING), Shot.NOW, large, PLANE, MAIN) == [
        "1.5 m",
        "1.5 m",
        "2.5 m",
    ]


@pytest.mark.parametrize(
    ("shot", "told"),
    [(Shot.BEFORE, ""), (Shot.NOW, "absent"), (Shot.WORST, "absent"), (Shot.AFTER, "")],
)
def test_a_mask_is_told_where_the_picture_shows_it(shot: Shot, told: str) -> None:
    assert legends(change(Rule.MASK, state="absent"), shot, ROW[:1], PLANE, SUB) == [told]


def test_what_is_not_known_is_not_written() -> None:
    assert legends(change(Rule.DISTANCING), Shot.NOW, ROW[:2], None, SUB) == ["", ""]
    assert legends(change(Rule.DISTANCING), Shot.NOW, ROW[:1], PLANE, SUB) == [""]
    assert legends(change(Rule.TAMPER), Shot.NOW, ROW[:1], PLANE, SUB) == [""]
