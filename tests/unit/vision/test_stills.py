"""Stills: who is in the event is shown, everybody else is not, and the bytes fit."""

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from edge_agent.core.event import EpisodeChange, Phase, Rule, Shot
from edge_agent.core.geometry import Box
from edge_agent.core.media import Camera, Identity, Stream
from edge_agent.vision.frame import Image
from edge_agent.vision.stills import (
    STILL_BYTES,
    THUMBNAIL_BYTES,
    caption_of,
    make_still,
    plain,
)
from tests.unit.vision.pictures import noise

IN, OUT = Box(60, 60, 160, 340), Box(400, 60, 500, 340)
AT = datetime(2021, 7, 28, 7, 0, 5, tzinfo=UTC)


def textured(width: int = 640, height: int = 360) -> Image:
    """Coarse random blocks: JPEG keeps them, a blur does not."""
    small = np.random.default_rng(3).integers(0, 256, (height // 10, width // 10, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def decoded(jpeg: bytes) -> Image:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def difference(a: Image, b: Image, box: Box) -> float:
    rows, columns = slice(int(box.y1), int(box.y2)), slice(int(box.x1), int(box.x2))
    return float(np.abs(a[rows, columns].astype(int) - b[rows, columns].astype(int)).mean())


def test_everybody_not_in_the_event_is_blurred_and_nobody_else() -> None:
    image = textured()
    still = decoded(make_still(image, [IN], [OUT], ("x", "y")).picture)
    inner = Box(IN.x1 + 8, IN.y1 + 8, IN.x2 - 8, IN.y2 - 8)
    assert difference(still, image, OUT) > 40
    assert difference(still, image, inner) < 15
    assert difference(still, image, Box(250, 60, 350, 340)) < 15


def test_a_blurred_person_keeps_no_detail() -> None:
    still = decoded(make_still(textured(), [], [OUT], ("x",)).picture)
    patch = still[70:330, 410:490].astype(int)
    sharpness = np.abs(np.diff(patch, axis=1)).mean()
    assert sharpness < 6


def test_the_head_of_somebody_in_the_event_stays_though_a_bystander_overlaps() -> None:
    image = textured()
    beside = Box(90, 60, 200, 340)
    still = decoded(make_still(image, [IN], [beside], ("x",)).picture)
    head = Box(98, 88, 122, 106)
    assert difference(still, image, head) < 20
    assert difference(still, image, Box(120, 200, 155, 330)) > 30


def test_the_picture_itself_is_left_as_it_was() -> None:
    image = textured()
    before = image.copy()
    make_still(image, [IN], [OUT], ("x",))
    assert (image == before).all()


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (3840, 2160), (160, 120), (360, 640)])
def test_the_bytes_fit_whatever_the_picture(size: tuple[int, int]) -> None:
    still = make_still(noise(*size), [IN], [OUT], ("a caption " * 20, "b"))
    assert 0 < len(still.picture) <= STILL_BYTES
    assert 0 < len(still.thumbnail) <= THUMBNAIL_BYTES
    assert decoded(still.thumbnail).shape[1] <= 320


def test_boxes_beyond_the_border_are_taken_as_they_are() -> None:
    beyond = Box(-50, -50, 40, 5000)
    assert make_still(textured(), [beyond], [beyond, Box(700, 0, 800, 10)], ()).picture


@pytest.mark.parametrize("box", [IN, Box(560, 0, 640, 300), Box(-50, -20, 60, 200)])
def test_a_legend_is_written_at_the_persons_box_and_nowhere_else(box: Box) -> None:
    bare = decoded(make_still(textured(), [box], [], ()).picture)
    still = decoded(make_still(textured(), [box], [], (), ("1.4 m",)).picture)
    rows, columns = np.nonzero(np.abs(still.astype(int) - bare.astype(int)).max(axis=2) > 60)
    assert len(rows) > 200
    assert np.ptp(columns) < 100
    assert abs(columns.min() - max(box.x1, 0)) < 70
    assert max(box.y1, 20) - 25 < rows.min() <= rows.max() < max(box.y1, 20) + 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Hành lang tầng 2", "Hanh lang tang 2"), ("Đường đi", "Duong di"), ("門", "?"), ("", "")],
)
def test_captions_are_unaccented(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_the_caption_names_rule_figure_camera_place_and_the_sites_own_time() -> None:
    camera = Camera("c1", "Hành lang 1", "corridor", "h", Identity(), Stream("rtsp://h/1"))
    change = EpisodeChange(
        "e", Phase.OPENED, Rule.DISTANCING, "c1", AT, AT, (1, 2), data={"min_distance_m": 1.234}
    )
    zone, place = "Asia/Ho_Chi_Minh", "Hanh lang 1  corridor  2021-07-28 14:00:05 +07"
    assert caption_of(change, camera, AT, zone, Shot.WORST) == (
        "Khong giu khoang cach  1.2 m  [nang nhat / worst]",
        place,
    )
    before = caption_of(change, camera, AT, zone, Shot.BEFORE)
    assert before == ("Khong giu khoang cach  [truoc / before]", place)
