"""What is told of a face: the score of what the votes say, and where it was in this very frame."""

from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskReading, MaskState, Track, TrackState
from edge_agent.vision.readings import Readings

BODY, FACE = Box(100, 100, 140, 220), Box(112, 106, 128, 124)


def track(number: int, mask: MaskState) -> Track:
    return Track(number, TrackState.CONFIRMED, BODY, 0.9, None, mask)


def test_a_face_belongs_to_the_frame_in_which_it_was_read() -> None:
    said, somebody = Readings(), track(7, MaskState.WORN)
    said.note({7: MaskReading(MaskState.WORN, 0.8, 24, FACE)}, {7})
    assert said.face(somebody) == FACE
    said.turn()
    assert said.face(somebody) is None
    assert said.score(somebody) == 0.8


def test_a_reading_without_a_face_has_none() -> None:
    said = Readings()
    said.note({7: MaskReading(MaskState.UNKNOWN, 0.0, 24)}, {7})
    assert said.face(track(7, MaskState.UNKNOWN)) is None


def test_the_score_is_that_of_the_state_the_votes_say() -> None:
    said = Readings()
    said.note({7: MaskReading(MaskState.WORN, 0.8, 24, FACE)}, {7})
    said.note({7: MaskReading(MaskState.ABSENT, 0.6, 24, FACE)}, {7})
    assert said.score(track(7, MaskState.WORN)) == 0.8
    assert said.score(track(7, MaskState.ABSENT)) == 0.6
    assert said.score(track(7, MaskState.INCORRECT)) is None


def test_who_is_not_followed_any_more_is_forgotten() -> None:
    said = Readings()
    said.note({7: MaskReading(MaskState.WORN, 0.8, 24, FACE)}, {7})
    said.note({8: MaskReading(MaskState.WORN, 0.9, 24, FACE)}, {8})
    assert said.score(track(7, MaskState.WORN)) is None
