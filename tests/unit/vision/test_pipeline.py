"""The pipeline of one camera with a scripted detector: frames in, sightings out."""

import cv2
import numpy as np
import pytest

from edge_agent.config.behaviours import DistancingRule, MaskRule, Rules
from edge_agent.core.event import Phase, Rule, Sighting
from edge_agent.core.geometry import Box, Size
from edge_agent.core.media import Camera, Identity, Stream
from edge_agent.core.perception import MaskReading, MaskState
from edge_agent.vision.album import divide
from edge_agent.vision.frame import Frame, Image
from edge_agent.vision.pipeline import CameraPipeline, Models, Outlook
from edge_agent.vision.stills import STILL_BYTES, THUMBNAIL_BYTES
from tests.fakes.clock import FakeClock
from tests.fakes.detector import ScriptedDetector, finds_rectangles
from tests.unit.vision.pictures import FLOOR, scene

RULES = Rules(
    mask=MaskRule(votes=2, min_head=16, every="0.5s"),
    distancing=DistancingRule(limit=2.0, duration="1s"),
)
CLOSE = (Box(200, 100, 230, 190), Box(250, 100, 280, 190))
APART = (Box(100, 100, 130, 190), Box(500, 100, 530, 190))
KEY_SCALE = 3


class Rig:
    """A pipeline, its clock, and what was asked of the mask model."""

    def __init__(
        self, state: MaskState = MaskState.WORN, sub: bool = True, crowded: bool = False
    ) -> None:
        self.clock, self.state = FakeClock(), state
        self.detector = ScriptedDetector(finds_rectangles)
        self.heads: list[tuple[Box, Image]] = []
        self.key: Frame | None = None
        main = Stream("rtsp://h/main", 640 * KEY_SCALE, 360 * KEY_SCALE)
        camera = Camera("c1", "C 1", "corridor", "h", Identity(), main)
        outlook = Outlook("site", "Asia/Ho_Chi_Minh", camera, RULES, FLOOR, 1.0)
        models = Models(self.detector, self._read, lambda _image: (), "person@1 face@2")
        newest = self._newest if sub else None
        self.pipeline = CameraPipeline(outlook, models, newest, lambda: crowded)

    def _read(self, image: Image, head: Box) -> MaskReading:
        self.heads.append((head, image))
        return MaskReading(self.state, 0.95, head.width)

    def _newest(self, oldest: float) -> Frame | None:
        return self.key if self.key and self.key.at.mono >= oldest else None

    def play(self, people: tuple[Box, ...], seconds: float, keys: bool = True) -> list[Sighting]:
        said: list[Sighting] = []
        for index in range(round(seconds * 5)):
            at = self.clock.pass_time(0.2)
            if keys and index % 5 == 0:
                large = [box.scaled(KEY_SCALE, KEY_SCALE) for box in people]
                self.key = Frame("c1", at, scene(*large, width=1920, height=1080))
            said += self.pipeline.take(Frame("c1", at, scene(*people)))
        return said


def phases(said: list[Sighting], rule: Rule) -> list[Phase]:
    return [one.change.phase for one in said if one.change.rule is rule]


def test_two_people_who_stay_close_open_one_episode_with_a_still_and_the_models_names() -> None:
    said = Rig().play(CLOSE, 6)
    (opened,) = said
    assert (opened.change.rule, opened.change.phase) == (Rule.DISTANCING, Phase.OPENED)
    assert opened.change.camera == "c1"
    assert opened.model == "person@1 face@2"
    assert opened.still.startswith(b"\xff\xd8")
    assert opened.thumbnail.startswith(b"\xff\xd8")
    assert len(opened.thumbnail) < len(opened.still)


def test_the_episode_closes_when_they_part() -> None:
    rig = Rig()
    said = rig.play(CLOSE, 6) + rig.play(APART, 8)
    assert phases(said, Rule.DISTANCING) == [Phase.OPENED, Phase.CLOSED]


NEARER = (Box(200, 100, 230, 190), Box(236, 100, 266, 190))
BYSTANDER = Box(500, 100, 530, 190)


def test_an_episode_shows_how_it_was_before_at_its_worst_and_after() -> None:
    rig = Rig()
    said = rig.play((*APART[:1],), 4) + rig.play((*CLOSE, BYSTANDER), 3)
    said += rig.play((*NEARER, BYSTANDER), 2) + rig.play((*CLOSE, BYSTANDER), 2)
    said += rig.play((), 8)
    opened, closed = (one for one in said if one.change.rule is Rule.DISTANCING)
    assert set(opened.shots) == {"before", "worst"}
    assert set(closed.shots) == {"worst"}
    pictures = [opened.still, *opened.shots.values(), closed.still, *closed.shots.values()]
    assert len(set(pictures)) == 5
    assert all(0 < len(one) <= STILL_BYTES for one in pictures)
    assert all(0 < len(one.thumbnail) <= THUMBNAIL_BYTES for one in (opened, closed))
    before, worst = decoded(opened.shots["before"]), decoded(closed.shots["worst"])
    assert framed(worst, NEARER[1])
    assert not framed(worst, BYSTANDER)
    assert not framed(before, CLOSE[0])


def test_the_worst_of_an_episode_that_was_never_worse_is_how_it_began() -> None:
    rig = Rig()
    said = rig.play(CLOSE, 6) + rig.play(APART, 8)
    opened, closed = (one for one in said if one.change.rule is Rule.DISTANCING)
    assert framed(decoded(opened.shots["worst"]), CLOSE[0])
    assert framed(decoded(closed.shots["worst"]), CLOSE[0])


