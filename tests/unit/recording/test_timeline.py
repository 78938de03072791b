"""Timestamps: whatever a camera says, a file's DTS grows and nothing is dropped."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.recording.timeline import Timeline

TICKS, FRAME = 90_000, 3600
stamps = st.one_of(st.none(), st.integers(-(2**40), 2**40))


@given(st.lists(st.tuples(stamps, stamps, st.floats(0, 30)), min_size=1, max_size=60))
def test_dts_grows_strictly_and_no_picture_is_shown_before_it_is_decoded(
    packets: list[tuple[int | None, int | None, float]],
) -> None:
    timeline, arrived, last = Timeline(TICKS, FRAME), 0.0, -1
    for dts, pts, wait in packets:
        arrived += wait
        stamp = timeline.place(dts, pts, arrived)
        assert stamp.dts > last
        assert stamp.pts >= stamp.dts
        last = stamp.dts


def test_a_run_begins_at_zero_wherever_the_camera_counts() -> None:
    timeline = Timeline(TICKS, FRAME)
    assert timeline.place(987_654_321, 987_654_321, 5.0).dts == 0
    assert timeline.place(987_657_921, 987_657_921, 5.04).dts == FRAME


def test_a_small_step_back_is_nudged_and_does_not_break_the_run() -> None:
    timeline = Timeline(TICKS, FRAME)
    timeline.place(0, 0, 0.0)
    timeline.place(FRAME, FRAME, 0.04)
    stamp = timeline.place(FRAME - 10, FRAME - 10, 0.08)
    assert (stamp.dts, stamp.broken) == (FRAME + 1, False)


def test_a_jump_becomes_the_time_that_really_passed_and_breaks_the_run() -> None:
    for jump in (-50.0, 50.0):
        timeline = Timeline(TICKS, FRAME)
        timeline.place(0, 0, 0.0)
        stamp = timeline.place(round(jump * TICKS), None, 0.5)
        assert (stamp.dts, stamp.broken) == (TICKS // 2, True)
        following = timeline.place(round(jump * TICKS) + FRAME, None, 0.54)
        assert (following.dts, following.broken) == (TICKS // 2 + FRAME, False)


def test_missing_stamps_continue_at_the_frame_length_last_seen() -> None:
    timeline = Timeline(TICKS, FRAME)
    timeline.place(0, 0, 0.0)
    timeline.place(6000, 6000, 0.07)
    assert timeline.place(None, None, 0.14).dts == 12_000


def test_reordered_pictures_keep_their_distance() -> None:
    timeline = Timeline(TICKS, FRAME)
    assert timeline.place(0, 2 * FRAME, 0.0).pts == 2 * FRAME


def test_a_step_that_took_its_time_is_a_hole_and_one_that_did_not_is_broken() -> None:
    for passed, hole in ((2.0, 2.0), (0.04, 0.0)):
        timeline = Timeline(TICKS, FRAME)
        timeline.place(0, 0, 0.0)
        timeline.place(FRAME, FRAME, 0.04)
        stamp = timeline.place(FRAME + 2 * TICKS, None, 0.04 + passed)
        assert (stamp.hole, stamp.broken) == (hole, not hole)


def test_a_picture_that_is_handed_out_late_does_not_hide_the_hole_behind_it() -> None:
    timeline = Timeline(TICKS, FRAME)
    timeline.place(0, 0, 0.0)
    timeline.place(FRAME, FRAME, 2.0)  # held back until the next one had begun
    assert timeline.place(FRAME + 2 * TICKS, None, 2.01).hole == 2.0


def test_one_picture_in_two_seconds_is_a_slow_camera_not_a_row_of_holes() -> None:
    timeline = Timeline(TICKS, 2 * TICKS)
    for number in range(5):
        assert timeline.place(number * 2 * TICKS, None, number * 2.0).hole == 0.0
