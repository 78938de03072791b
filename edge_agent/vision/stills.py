"""Stills: the picture that an event carries; everyone who is not in the event is blurred."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from edge_agent.core.event import EpisodeChange, Rule, Shot
from edge_agent.core.geometry import Box, Size
from edge_agent.core.media import Camera
from edge_agent.rules.head import head_region
from edge_agent.vision.frame import Image, size_of

STILL_BYTES = 100_000
THUMBNAIL_BYTES = 8_000
_WIDEST = 1280
_THUMBNAIL_WIDEST = 320
_QUALITIES = (88, 80, 72, 64, 56, 48, 40)
_COARSE = 8  # pixels that a blurred person's width keeps: a face becomes three of them
_MARGIN = 0.08  # share of a box that is blurred around it: models cut hair and hands off
_HEAD = 0.6  # share of the head square that is shown of a person in the event
_COLOUR = (40, 40, 230)  # BGR
_WORDS = {
    Rule.MASK: "Khong deo khau trang",
    Rule.DISTANCING: "Khong giu khoang cach",
    Rule.GATHERING: "Tu tap dong nguoi",
    Rule.ZONE: "Ra khoi phong, khu vuc",
    Rule.LINE: "Vuot rao, qua cong",
    Rule.FENCE: "Tiep can hang rao",
    Rule.OCCUPANCY: "Qua so nguoi",
    Rule.TAMPER: "Camera bi can thiep",
}
_KINDS = {
    "covered": "bi che",
    "moved": "bi xoay",
    "defocused": "mo, mat net",
    "dark": "toi den",
    "frozen": "hinh dung",
    "lost": "mat tin hieu hinh",
}


_SHOTS = {
    Shot.BEFORE: "truoc / before",
    Shot.NOW: "bat dau / opened",
    Shot.WORST: "nang nhat / worst",
    Shot.AFTER: "sau / after",
}


@dataclass(frozen=True, slots=True)
class Still:
    """JPEG bytes: the picture of an event, and a small one for slow lines."""

    picture: bytes
    thumbnail: bytes


def make_still(
    image: Image,
    people: Sequence[Box],
    others: Sequence[Box],
    caption: Sequence[str],
    legends: Sequence[str] = (),
) -> Still:
    """The still of an event from a BGR picture, which is left as it is.

    `people` are in the event: framed, their heads shown, their legends over them. `others` are not:
    blurred. At most `STILL_BYTES` and `THUMBNAIL_BYTES`, whatever the picture.
    """
    scale = min(1.0, _WIDEST / image.shape[1])
    drawn = _resized(image, scale) if scale < 1 else image.copy()
    people = [box.scaled(scale, scale) for box in people]
    _hide(drawn, [box.scaled(scale, scale) for box in others], people)
    for box in people:
        corner, opposite = (round(box.x1), round(box.y1)), (round(box.x2), round(box.y2))
        cv2.rectangle(drawn, corner, opposite, _COLOUR, max(1, drawn.shape[1] // 400))
    for box, legend in zip(people, legends, strict=False):
        _write(drawn, legend, box)
    small = _resized(drawn, min(1.0, _THUMBNAIL_WIDEST / drawn.shape[1]))
    return Still(_jpeg(_with_caption(drawn, caption), STILL_BYTES), _jpeg(small, THUMBNAIL_BYTES))


def caption_of(
    change: EpisodeChange, camera: Camera, at: datetime, zone: str, shot: Shot
) -> tuple[str, str]:
    """Two lines: the rule, its figure and which shot of it; camera, place, the site's own time.

    The figure is the worst one, so the picture from before has none.
    """
    figure = ""
    if shot is Shot.BEFORE:
        figure = ""
    elif change.rule is Rule.TAMPER:
        figure = f": {_KINDS.get(change.data.get('kind', ''), '')}"
    elif (metres := change.data.get("min_distance_m")) is not None:
        figure = f"  {metres:.1f} m"
    elif state := change.data.get("state"):
        figure = f"  ({state})"
    return (
        plain(f"{_WORDS[change.rule]}{figure}  [{_SHOTS[shot]}]"),
        place_and_time(camera, at, zone),
    )


def place_and_time(camera: Camera, at: datetime, zone: str) -> str:
    """The line under a picture: camera, place and the site's own time."""
    local = at.astimezone(ZoneInfo(zone))
    where = "  ".join(part for part in (camera.name or camera.id, camera.place) if part)
    return plain(f"{where}  {local:%Y-%m-%d %H:%M:%S %Z}")


