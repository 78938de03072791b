"""Recorded but not looked at is said, after a while, and taken back at once."""

from dataclasses import replace

from edge_agent.app.states import BLIND_AFTER, SILENT_AFTER, CameraStates
from edge_agent.core.media import CameraState, CameraStatus
from edge_agent.core.perception import VisionStatus
from tests.fakes.clock import FakeClock

CLOCK = FakeClock()
RECORDED = CameraStatus("c1", CameraState.RECORDING, "", CLOCK.now().wall)


def looked(clock: FakeClock, fps: float = 5.0) -> list[VisionStatus]:
    return [VisionStatus("c1", clock.now(), fps, 10, 0, 0.1, 0)]


def state(states: CameraStates, seen: list[VisionStatus], clock: FakeClock) -> CameraStatus:
    (status,) = states.judge([RECORDED], clock.now().wall, seen, clock.now())
    return status


def test_a_camera_nobody_looks_at_turns_blind_after_a_while_since_then() -> None:
    clock, states = FakeClock(), CameraStates(vision_wanted=True)
    began = clock.now().wall
    assert state(states, [], clock) == RECORDED
    clock.pass_time(BLIND_AFTER)
    status = state(states, [], clock)
    assert (status.state, status.reason, status.since) == (
        CameraState.BLIND,
        "not_looked_at",
        began,
    )
    assert state(states, looked(clock), clock) == RECORDED


def test_an_old_word_or_no_frames_do_not_count_as_looking() -> None:
    clock, states = FakeClock(), CameraStates(vision_wanted=True)
    old = looked(clock)
    state(states, looked(clock, fps=0.0), clock)
    clock.pass_time(BLIND_AFTER)
    assert state(states, old, clock).state is CameraState.BLIND


def test_a_covered_camera_is_blind_at_once_and_since_then_until_the_view_is_back() -> None:
    clock, states = FakeClock(), CameraStates(vision_wanted=True)
    covered = [replace(looked(clock)[0], blind="covered")]
    began = clock.now().wall
    state(states, covered, clock)
    clock.pass_time(5)
    status = state(states, covered, clock)
    assert (status.state, status.reason, status.since) == (CameraState.BLIND, "covered", began)
    assert state(states, looked(clock), clock) == RECORDED


def test_without_vision_wanted_nothing_is_blind() -> None:
    clock, states = FakeClock(), CameraStates(vision_wanted=False)
    state(states, [], clock)
    clock.pass_time(10 * BLIND_AFTER)
    assert state(states, [], clock) == RECORDED


def test_an_offline_camera_stays_offline() -> None:
    clock, states = FakeClock(), CameraStates(vision_wanted=True)
    offline = CameraStatus("c1", CameraState.OFFLINE, "camera_offline", clock.now().wall)
    states.judge([offline], clock.now().wall, [], clock.now())
    clock.pass_time(10 * BLIND_AFTER)
    assert states.judge([offline], clock.now().wall, [], clock.now()) == (offline,)


def test_a_recorder_that_stopped_beating_does_not_record() -> None:
    clock, states = FakeClock(), CameraStates(vision_wanted=True)
    beat = clock.now().wall
    clock.pass_time(SILENT_AFTER + 1)
    (status,) = states.judge([RECORDED], beat, looked(clock), clock.now())
    assert (status.state, status.reason, status.since) == (
        CameraState.OFFLINE,
        "recorder_restarted",
        beat,
    )
