"""Legends: the metres or the mask that a still says of each person in the event."""

from datetime import UTC, datetime
from typing import Any

import pytest

from edge_agent.config.schema import Calibration
from edge_agent.core.event import EpisodeChange, Phase, Rule
from edge_agent.core.geometry import Box, Size
from edge_agent.rules.ground import fit_plane
from edge_agent.vision.legends import legends

SUB, MAIN = Size(640, 360), Size(1920, 1080)
FLOOR = Calibration.model_validate(  # 40 pixels are a metre, the whole picture is floor
    {
        "size": (640, 360),
        "points": [
            {"pixel": (0, 0), "metres": (0, 0)},
            {"pixel": (640, 0), "metres": (16, 0)},
            {"pixel": (640, 360), "metres": (16, 9)},
            {"pixel": (0, 360), "metres": (0, 9)},
        ],
    }
)
PLANE = fit_plane(FLOOR, SUB)
ROW = [Box(x, 100, x + 30, 190) for x in (100, 160, 260)]  # 1.5 m and 2.5 m apart
AT = datetime(2021, 7, 28, 7, 0, 5, tzinfo=UTC)


def change(rule: Rule, **data: Any) -> EpisodeChange:
    return EpisodeChange("e", Phase.OPENED, rule, "c1", AT, AT, (1, 2, 3), data=data)


@pytest.mark.parametrize("rule", [Rule.DISTANCING, Rule.GATHERING])
def test_everybody_has_the_metres_to_the_nearest_of_the_others(rule: Rule) -> None:
    assert legends(change(rule), ROW, PLANE, SUB) == ["1.5 m", "1.5 m", "2.5 m"]


def test_a_picture_of_the_main_stream_says_the_same_metres() -> None:
    large = [box.scaled(3, 3) for box in ROW]
    assert legends(change(Rule.DISTANCING), large, PLANE, MAIN) == ["1.5 m", "1.5 m", "2.5 m"]


def test_a_mask_is_told_in_its_own_word() -> None:
    assert legends(change(Rule.MASK, state="absent"), ROW[:1], PLANE, SUB) == ["absent"]


def test_what_is_not_known_is_not_written() -> None:
    assert legends(change(Rule.DISTANCING), ROW[:2], None, SUB) == ["", ""]
    assert legends(change(Rule.DISTANCING), ROW[:1], PLANE, SUB) == [""]
    assert legends(change(Rule.TAMPER), ROW[:1], PLANE, SUB) == [""]
