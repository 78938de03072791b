"""The watch over a camera: frames and readings in, episodes out."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from edge_agent.config.schema import Calibration, CalibrationPoint
from edge_agent.core.event import Phase, Rule
from edge_agent.core.perception import MaskState, TrackState
from edge_agent.rules.watch import decide, heads_due, new_watch, read_heads, tracks, violators
from tests.unit.rules.scenes import Show, moment, person, phases, reading, settings

OPENED, CLOSED = Phase.OPENED, Phase.CLOSED
TWO, APART = [(4.0, 5.0), (5.2, 5.0)], [(4.0, 5.0), (9.0, 5.0)]


def test_two_who_stay_close_are_an_episode_that_closes_when_they_part() -> None:
    show = Show()
    show.play(8.0, TWO)
    assert violators(show.watch) == {1, 2}
    for step in range(10):
        show.play(0.2, [(4.0, 5.0), (5.2 + 0.3 * step, 5.0)])
    show.play(4.0, [(4.0, 5.0), (8.2, 5.0)])
    opened, closed = show.said
    assert (opened.phase, closed.phase, closed.reason) == (OPENED, CLOSED, "ended")
    assert (opened.rule, opened.camera, opened.tracks) == (Rule.DISTANCING, "cam-1", (1, 2))
    assert opened.episode == closed.episode
    assert closed.data["min_distance_m"] == pytest.approx(1.2, abs=0.02)
    assert violators(show.watch) == frozenset()


@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0, 10.0])
def test_a_pair_that_passes_by_never_opens(fps: float) -> None:
    show = Show(fps=fps)
    for number in range(round(12 * fps)):
        x = 2.0 + number / fps
        show.frame([person(x, 5.0), person(16.0 - x, 5.6)])
    assert show.said == []


@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0, 10.0])
def test_an_episode_opens_soon_after_its_duration_at_every_frame_rate(fps: float) -> None:
    show = Show(settings(duration="5s"), fps=fps)
    show.play(9.0, TWO)
    (opened,) = show.said
    assert (opened.t1 - opened.t0).total_seconds() == pytest.approx(5.0, abs=1 / fps)


def test_missed_boxes_neither_hide_nor_double_an_episode() -> None:
    show = Show()
    for number in range(100):
        people = [person(*spot) for spot in TWO]
        show.frame(people[: 1 + (number % 5 < 3)])
    show.stop()
    assert phases(show.said) == [OPENED, CLOSED]
    assert show.said[-1].data["seconds"] > 17


def test_without_a_calibration_there_is_no_distance_and_a_reason() -> None:
    show = Show(settings(None))
    show.play(20.0, TWO)
    assert show.said == []
    assert show.watch.reason == "calibration.missing"
    assert [track.ground for track in tracks(show.watch)] == [None, None]
    assert Show().watch.reason == ""


def test_a_calibration_that_fixes_no_floor_costs_the_distances_and_not_the_masks() -> None:
    points = tuple(CalibrationPoint(pixel=(i, i), metres=(i, i)) for i in range(4))
    show = Show(settings(Calibration(size=(640, 360), points=points)))
    assert show.watch.reason == "calibration.collinear"
    show.play(1.0, TWO)
    assert len(heads_due(show.watch, show.now)) == 2


def bare_headed(show: Show, seconds: int = 4) -> None:
    for _ in range(seconds):
        show.play(1.0, TWO[:1])
        show.read({1: MaskState.ABSENT})


def test_a_bare_face_is_an_episode_when_the_votes_say_so() -> None:
    show = Show()
    bare_headed(show)
    show.play(0.2, TWO[:1])
    (opened,) = show.said
    assert (opened.phase, opened.rule, opened.tracks) == (OPENED, Rule.MASK, (1,))
    assert opened.data["state"] == "absent"
    assert opened.data["states"]["absent"] == 3
    assert opened.data["readings"] == 3
    assert opened.data["head_px"] == pytest.approx(54.2, abs=0.1)
    (track,) = tracks(show.watch)
    assert (track.mask, track.state) == (MaskState.ABSENT, TrackState.CONFIRMED)
    assert violators(show.watch) == {1}


def test_putting_the_mask_on_ends_it_and_so_does_leaving() -> None:
    stays, leaves = Show(), Show()
    for show in (stays, leaves):
        bare_headed(show)
    last = stays.now
    for _ in range(8):
        stays.play(1.0, TWO[:1])
        stays.read({1: MaskState.WORN})
    leaves.play(5.0, [])
    assert [change.reason for change in stays.said] == ["", "ended"]
    assert [change.reason for change in leaves.said] == ["", "out_of_view"]
    assert leaves.said[-1].t1 == last.wall


def test_unknown_never_opens_an_episode() -> None:
    show = Show()
    for _ in range(30):
        show.play(1.0, TWO[:1])
        assert show.read({1: MaskState.UNKNOWN}) == [1]
    assert show.said == []


def test_a_small_head_opens_none_whatever_the_model_says() -> None:
    show = Show()
    for _ in range(10):
        show.play(1.0, TWO[:1])
        show.read({1: MaskState.ABSENT}, head_px=20.0)
    assert show.said == []


def test_readings_of_people_who_are_gone_are_ignored() -> None:
    show = Show()
    show.play(1.0, TWO[:1])
    assert read_heads(show.watch, show.now, {99: reading(MaskState.ABSENT)}).ballots == {}
    show.read({1: MaskState.ABSENT})
    assert set(show.watch.ballots) == {1}
    show.play(5.0, [])
    assert show.watch.ballots == {}


def test_interruption_closes_everything_and_starts_over() -> None:
    show = Show()
    show.play(8.0, TWO)
    said = show.stop("stream_lost")
    assert [(change.phase, change.reason) for change in said] == [(CLOSED, "stream_lost")]
    assert tracks(show.watch) == ()
    assert show.stop() == ()
    show.play(1.0, APART)
    assert [track.id for track in tracks(show.watch)] == [3, 4]


def test_what_had_ended_before_the_interruption_keeps_its_own_reason() -> None:
    show = Show()
    show.play(8.0, TWO)
    show.seconds += 60
    assert [change.reason for change in show.stop("stopped")] == ["ended"]


def test_a_stream_that_stands_still_is_no_evidence() -> None:
    show = Show()
    show.play(4.0, TWO)
    watch, said = show.watch, []
    for second in range(20):
        watch, changes = decide(watch, moment(show.seconds + second))
        said += changes
    assert said == []
    assert decide(new_watch(settings()), moment(0)) == (new_watch(settings()), ())


def test_a_wall_clock_step_changes_no_duration() -> None:
    show = Show()
    show.play(3.0, TWO)
    show.wall_step = -86400.0
    show.play(5.0, TWO)
    show.wall_step = 86400.0
    show.play(2.0, TWO)
    show.stop()
    opened, closed = show.said
    assert opened.data["seconds"] == pytest.approx(5.0, abs=0.2)
    assert closed.data["seconds"] == pytest.approx(9.6, abs=0.2)
    assert (closed.t1 - closed.t0).total_seconds() == pytest.approx(closed.data["seconds"])


def test_a_watch_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Show().watch.reason = "x"  # type: ignore[misc]


SPOTS = st.lists(st.tuples(st.floats(1, 15), st.floats(2, 8)), max_size=4)


@hypothesis_settings(max_examples=25)
@given(st.lists(st.tuples(SPOTS, st.sampled_from([0.2, 1.0, 7.0]), st.booleans()), max_size=12))
def test_the_same_input_gives_the_same_episodes_and_none_stays_open(
    acts: list[tuple[list[tuple[float, float]], float, bool]],
) -> None:
    shows = [Show(settings(duration="1s")), Show(settings(duration="1s"))]
    for show in shows:
        for spots, seconds, broken in acts:
            show.play(seconds, spots)
            show.read(dict.fromkeys(range(1, 100), MaskState.ABSENT))
            if broken:
                show.stop("stream_lost")
        show.stop()
    one, two = shows
    assert repr(one.said) == repr(two.said)
    opened = [change.episode for change in one.said if change.phase is OPENED]
    closed = [change.episode for change in one.said if change.phase is CLOSED]
    assert len(set(opened)) == len(opened)
    assert sorted(opened) == sorted(closed)
    assert all(change.t0 <= change.t1 for change in one.said)
