"""Who is in a picture is looked for once."""

from edge_agent.core.geometry import Box
from edge_agent.vision.frame import Frame
from edge_agent.vision.seen import Seen
from tests.fakes.clock import FakeClock
from tests.fakes.detector import ScriptedDetector, finds_rectangles
from tests.unit.vision.pictures import scene

MAN = Box(300, 100, 340, 200)


def test_frame_and_key_frame_are_each_searched_once() -> None:
    clock, detector = FakeClock(), ScriptedDetector(finds_rectangles)
    seen = Seen(detector)
    frame = Frame("yard", clock.now(), scene(MAN))
    key = Frame("yard", clock.now(), scene(MAN.scaled(2, 2), width=1280, height=720))
    assert seen.boxes(frame) == [MAN]
    assert seen.boxes(key) == [MAN.scaled(2, 2)]
    assert (seen.boxes(frame), seen.boxes(key)) == ([MAN], [MAN.scaled(2, 2)])
    assert len(detector.pictures) == 2


def test_a_later_frame_is_another_picture() -> None:
    clock, detector = FakeClock(), ScriptedDetector(finds_rectangles)
    seen = Seen(detector)
    seen.persons(Frame("yard", clock.now(), scene(MAN)))
    clock.pass_time(0.2)
    assert seen.boxes(Frame("yard", clock.now(), scene())) == []
