"""A clock in the past is noticed; a clock that runs ahead locks nobody out."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_agent.link.floor import BUILT, behind, raised

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("now", [datetime(2000, 1, 1, tzinfo=UTC), BUILT - DAY])
def test_a_box_that_woke_in_the_past_judges_no_certificate(now: datetime) -> None:
    trouble = behind(now, NEVER)
    assert trouble
    assert trouble.code == "link.clock_behind"
    assert f"{now:%Y-%m-%d}" in trouble.en
    assert f"{BUILT:%Y-%m-%d}" in trouble.vi


def test_what_both_clocks_have_reached_counts_and_a_small_step_does_not() -> None:
    agreed = BUILT + 100 * DAY
    assert behind(BUILT + 50 * DAY, agreed)
    assert behind(agreed - timedelta(minutes=30), agreed) is None
    assert behind(agreed, agreed) is None


def test_the_floor_rises_by_the_earlier_clock_and_not_every_second() -> None:
    now = BUILT + DAY
    assert raised(NEVER, now, now + 4000 * DAY) == now, "a center that lives in 2037"
    assert raised(NEVER, now + 4000 * DAY, now) == now, "a site that lives in 2037"
    assert raised(now, now + timedelta(minutes=5), now + DAY) is None
    assert raised(NEVER, BUILT - DAY, now) is None
