"""The motion gate and the pace."""

import pytest

from edge_agent.core.geometry import Box
from edge_agent.vision.frame import Pace
from edge_agent.vision.motion import MotionGate
from tests.unit.vision.pictures import noise, scene

FRAME = 0.2


def looks(gate: MotionGate, start: float, seconds: float, live: bool = False) -> int:
    image = scene()
    count = round(seconds / FRAME)
    return sum(gate.wants(image, start + index * FRAME, live) for index in range(count))


def settled(idle_fps: float = 1.0) -> MotionGate:
    gate = MotionGate(idle_fps)
    looks(gate, 0.0, 4.0)
    return gate


def test_a_still_scene_is_looked_at_once_a_second() -> None:
    assert looks(settled(), 4.0, 10.0) == 10


def test_a_still_scene_is_looked_at_every_two_seconds_at_least() -> None:
    assert looks(settled(idle_fps=0.2), 4.0, 10.0) == 5


def test_every_frame_is_looked_at_while_somebody_is_tracked() -> None:
    assert looks(settled(), 4.0, 10.0, live=True) == 50


def test_a_person_walking_in_is_seen_at_once_and_for_two_seconds_more() -> None:
    gate = settled()
    assert gate.wants(scene(Box(300, 100, 312, 130)), 4.0, live=False)
    assert looks(gate, 4.0 + FRAME, 1.8) == 9


def test_a_new_shape_counts_as_motion() -> None:
    gate = settled()
    assert gate.wants(scene(width=640, height=480), 4.0, live=False)


def test_sensor_noise_is_no_motion() -> None:
    gate, quiet = settled(), scene().astype(int)
    frames = [
        (quiet + noise(seed=index) // 32 - 4).clip(0, 255).astype("uint8") for index in range(25)
    ]
    wanted = [gate.wants(image, 4.0 + index * FRAME, False) for index, image in enumerate(frames)]
    assert sum(wanted) == 5


@pytest.mark.parametrize("source", [5.0, 12.5, 25.0, 30.0])
def test_the_pace_picks_five_frames_a_second(source: float) -> None:
    pace = Pace(5)
    picked = sum(pace.due(100 + index / source) for index in range(int(source * 10)))
    assert abs(picked - 50) <= 1


def test_a_pause_is_not_caught_up_by_a_burst() -> None:
    pace = Pace(5)
    assert pace.due(0.0)
    assert [pace.due(60 + index / 100) for index in range(15)].count(True) == 1
