"""Moments as people write them."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.moment import parse_moment
from edge_agent.core.trouble import Trouble

NOW = datetime(2021, 7, 28, 8, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-07-28 14:32", datetime(2021, 7, 28, 7, 32, tzinfo=UTC)),
        ("2021-07-28 14:32:05", datetime(2021, 7, 28, 7, 32, 5, tzinfo=UTC)),
        ("2021-07-28T14:32:05.250", datetime(2021, 7, 28, 7, 32, 5, 250_000, tzinfo=UTC)),
        ("2021-07-28T14:32:05Z", datetime(2021, 7, 28, 14, 32, 5, tzinfo=UTC)),
        ("2021-07-28T14:32:05+07:00", datetime(2021, 7, 28, 7, 32, 5, tzinfo=UTC)),
        ("2021-07-28T14:32:05-0500", datetime(2021, 7, 28, 19, 32, 5, tzinfo=UTC)),
        ("-5m", datetime(2021, 7, 28, 7, 55, tzinfo=UTC)),
        ("-90s", datetime(2021, 7, 28, 7, 58, 30, tzinfo=UTC)),
        ("-30d", datetime(2021, 6, 28, 8, 0, tzinfo=UTC)),
    ],
)
def test_each_way_of_writing_is_understood(text: str, moment: datetime) -> None:
    parsed = parse_moment(text, NOW, ZONE)
    assert parsed == moment
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "5m", "-5", "-5w", "-999999d", "2021-07-28", "2021-13-01 00:00"),
        *("2021-02-30 10:00", "2021-07-28 25:00", "2021-07-28T14:32:05+99:00", "１２:00"),
        *("0001-01-01 00:00", "9999-12-31T23:59:59-12:00", "2021-07-28 14:32\n", "2021\x00"),
        *("２０２１-07-28 14:32", "\ud800", "-" * 5000),
    ],
)
def test_anything_else_is_a_trouble_in_words(text: str) -> None:
    with pytest.raises(Trouble) as caught:
        parse_moment(text, NOW, ZONE)
    assert caught.value.code == "time.wrong"
    assert len(caught.value.en) < 300
    assert caught.value.en.isprintable()


@given(st.text(max_size=40))
def test_no_text_crashes(text: str) -> None:
    with suppress(Trouble):
        parse_moment(text, NOW, ZONE)
