"""The tracker: one person, one id, through misses, crossings and every frame rate."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.config.schema import Calibration, CalibrationPoint
from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection, TrackState
from edge_agent.rules.ground import fit_plane
from edge_agent.rules.tracker import Tracker, advance, advance_given
from edge_agent.rules.trail import HIDDEN, Trail, box_at, may_continue
from edge_agent.sim.camera_model import PinholeView
from tests.unit.rules.scenes import FLOOR, PER_METRE, SIZE, Spot, moment, person

PLANE = fit_plane(FLOOR, SIZE)


def tracker(*, calibrated: bool = True) -> Tracker:
    return Tracker(SIZE, PLANE if calibrated else None)


def followed(
    frames: list[list[Detection]], fps: float = 5.0, *, calibrated: bool = True
) -> Tracker:
    """The tracker after these frames, the first at second 0."""
    state = tracker(calibrated=calibrated)
    for number, detections in enumerate(frames):
        state = advance(state, moment(number / fps), detections)
    return state


def walk(start: Spot, speed: Spot, seconds: float, fps: float) -> list[Spot]:
    return [
        (start[0] + speed[0] * n / fps, start[1] + speed[1] * n / fps)
        for n in range(round(seconds * fps))
    ]


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0, 10.0])
def test_a_walker_keeps_one_id_at_every_frame_rate(fps: float, calibrated: bool) -> None:
    path = walk((2.0, 4.0), (1.3, 0.2), 8.0, fps)
    state = followed([[person(*spot)] for spot in path], fps, calibrated=calibrated)
    (trail,) = state.trails
    assert (trail.id, trail.state) == (1, TrackState.CONFIRMED)
    assert math.dist(trail.box.foot, person(*path[-1]).box.foot) < 4


@pytest.mark.parametrize("fps", [1.0, 5.0])
def test_two_who_cross_keep_their_ids(fps: float) -> None:
    right = walk((2.0, 4.0), (1.2, 0.0), 9.0, fps)
    left = walk((13.0, 5.0), (-1.2, 0.0), 9.0, fps)
    state = followed([[person(*a), person(*b)] for a, b in zip(right, left, strict=True)], fps)
    first, second = state.trails
    assert (first.id, second.id) == (1, 2)
    assert first.box.centre[0] > second.box.centre[0]


@pytest.mark.parametrize(("score", "looks"), [(0.9, 2), (0.6, 2), (0.5, 3), (0.4, 3)])
def test_a_track_is_confirmed_by_two_good_sightings_or_three_fair_ones(
    score: float, looks: int
) -> None:
    seen = [person(5, 5, score)]
    assert [followed([seen] * n).trails[0].confirmed for n in range(1, 4)] == [
        n >= looks for n in range(1, 4)
    ]


@pytest.mark.parametrize(
    ("pattern", "confirmed"), [("xx", True), ("x-x", True), ("x--x", False), ("x-", False)]
)
def test_a_tentative_track_may_miss_once_and_not_twice(pattern: str, confirmed: bool) -> None:
    state = followed([[person(5, 5)] if look == "x" else [] for look in pattern])
    assert [trail.confirmed for trail in state.trails] == [confirmed]


@pytest.mark.parametrize(("hidden", "same"), [(1.8, True), (2.6, False)])
def test_a_hidden_walker_comes_back_under_the_same_id_within_two_seconds(
    hidden: float, same: bool
) -> None:
    path = walk((2.0, 4.0), (1.0, 0.0), 8.0, 5.0)
    frames = [[person(*spot)] if not 3 < n / 5 <= 3 + hidden else [] for n, spot in enumerate(path)]
    state = followed(frames)
    assert [trail.id for trail in state.trails] == [1 if same else 2]


def test_a_hidden_walker_coasts_on_and_grows_vague() -> None:
    path = walk((3.0, 4.0), (1.0, 0.0), 3.0, 5.0)
    frames = [[person(*spot)] for spot in path]
    (seen,), (lost,) = followed(frames).trails, followed([*frames, [], [], [], []]).trails
    assert seen.ground is not None
    assert lost.ground is not None
    assert lost.state is TrackState.LOST
    assert 0.4 < lost.ground.x - seen.ground.x < 0.8, "more slowly: who goes on is soon seen"
    assert lost.ground.sigma > 1.5 * seen.ground.sigma
    assert followed([*frames, *[[]] * 11]).trails == ()


def boxed(x: float, y: float, score: float = 0.9, tall: float = 68.0) -> Detection:
    """Somebody whose feet are at these pixels."""
    return Detection(Box(x - 13, y - tall, x + 13, y), score)


def test_one_who_stands_hidden_behind_another_stays_there_for_seconds() -> None:
    both = [boxed(300, 250), boxed(312, 240)]
    state = followed([both] * 10 + [both[:1]] * 19)
    front, hidden = (trail_of(state, number) for number in (1, 2))
    assert (front.misses, hidden.misses) == (0, 19)
    assert math.dist(hidden.box.foot, (312, 240)) < 5
    assert [trail.id for trail in advance(state, moment(5.8), both).trails] == [1, 2]
    assert [trail.id for trail in followed([both] * 10 + [both[:1]] * 22).trails] == [1]


def test_one_hidden_behind_a_companion_goes_along() -> None:
    together = [[boxed(200 + 9 * n, 250), boxed(203 + 9 * n, 243)] for n in range(30)]
    state = followed(together[:12] + [two[:1] for two in together[12:]])
    hidden = trail_of(state, 2)
    assert hidden.misses == 18
    assert math.dist(hidden.box.foot, together[-1][1].box.foot) < 20


def test_one_who_stood_is_not_dragged_along_by_a_passer() -> None:
    passer = [boxed(200 + 12 * n, 255) for n in range(18)]
    frames = [[boxed(300, 245), one] for one in passer[:6]] + [[one] for one in passer[6:]]
    stood = trail_of(followed(frames), 1)
    assert math.dist(stood.box.foot, (300, 245)) < 8


def test_hidden_feet_are_told_from_the_head() -> None:
    whole = [boxed(300, 250), boxed(330, 240)]
    cut = [boxed(300, 250), Detection(Box(296, 172, 320, 200), 0.6)]
    behind = [[boxed(300, 250), boxed(330 - 3 * n, 240)] for n in range(7)]
    (_, person_behind) = followed([whole] * 5 + behind + [cut] * 3).trails
    assert person_behind.misses == 0
    assert person_behind.box.y2 == pytest.approx(240, abs=5)
    assert person_behind.box.height == pytest.approx(68, abs=2)


def test_a_box_around_two_people_is_nobody() -> None:
    two = [boxed(300, 250), boxed(326, 250)]
    around = Detection(Box(287, 182, 339, 250), 0.6)
    assert len(followed([[*two, around]] * 5).trails) == 2


def test_a_doubtful_box_does_not_bring_back_who_is_gone() -> None:
    frames = [[person(5, 5)]] * 5 + [[]] * 7
    assert followed([*frames, [person(5, 5, 0.3)]]).trails[0].misses == 8
    assert followed([*frames, [person(5, 5)]]).trails[0].misses == 0


def test_doubtful_sightings_alone_keep_nobody_for_ever() -> None:
    state = followed([[person(5, 5)]] * 5 + [[person(5, 5, 0.3)]] * 38)
    assert len(state.trails) == 1
    assert followed([[person(5, 5)]] * 5 + [[person(5, 5, 0.3)]] * 45).trails == ()


def test_one_last_seen_at_the_pictures_edge_has_left() -> None:
    at_edge = [[Detection(Box(0, 100, 24, 168), 0.9)]] * 5
    assert len(followed([*at_edge, [], [], []]).trails) == 1
    assert followed([*at_edge, [], [], [], []]).trails == ()


def test_one_who_comes_back_where_nobody_foretold_them_is_no_second_person() -> None:
    state = followed([[boxed(300, 250)]] * 6 + [[]] * 3 + [[boxed(340, 250)]])
    assert [(trail.id, trail.misses) for trail in state.trails] == [(1, 0)]


def test_a_doubtful_detection_continues_a_confirmed_track_and_begins_none() -> None:
    sure, doubtful = [person(5, 5)], [person(5, 5, 0.2), person(10, 5, 0.3)]
    state = followed([sure, sure, sure, doubtful, doubtful])
    (trail,) = state.trails
    assert (trail.id, trail.misses, trail.score) == (1, 0, 0.2)


def test_nobody_jumps() -> None:
    state = followed([[person(3, 4)]] * 5 + [[person(6, 4)]])
    assert [(trail.id, trail.misses) for trail in state.trails] == [(1, 1), (2, 0)]


def test_who_walks_out_of_the_picture_is_gone_at_once() -> None:
    path = walk((14.0, 4.0), (1.5, 0.0), 1.4, 5.0)
    assert followed([*[[person(*spot)] for spot in path], []]).trails == ()


def test_feet_cut_by_the_lower_edge_have_no_place() -> None:
    cut = Detection(Box(100, 250, 130, 360), 0.9)
    assert followed([[cut]] * 4).trails[0].ground is None


@pytest.mark.parametrize(
    "nonsense",
    [
        Detection(Box(math.nan, 0, 10, 10), 0.9),
        Detection(Box(100, 100, 100, 160), 0.9),
        Detection(Box(100, 160, 120, 100), 0.9),
        Detection(Box(-500, 100, -400, 200), 0.9),
        Detection(Box(-1e300, -1e300, 1e300, 1e300), 0.9),
        Detection(Box(100, 100, 130, 170), 0.01),
        Detection(Box(100, 100, 130, 170), math.nan),
    ],
)
def test_a_detection_that_is_no_person_of_this_picture_is_ignored(nonsense: Detection) -> None:
    assert followed([[nonsense]] * 3).trails == ()


def test_a_frame_that_is_not_newer_is_ignored() -> None:
    state = followed([[person(5, 5)]] * 3)
    assert advance(state, moment(0.1), [person(9, 5)]) is state
    assert state.at is not None
    assert advance(state, state.at, [person(9, 5)]) is state


def test_a_stream_that_stood_still_starts_over_with_new_ids() -> None:
    state = advance(followed([[person(5, 5)]] * 3), moment(30), [person(5, 5)])
    assert [trail.id for trail in state.trails] == [2]


def test_boxes_are_told_for_the_moment_of_a_late_picture() -> None:
    path = walk((2.0, 4.0), (1.0, 0.0), 4.0, 5.0)
    (trail,) = followed([[person(*spot)] for spot in path]).trails
    for seconds, x in [(3.1, 5.1), (3.8, 5.8), (4.1, 6.1)]:
        box = box_at(trail, moment(seconds))
        assert box is not None
        assert box.centre[0] == pytest.approx(x * PER_METRE, abs=3)
    assert box_at(trail, moment(0.5)) is None, "older than the memory"
    assert box_at(trail, moment(4.6)) is None, "too far ahead"


def trail_of(state: Tracker, number: int) -> Trail:
    return next(trail for trail in state.trails if trail.id == number)


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_track_may_continue_one_that_ended_near_its_start(calibrated: bool) -> None:
    standing = [[person(3, 4), person(9, 4)]] * 4
    turned = [[Detection(Box(118, 92, 131, 128), 0.9), person(9, 4), person(12, 4)]] * 2
    state = followed(standing + turned, calibrated=calibrated)
    old, new, far = (trail_of(state, number) for number in (1, 3, 4))
    assert old.misses
    assert may_continue(old, new)
    assert may_continue(old, old)
    assert not may_continue(old, far), "too far away"
    assert not may_continue(new, old), "began before the other ended"
    assert not may_continue(trail_of(state, 2), new), "both were seen at once"


DETECTIONS = st.lists(
    st.builds(
        person, st.floats(0.4, 15.6), st.floats(0.9, 8.9), st.sampled_from([0.05, 0.2, 0.5, 0.9])
    ),
    max_size=6,
)


@settings(max_examples=60)
@given(st.lists(st.tuples(DETECTIONS, st.sampled_from([0.1, 0.2, 1.0, 3.0])), max_size=15))
def test_ids_are_unique_and_never_come_back(looks: list[tuple[list[Detection], float]]) -> None:
    state, seconds = tracker(), 0.0
    dead: set[int] = set()
    for detections, pause in looks:
        seconds += pause
        before = {trail.id for trail in state.trails}
        state = advance(state, moment(seconds), detections)
        ids = [trail.id for trail in state.trails]
        assert len(ids) == len(set(ids))
        assert not dead & set(ids)
        assert all(number in before or number > max(before, default=0) for number in ids)
        dead |= before - set(ids)
        # At most one track takes a detection, and no doubtful one begins a track.
        taken = [trail for trail in state.trails if trail.seen.at == state.at]
        assert len(taken) <= sum(detection.score >= 0.1 for detection in detections)
        assert len(set(ids) - before) <= sum(detection.score >= 0.4 for detection in detections)
        assert all(moment(seconds).since(trail.seen.at) <= HIDDEN for trail in state.trails)


ANY = st.floats(allow_nan=True, allow_infinity=True)
ANYTHING = st.lists(st.builds(Detection, st.builds(Box, ANY, ANY, ANY, ANY), ANY), max_size=4)


@settings(max_examples=60)
@given(st.lists(st.tuples(ANYTHING, DETECTIONS, st.floats(-1, 40)), max_size=8))
def test_nothing_that_a_detector_says_breaks_it(
    looks: list[tuple[list[Detection], list[Detection], float]],
) -> None:
    state, seconds = tracker(), 0.0
    for nonsense, people, pause in looks:
        seconds += pause
        before, state = state, advance(state, moment(seconds), [*nonsense, *people])
        if state is not before:
            seen = [trail for trail in state.trails if not trail.misses]
            assert len(seen) <= len(nonsense) + len(people), "no detection is two persons"
        assert all(math.isfinite(sum(t.motion)) for t in state.trails)


@settings(max_examples=30)
@given(st.lists(st.dictionaries(st.integers(0, 5), st.tuples(st.floats(1, 15), st.floats(1, 8)))))
def test_given_identities_are_kept_whatever_they_do(looks: list[dict[int, Spot]]) -> None:
    state = tracker()
    for number, people in enumerate(looks, start=1):
        detections = [person(*spot) for spot in people.values()]
        state = advance_given(state, moment(number / 5), detections, list(people))
        seen = {trail.id for trail in state.trails if not trail.misses}
        assert seen == set(people)
        assert all(trail.confirmed for trail in state.trails)


@settings(max_examples=30)
@given(st.lists(DETECTIONS, max_size=12))
def test_the_same_frames_give_the_same_tracks(looks: list[list[Detection]]) -> None:
    assert followed(looks) == followed(looks)


def test_the_floor_is_in_metres() -> None:
    (trail,) = followed([[person(7.0, 5.0)]] * 6).trails
    assert trail.ground is not None
    assert (trail.ground.x, trail.ground.y) == pytest.approx((7.0, 5.0))
    assert trail.ground.sigma == pytest.approx(0.04, abs=0.04)


def test_who_walks_away_behind_somebody_is_placed_where_they_are() -> None:
    view = PinholeView(3.0, 25.0, 75.0, Size(640, 360))
    spots = view.calibration(3.0, 4.0, 12.0)
    marks = tuple(CalibrationPoint(pixel=spot.pixel, metres=spot.metres) for spot in spots)
    state = Tracker(view.size, fit_plane(Calibration(size=(640, 360), points=marks), view.size))

    def seen(y: float) -> Detection:
        (x, foot), (_, head) = view.project([(0.0, y, 0.0), (0.0, y, 1.7)])
        half = 0.19 * (foot - head)
        return Detection(Box(x - half, head, x + half, foot), 0.9)

    for number in range(30):
        away = 6.0 + 0.2 * max(0, number - 10)
        look = [seen(away)] if number < 10 else [seen(away), seen(4.8)]
        state = advance(state, moment(number / 5), look)
    walker = state.trails[0]
    assert walker.ground is not None
    assert walker.ground.y == pytest.approx(away, abs=0.25)
