"""What a camera's faults do to its pictures."""

from pathlib import Path

from edge_agent.core.geometry import Size
from edge_agent.sim.clip import Encoding
from edge_agent.sim.faults import Switches
from edge_agent.sim.misbehaviour import TRICKLE, spoiled, swallowed


def loop(tmp_path: Path) -> Encoding:
    path = tmp_path / "main.h264"
    path.write_bytes(b"x" * 10)
    return Encoding(path, Size(16, 16), 5, [(number, 1, number % 5 == 0) for number in range(10)])


def test_a_healthy_camera_sends_every_picture_as_it_is(tmp_path: Path) -> None:
    assert not any(swallowed(Switches(), number, loop(tmp_path)) for number in range(50))
    assert spoiled(Switches(), [b"\x65abc"]) == [b"\x65abc"]


def test_without_key_frames_all_others_are_sent(tmp_path: Path) -> None:
    gone = [n for n in range(10) if swallowed(Switches(no_key_frames=True), n, loop(tmp_path))]
    assert gone == [0, 5]


def test_a_trickle_is_one_picture_in_a_while(tmp_path: Path) -> None:
    sent = [n for n in range(60) if not swallowed(Switches(trickle=True), n, loop(tmp_path))]
    assert sent == [0, 5 * TRICKLE, 10 * TRICKLE]


def test_garbage_keeps_kind_and_length_of_each_nal_unit() -> None:
    (nal,) = spoiled(Switches(garbage=True), [b"\x65" + bytes(99)])
    assert (nal[:1], len(nal)) == (b"\x65", 100)
    assert nal != b"\x65" + bytes(99)
