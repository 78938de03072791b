"""Whose face is it."""

from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection, MaskReading, MaskState
from edge_agent.vision.portraits import portraits

SIZE = Size(640, 480)
LEFT, RIGHT = Box(100, 100, 160, 300), Box(400, 100, 460, 300)


def face(box: Box, state: MaskState = MaskState.WORN, score: float = 0.9) -> MaskReading:
    return MaskReading(state, score, box.width, box)


def around(x: float, y: float, side: float = 20) -> Box:
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def test_each_person_gets_the_face_at_their_head() -> None:
    people = [Detection(LEFT, 0.9), Detection(RIGHT, 0.8)]
    faces = [face(around(432, 122), MaskState.ABSENT), face(around(131, 124))]
    first, second = portraits(people, faces, SIZE)
    assert (first.person.box, first.reading.state) == (LEFT, MaskState.WORN)
    assert (second.person.box, second.reading.state) == (RIGHT, MaskState.ABSENT)


def test_a_person_without_a_face_is_unknown() -> None:
    (one,) = portraits([Detection(LEFT, 0.9)], [], SIZE)
    assert one.reading.state is MaskState.UNKNOWN
    assert not one.by_face


def test_a_face_at_the_feet_is_somebody_elses() -> None:
    first, second = portraits([Detection(LEFT, 0.95)], [face(around(130, 290))], SIZE)
    assert first.reading.state is MaskState.UNKNOWN
    assert second.by_face
    assert second.reading.face is not None


def test_a_face_without_a_body_is_a_person_with_head_and_shoulders() -> None:
    (one,) = portraits([], [face(around(300, 200, 40))], SIZE)
    box = one.person.box
    assert box.x1 < 280
    assert box.x2 > 320
    assert box.y1 < 180
    assert box.y2 > 260
    assert one.person.score == 0.9


def test_two_faces_at_one_head_are_two_persons() -> None:
    people = portraits(
        [Detection(LEFT, 0.9)], [face(around(131, 124)), face(around(133, 127))], SIZE
    )
    assert [one.by_face for one in people].count(True) == 1


def test_what_is_too_large_for_a_head_is_not_its_face() -> None:
    first, *rest = portraits([Detection(LEFT, 0.95)], [face(around(130, 120, 150))], SIZE)
    assert first.reading.state is MaskState.UNKNOWN
    assert [one.by_face for one in rest] == [True]


def test_what_could_not_be_read_makes_nobody_and_still_shows_a_persons_face() -> None:
    doubtful = face(around(131, 124), MaskState.UNKNOWN, 0.1)
    (one,) = portraits([Detection(LEFT, 0.9)], [doubtful], SIZE)
    assert one.reading.face == doubtful.face
    assert portraits([], [doubtful], SIZE) == []
