"""The gap book: every due second is recorded or explained, once."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.media import Gap, GapReason
from edge_agent.recording.gaps import TOLERANCE, GapBook

START = datetime(2021, 7, 28, 7, 0, tzinfo=UTC)
REASONS = [GapReason.CAMERA_OFFLINE, GapReason.DISK_FULL, GapReason.PASSWORD_REFUSED]
steps = st.lists(
    st.tuples(st.sampled_from(["lost", "record"]), st.integers(0, 300), st.sampled_from(REASONS)),
    max_size=40,
)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(steps)
def test_gaps_and_recordings_tile_the_time_and_one_gap_at_most_is_open(
    done: list[tuple[str, int, GapReason]],
) -> None:
    book, now, rows, spans = GapBook("yard"), 0, {}, []
    for kind, seconds, reason in done:
        if kind == "lost":
            now += seconds
            book, gaps = book.lost(at(now), reason)
        else:
            began = now = now + 1
            book, gaps = book.recording(at(began), GapReason.RECORDER_RESTARTED)
            now += seconds
            book = book.recorded(at(now))
            spans.append((at(began), at(now)))
        rows |= {gap.start: gap for gap in gaps}
    still_open = [gap for gap in rows.values() if gap.end is None]
    assert still_open == ([book.open] if book.open else [])
    explained = [(gap.start, gap.end or at(now)) for gap in rows.values()]
    together = sorted(span for span in spans + explained if span[0] < span[1])
    for (_, end), (following, _) in pairwise(together):
        assert end <= following <= end + TOLERANCE or following == end


def test_a_new_camera_is_due_from_its_first_failure() -> None:
    book, gaps = GapBook("yard").lost(at(5), GapReason.CAMERA_OFFLINE)
    assert gaps == (Gap("yard", at(5), None, GapReason.CAMERA_OFFLINE),)
    assert book.open == gaps[0]


def test_a_gap_begins_at_the_last_recorded_moment_not_when_it_was_noticed() -> None:
    book = GapBook("yard").recorded(at(60))
    _, gaps = book.lost(at(65), GapReason.CAMERA_OFFLINE)
    assert gaps[0].start == at(60)


def test_the_same_reason_again_writes_nothing() -> None:
    book, _ = GapBook("yard").lost(at(0), GapReason.CAMERA_OFFLINE)
    assert book.lost(at(9), GapReason.CAMERA_OFFLINE, "Connection refused") == (book, ())


def test_another_reason_ends_one_gap_and_begins_the_next() -> None:
    book, _ = GapBook("yard").lost(at(0), GapReason.CAMERA_OFFLINE)
    _, gaps = book.lost(at(9), GapReason.PASSWORD_REFUSED)
    assert [(gap.start, gap.end, gap.reason) for gap in gaps] == [
        (at(0), at(9), GapReason.CAMERA_OFFLINE),
        (at(9), None, GapReason.PASSWORD_REFUSED),
    ]


def test_a_hole_that_nobody_noticed_is_explained_when_packets_flow_again() -> None:
    book = GapBook("yard").recorded(at(60))
    _, gaps = book.recording(at(90), GapReason.RECORDER_RESTARTED)
    assert gaps == (Gap("yard", at(60), at(90), GapReason.RECORDER_RESTARTED),)


def test_files_that_follow_each_other_leave_no_gap() -> None:
    book = GapBook("yard").recorded(at(60))
    assert book.recording(at(60.04), GapReason.UNKNOWN)[1] == ()


def test_a_clock_set_back_gives_no_gap_that_ends_before_it_begins() -> None:
    book, _ = GapBook("yard").lost(at(100), GapReason.CAMERA_OFFLINE)
    _, gaps = book.recording(at(40), GapReason.CLOCK_STEPPED)
    assert gaps[0].end == gaps[0].start


def test_after_a_clock_that_was_set_back_gaps_begin_where_recording_ended_by_the_new_time() -> None:
    book = GapBook("yard").recorded(at(3600))
    book, gaps = book.recording(at(0), GapReason.CLOCK_STEPPED)
    assert gaps == ()
    _, gaps = book.recorded(at(10)).lost(at(15), GapReason.CAMERA_OFFLINE)
    assert gaps[0].start == at(10)
