"""Whether a site is there, and whether somebody would be woken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.center.silence import Heard, Standing, Timing, judge, supersedes

TIMING = Timing(heartbeat=30, hold_down=90)
UP = Heard("online", "e1", 5, word_at=1000, beat_at=1000)


@pytest.mark.parametrize(
    ("heard", "now", "standing", "page"),
    [
        (UP, 1001, Standing.ONLINE, False),
        (UP, 1065, Standing.ONLINE, False),  # two heartbeats may be late
        (UP, 1067, Standing.SILENT, False),
        (UP, 1157, Standing.SILENT, True),  # within three minutes
        (Heard("offline", "e1", 5, 1000), 1001, Standing.OFFLINE, False),
        (Heard("offline", "e1", 5, 1000), 1089, Standing.OFFLINE, False),
        (Heard("offline", "e1", 5, 1000), 1091, Standing.OFFLINE, True),
        (Heard("stopped", "e1", 5, 1000), 99_999, Standing.STOPPED, False),
        (Heard(), 99_999, Standing.UNKNOWN, False),
    ],
)
def test_a_table_of_sites(heard: Heard, now: float, standing: Standing, page: bool) -> None:
    verdict = judge(heard, now, 0.0, TIMING)
    assert (verdict.standing, verdict.page) == (standing, page)


def test_while_we_do_not_listen_nobody_is_judged() -> None:
    assert judge(UP, 99_999, None, TIMING).standing is Standing.UNKNOWN


def test_time_before_we_listened_is_held_against_nobody() -> None:
    assert judge(UP, 9000, 8990, TIMING).standing is Standing.ONLINE
    gone = Heard("offline", "e1", 5, 1000)
    assert not judge(gone, 9000, 8990, TIMING).page
    assert judge(gone, 9100, 8990, TIMING).page


@pytest.mark.parametrize(
    ("word", "epoch", "conn", "news"),
    [
        ("offline", "e1", 5, True),
        ("stopped", "e1", 5, True),
        ("online", "e1", 6, True),
        ("offline", "e1", 4, False),  # the old connection's will comes after the new one's birth
        ("online", "e1", 4, False),
        ("online", "e2", 1, True),  # re-imaged
        ("offline", "e2", 1, False),  # the end of a life that never began here
    ],
)
def test_the_end_of_an_older_connection_is_no_news(
    word: str, epoch: str, conn: int, news: bool
) -> None:
    assert supersedes(UP, word, epoch, conn) is news


def test_an_end_is_not_undone_by_the_same_connection() -> None:
    assert not supersedes(Heard("offline", "e1", 5), "online", "e1", 5)
    assert supersedes(Heard("offline", "e1", 5), "online", "e1", 6)


@given(st.floats(0, 89), st.floats(0, 1e6))
def test_a_short_absence_pages_nobody(away: float, now: float) -> None:
    assert not judge(Heard("offline", "e1", 1, now - away), now, 0.0, TIMING).page