def decoded(jpeg: bytes) -> Image:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def framed(image: Image, box: Box) -> bool:
    """Whether a red frame is drawn down the box's left side."""
    column = image[round(box.y1) + 10 : round(box.y2) - 10, round(box.x1) - 1 : round(box.x1) + 2]
    red = column.astype(int)
    return bool((red[:, :, 2] - red[:, :, 1] > 60).any(axis=1).mean() > 0.8)


def test_people_far_apart_open_nothing() -> None:
    assert Rig().play(APART, 10) == []


def test_bare_faces_read_from_key_frames_open_a_mask_episode_each() -> None:
    rig = Rig(MaskState.ABSENT)
    said = rig.play(APART, 8)
    assert phases(said, Rule.MASK) == [Phase.OPENED, Phase.OPENED]


def test_faces_are_read_a_little_later_while_frames_wait() -> None:
    at_once, later = Rig(MaskState.ABSENT), Rig(MaskState.ABSENT, crowded=True)
    assert phases(later.play(APART, 8), Rule.MASK) == [Phase.OPENED, Phase.OPENED]
    at_once.play(APART, 8)
    assert len(later.heads) == len(at_once.heads)
    for rig in (at_once, later):
        rig.heads.clear()
        rig.play(APART, 0.2)
    assert (len(at_once.heads), len(later.heads)) == (2, 0)


def test_a_mask_that_cannot_be_read_is_never_a_violation() -> None:
    assert phases(Rig(MaskState.UNKNOWN).play(APART, 8), Rule.MASK) == []


def test_heads_are_cut_from_the_main_stream_in_its_pixels() -> None:
    rig = Rig()
    rig.play(APART[:1], 4)
    head, image = rig.heads[0]
    assert image.shape == (1080, 1920, 3)
    assert APART[0].x1 * KEY_SCALE - 60 < head.centre[0] < APART[0].x2 * KEY_SCALE + 60
    assert head.centre[1] < (APART[0].y1 + 40) * KEY_SCALE


def test_without_key_frames_no_head_is_read_and_distances_are_still_watched() -> None:
    rig = Rig(MaskState.ABSENT)
    said = rig.play(CLOSE, 6, keys=False)
    assert rig.heads == []
    assert phases(said, Rule.DISTANCING) == [Phase.OPENED]
    assert said[0].still.startswith(b"\xff\xd8")


def test_a_camera_with_one_stream_reads_heads_from_its_own_frames() -> None:
    rig = Rig(sub=False)
    rig.play((Box(200, 40, 320, 340),), 4)
    assert rig.heads
    assert rig.heads[0][1].shape == (360, 640, 3)


def test_an_empty_scene_costs_one_look_a_second() -> None:
    rig = Rig()
    rig.play((), 5)
    before = rig.pipeline.analysed
    rig.play((), 10)
    assert rig.pipeline.analysed - before == 10


def test_a_person_is_looked_at_in_every_frame_though_sitting_still() -> None:
    rig = Rig()
    rig.play(APART[:1], 6)
    assert rig.pipeline.analysed == 30
    assert rig.pipeline.persons == 1


def test_interrupting_closes_what_is_open_once() -> None:
    rig = Rig()
    rig.play(CLOSE, 6)
    (closed,) = rig.pipeline.interrupt(rig.clock.now(), "stopped")
    assert (closed.change.phase, closed.change.reason) == (Phase.CLOSED, "stopped")
    assert rig.pipeline.interrupt(rig.clock.now(), "stopped") == ()


def test_a_stream_that_changes_its_size_closes_what_is_open_and_goes_on() -> None:
    rig = Rig()
    rig.play(CLOSE, 6)
    at = rig.clock.pass_time(0.2)
    said = rig.pipeline.take(Frame("c1", at, scene(width=1280, height=720)))
    assert [one.change.reason for one in said] == ["size_changed"]
    assert rig.pipeline.tracks == ()


@pytest.mark.parametrize("size", [(160, 120), (360, 640), (3840, 2160)])
def test_pictures_of_any_shape_go_through(size: tuple[int, int]) -> None:
    rig = Rig()
    image = scene(width=size[0], height=size[1])
    assert rig.pipeline.take(Frame("c1", rig.clock.now(), image)) == ()


def test_the_same_frames_give_the_same_sightings() -> None:
    first, second = Rig(MaskState.ABSENT), Rig(MaskState.ABSENT)
    assert first.play(CLOSE, 5) + first.play(APART, 6) == second.play(CLOSE, 5) + second.play(
        APART, 6
    )


def test_found_boxes_divide_into_those_in_the_event_and_others() -> None:
    inside, others = divide(CLOSE, [CLOSE[1].moved(2, 0), CLOSE[0], APART[0]])
    assert inside == [CLOSE[0], CLOSE[1].moved(2, 0)]
    assert others == [APART[0]]


def test_who_walked_by_is_told_once_when_they_are_gone() -> None:
    rig = Rig()
    for step in range(25):
        x = 100 + 8 * step
        rig.play((Box(x, 100 + step, x + 30, 190 + step),), 0.2, keys=False)
    assert rig.pipeline.walks() == ()
    rig.play((), 20, keys=False)
    (walk,) = rig.pipeline.walks()
    assert (walk.camera, walk.size.width) == ("c1", 640)
    assert len(walk.steps) > 10
    assert rig.pipeline.walks() == ()


def test_what_the_detector_said_is_handed_out_once_in_order() -> None:
    rig = Rig()
    rig.play(CLOSE, 2)
    looks = rig.pipeline.looks()
    assert looks is not None
    assert (looks.camera, looks.size) == ("c1", Size(640, 360))
    assert len(looks.frames) == rig.pipeline.analysed
    assert [frame.at.mono for frame in looks.frames] == sorted(f.at.mono for f in looks.frames)
    assert all(len(frame.detections) == 2 for frame in looks.frames)
    assert rig.pipeline.looks() is None
