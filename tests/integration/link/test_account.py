"""The data account counts by day and lane, over restarts, in the site's own time zone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.core.event import Lane
from edge_agent.core.time import Instant
from edge_agent.link.account import Account
from edge_agent.store.journal import Journal
from edge_agent.store.spent import DAYS_KEPT

NOON = datetime(2021, 7, 28, 5, tzinfo=UTC)  # in Hanoi
ZONE = "Asia/Ho_Chi_Minh"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    kept = Journal(tmp_path / "events.db")
    yield kept
    kept.close()


def test_what_was_written_down_survives_and_midnight_is_that_of_the_site(journal: Journal) -> None:
    account = Account(journal.spent, {Lane.BULK: 100}, ZONE)
    account.starved(NOON)
    account.spend("bulk", 60)
    account.spend("other", 5)
    account.flush(Instant(NOON, 1000.0), all_of_it=True)
    again = Account(journal.spent, {Lane.BULK: 100}, ZONE)
    again.starved(NOON)
    again.spend("bulk", 40)
    assert again.starved(NOON) == {Lane.BULK}
    assert again.report(NOON) == {
        "day": "2021-07-28",
        "sent": {"bulk": 100, "other": 5},
        "caps": {"bulk": 100},
        "withheld": ["bulk"],
    }
    before_midnight = datetime(2021, 7, 28, 16, 59, tzinfo=UTC)
    after_midnight = datetime(2021, 7, 28, 17, 0, tzinfo=UTC)
    assert again.starved(before_midnight) == {Lane.BULK}
    assert again.starved(after_midnight) == frozenset()
    assert again.report(after_midnight)["sent"] == {}
    assert journal.spent.on("2021-07-28") == {"bulk": 100, "other": 5}


def test_it_is_not_written_for_every_packet(journal: Journal) -> None:
    account = Account(journal.spent, {}, ZONE)
    account.flush(Instant(NOON, 1000.0))
    account.spend("alarm", 7)
    account.flush(Instant(NOON, 1005.0))
    assert journal.spent.on("2021-07-28") == {}
    account.flush(Instant(NOON, 1010.0))
    assert journal.spent.on("2021-07-28") == {"alarm": 7}


def test_alarms_have_no_cap_whatever_is_said(journal: Journal) -> None:
    account = Account(journal.spent, {Lane.ALARM: 1}, ZONE)
    account.starved(NOON)
    account.spend("alarm", 100)
    assert account.starved(NOON) == frozenset()


def test_old_days_are_forgotten(journal: Journal) -> None:
    for day in range(DAYS_KEPT + 10):
        journal.spent.add(f"2021-{1 + day // 28:02}-{1 + day % 28:02}", {"bulk": 1})
    assert journal.spent.on("2021-01-01") == {}
    assert journal.spent.on("2021-03-16") == {"bulk": 1}