def plain(text: str) -> str:
    """The text in ASCII: OpenCV's letters know no Vietnamese marks."""
    bare = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
    return (
        "".join(c for c in bare if not unicodedata.combining(c)).encode("ascii", "replace").decode()
    )


def _hide(image: Image, others: Sequence[Box], people: Sequence[Box]) -> None:
    """Blur `others` in place, and give the people in the event their heads back."""
    size = size_of(image)
    sharp = image.copy() if others else image
    for box in others:
        mx, my = _MARGIN * box.width, _MARGIN * box.height
        wide = Box(box.x1 - mx, box.y1 - my, box.x2 + mx, box.y2 + my)
        rows, columns = _window(wide, size)
        part = image[rows, columns]
        if part.size:
            image[rows, columns] = _coarse(part)
    for box in people if others else ():
        rows, columns = _window(_inner(head_region(box, size)), size)
        image[rows, columns] = sharp[rows, columns]


def _coarse(part: Image) -> Image:
    height, width = part.shape[:2]
    tiny = cv2.resize(
        part,
        (min(_COARSE, width), max(1, round(height * min(_COARSE, width) / width))),
        interpolation=cv2.INTER_AREA,
    )
    return cv2.resize(tiny, (width, height), interpolation=cv2.INTER_LINEAR).astype(
        np.uint8, copy=False
    )


def _inner(head: Box) -> Box:
    x, y = head.centre
    half = _HEAD * head.width / 2
    return Box(x - half, y - half, x + half, y + half)


def _window(box: Box, size: Size) -> tuple[slice, slice]:
    inside = box.clipped(size)
    rows = slice(int(inside.y1), int(np.ceil(inside.y2)))
    return rows, slice(int(inside.x1), int(np.ceil(inside.x2)))


def _write(image: Image, legend: str, box: Box) -> None:
    """The legend on the frame's colour over the box, or at its top where there is no room."""
    if not legend:
        return
    scale = max(0.4, image.shape[1] / 1600)
    (long, high), below = cv2.getTextSize(legend, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    left = round(min(max(box.x1, 0), max(image.shape[1] - long - 4, 0)))
    foot = max(round(box.y1), high + below + 2)
    top = foot - high - below - 2
    cv2.rectangle(image, (left, top), (left + long + 4, foot), _COLOUR, cv2.FILLED)
    where = (left + 2, foot - below)
    cv2.putText(
        image, legend, where, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA
    )


def _with_caption(image: Image, lines: Sequence[str]) -> Image:
    """The picture with the lines on a dark strip below it: nothing of the scene is covered."""
    width = image.shape[1]
    height = max(14, width // 40)
    strip = np.full((height * len(lines) + height // 2, width, 3), 24, np.uint8)
    for number, line in enumerate(lines, start=1):
        (long, high), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)
        scale = min(0.7 * height / max(high, 1), (width - 8) / max(long, 1))
        where = (4, number * height - height // 5)
        cv2.putText(
            strip, line, where, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA
        )
    return np.concatenate([image, strip])


def _jpeg(image: Image, limit: int) -> bytes:
    """The picture as JPEG in at most `limit` bytes: less quality first, then fewer pixels."""
    while True:
        for quality in _QUALITIES:
            done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if done and len(data) <= limit:
                return data.tobytes()
        image = _resized(image, 0.75)


def _resized(image: Image, scale: float) -> Image:
    height, width = image.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
