"""The gap book: every due second is recorded or explained, once."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.media import Gap, GapReason
from edge_agent.core.time import Instant
from edge_agent.recording.gaps import TOLERANCE, GapBook

START = datetime(2021, 7, 28, 7, 0, tzinfo=UTC)
REASONS = [GapReason.CAMERA_OFFLINE, GapReason.DISK_FULL, GapReason.PASSWORD_REFUSED]
steps = st.lists(
    st.tuples(st.sampled_from(["lost", "record"]), st.integers(0, 300), st.sampled_from(REASONS)),
    max_size=40,
)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def moment(seconds: float, shift: float = 0.0) -> Instant:
    """So many seconds after the start, by a wall clock that is `shift` seconds ahead."""
    return Instant(at(seconds + shift), 1000.0 + seconds)


@given(steps)
def test_gaps_and_recordings_tile_the_time_and_one_gap_at_most_is_open(
    done: list[tuple[str, int, GapReason]],
) -> None:
    book, now, rows, spans = GapBook("yard"), 0, {}, []
    for kind, seconds, reason in done:
        if kind == "lost":
            now += seconds
            book, gaps = book.lost(moment(now), reason)
        else:
            began = now = now + 1
            book, gaps = book.recording(moment(began), GapReason.RECORDER_RESTARTED)
            now += seconds
            book = book.recorded(moment(now))
            spans.append((at(began), at(now)))
        rows |= {gap.start: gap for gap in gaps}
    still_open = [gap for gap in rows.values() if gap.end is None]
    assert still_open == ([book.open] if book.open else [])
    explained = [(gap.start, gap.end or at(now)) for gap in rows.values()]
    together = sorted(span for span in spans + explained if span[0] < span[1])
    for (_, end), (following, _) in pairwise(together):
        assert end <= following <= end + TOLERANCE or following == end


def test_a_new_camera_is_due_from_its_first_failure() -> None:
    book, gaps = GapBook("yard").lost(moment(5), GapReason.CAMERA_OFFLINE)
    assert gaps == (Gap("yard", at(5), None, GapReason.CAMERA_OFFLINE),)
    assert book.open == gaps[0]


def test_a_gap_begins_at_the_last_recorded_moment_not_when_it_was_noticed() -> None:
    book = GapBook("yard").recorded(moment(60))
    _, gaps = book.lost(moment(65), GapReason.CAMERA_OFFLINE)
    assert gaps[0].start == at(60)


def test_the_same_reason_again_writes_nothing() -> None:
    book, _ = GapBook("yard").lost(moment(0), GapReason.CAMERA_OFFLINE)
    assert book.lost(moment(9), GapReason.CAMERA_OFFLINE, "Connection refused") == (book, ())


def test_another_reason_ends_one_gap_and_begins_the_next() -> None:
    book, _ = GapBook("yard").lost(moment(0), GapReason.CAMERA_OFFLINE)
    _, gaps = book.lost(moment(9), GapReason.PASSWORD_REFUSED)
    assert [(gap.start, gap.end, gap.reason) for gap in gaps] == [
        (at(0), at(9), GapReason.CAMERA_OFFLINE),
        (at(9), None, GapReason.PASSWORD_REFUSED),
    ]


def test_a_hole_that_nobody_noticed_is_explained_when_packets_flow_again() -> None:
    book = GapBook("yard").recorded(moment(60))
    _, gaps = book.recording(moment(90), GapReason.RECORDER_RESTARTED)
    assert gaps == (Gap("yard", at(60), at(90), GapReason.RECORDER_RESTARTED),)


def test_files_that_follow_each_other_leave_no_gap() -> None:
    book = GapBook("yard").recorded(moment(60))
    assert book.recording(moment(60.04), GapReason.UNKNOWN)[1] == ()


def spans(gaps: tuple[Gap, ...]) -> list[tuple[float, float | None]]:
    return [
        ((gap.start - START).total_seconds(), gap.end and (gap.end - START).total_seconds())
        for gap in gaps
    ]


def test_a_gap_in_which_the_clock_was_set_back_is_told_by_both_of_its_times() -> None:
    book, _ = GapBook("yard").lost(moment(100), GapReason.CAMERA_OFFLINE)
    assert book.moved(moment(110)) == (book, ())
    _, gaps = book.recording(moment(130, shift=-3600), GapReason.CLOCK_STEPPED)
    assert spans(gaps) == [(100, 130), (-3500, -3470)]
    assert {gap.reason for gap in gaps} == {GapReason.CAMERA_OFFLINE}


def test_a_gap_is_split_while_it_lasts_and_goes_on_by_the_new_time() -> None:
    book, _ = GapBook("yard").lost(moment(100), GapReason.CAMERA_OFFLINE)
    book, gaps = book.moved(moment(105, shift=-3600))
    assert spans(gaps) == [(100, 105), (-3500, None)]
    assert book.moved(moment(106, shift=-3600)) == (book, ())
    _, gaps = book.lost(moment(110, shift=-3600), GapReason.DISK_FULL)
    assert spans(gaps) == [(-3500, -3490), (-3490, None)]


def test_a_camera_that_froze_while_the_clock_was_set_back_leaves_no_hole() -> None:
    book = GapBook("yard").recorded(moment(60))
    _, gaps = book.lost(moment(65, shift=-3600), GapReason.CAMERA_OFFLINE)
    assert spans(gaps) == [(60, 65), (-3540, None)]


def test_a_silence_before_a_run_by_another_time_is_explained_by_both() -> None:
    book = GapBook("yard").recorded(moment(60))
    _, gaps = book.recording(moment(63, shift=-3600), GapReason.CLOCK_STEPPED)
    assert spans(gaps) == [(60, 63), (-3540, -3537)]


def test_after_a_clock_that_was_set_back_gaps_begin_where_recording_ended_by_the_new_time() -> None:
    book = GapBook("yard").recorded(moment(3600))
    book, gaps = book.recording(moment(3600, shift=-3600), GapReason.CLOCK_STEPPED)
    assert gaps == ()
    _, gaps = book.recorded(moment(3610, shift=-3600)).lost(
        moment(3615, shift=-3600), GapReason.CAMERA_OFFLINE
    )
    assert gaps[0].start == at(10)
