"""Cut-outs: photographed persons as sprites with a soft edge, bare or masked, front or back.

The photographs are the two that ship inside the `ultralytics` package; nothing of it is imported.
A sprite's colours are premultiplied with its alpha, and it comes in a pyramid of sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.trouble import Trouble
from edge_agent.sim.outlines import BODIES, HALVES, HEADS, Body, Head, Points

Picture = NDArray[np.uint8]
Map = NDArray[Any]  # of float32

MASK_BLUE = (214, 182, 148)  # BGR of a surgical mask in daylight
GAMMA = {"bus.jpg": 1.0, "zidane.jpg": 0.72}  # a stadium at night, brought to daylight
MARGIN = 32  # pixels of a photograph that are looked at round an outline
BORDER = 12  # pixels round a body, so that soft edges and sleeves are not cut


@dataclass(frozen=True, slots=True)
class Look:
    """How one person looks: which body, whose head on it, and the dye of the clothes (BGR
    multipliers).
    """

    body: str
    head: str = ""
    dye: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Sprite:
    """A person ready to be drawn: a pyramid of premultiplied BGRA pictures, each half the last.

    `head` is (x1, y1, x2, y2) in shares of the sprite's size, `metres` the height it stands for.
    """

    levels: tuple[Picture, ...]
    head: tuple[float, float, float, float]
    metres: float

    @property
    def aspect(self) -> float:
        """Width over height."""
        tall, wide = self.levels[0].shape[:2]
        return float(wide / tall)


def photographs() -> Path:
    """The folder of the photographs. Raises Trouble when the package is not installed."""
    spec = find_spec("ultralytics")
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        folder = Path(place) / "assets"
        if all((folder / name).is_file() for name in ("bus.jpg", "zidane.jpg")):
            return folder
    raise Trouble(
        "sim.photographs_missing",
        "Thiếu ảnh người cho cảnh mô phỏng: hãy chạy `pip install --no-deps ultralytics` (khoảng "
        "1 MB, không cần torch), hoặc dùng --video với đoạn phim của bạn.",
        "The virtual scene's photographs are missing: run `pip install --no-deps ultralytics` "
        "(about 1 MB, no torch needed), or play your own clip with --video.",
    )


@cache
def _photo(name: str) -> Picture:
    path = photographs() / name
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise Trouble(
            "sim.photograph_damaged",
            f"Ảnh {name} trong gói ultralytics bị hỏng: hãy cài lại gói.",
            f"The photograph {name} inside the ultralytics package is damaged: reinstall it.",
        )
    lift = GAMMA[name]
    return np.asarray(255 * (picture / 255.0) ** lift, np.float32).round().astype(np.uint8)


def _filled(points: Points, shape: tuple[int, ...]) -> Map:
    """A polygon as alpha 0..1, antialiased."""
    canvas = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(canvas, [np.array(points, np.int32)], 255, cv2.LINE_AA)
    return np.asarray(canvas, np.float32) / 255


def _soft(points: Points, shape: tuple[int, ...]) -> Map:
    """The outline as a soft matte: one pixel inside the hand-drawn edge, blurred over two."""
    alpha = _filled(points, shape)
    inner = cv2.erode(alpha, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.GaussianBlur(inner, (0, 0), 0.9), np.float32)


def _noise(shape: tuple[int, int], seed: int, grain: float) -> Map:
    """Smooth noise around 1, the same for the same seed."""
    values = np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)
    smooth = cv2.GaussianBlur(values, (0, 0), sigmaX=grain * 0.6, sigmaY=grain)
    return np.asarray(1 + 0.12 * smooth / (np.std(smooth) + 1e-6), np.float32)


def draw_mask(picture: Picture, head: Head) -> Picture:
    """The photograph with a surgical mask over nose, mouth and chin, shaded like the face."""
    scale = 4  # drawn large and shrunk: pleats are finer than a pixel on the small heads
    x1, y1, x2, y2 = head.box
    x1, y1, x2, y2 = x1 - 20, y1 - 20, x2 + 20, y2 + 20
    part: Map = cv2.resize(picture[y1:y2, x1:x2], None, fx=scale, fy=scale).astype(np.float32)
    mask = np.array([((x - x1) * scale, (y - y1) * scale) for x, y in head.mask], np.float32)
    width = max(1, int((head.box[2] - head.box[0]) * scale / 40))
    for ax, ay, bx, by in head.loops:
        start, end = ((ax - x1) * scale, (ay - y1) * scale), ((bx - x1) * scale, (by - y1) * scale)
        cv2.line(part, start, end, (235, 230, 225), width, cv2.LINE_AA)
    alpha = np.zeros(part.shape[:2], np.uint8)
    cv2.fillPoly(alpha, [mask.astype(np.int32)], 255, cv2.LINE_AA)
    soft = cv2.GaussianBlur(alpha.astype(np.float32) / 255, (0, 0), width * 0.6)[..., None]
    part = part * (1 - soft) + _cloth(part, mask, width) * soft
    small = cv2.resize(part, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
    result = picture.copy()
    result[y1:y2, x1:x2] = np.clip(small, 0, 255).astype(np.uint8)
    return np.asarray(result, np.uint8)


def _cloth(part: Map, mask: Map, width: int) -> Map:
    """The mask's own colours: darker to the sides and below, three pleats, a bit of the face."""
    left, top = mask.min(axis=0)
    right, low = mask.max(axis=0)
    rows, columns = np.mgrid[0 : part.shape[0], 0 : part.shape[1]].astype(np.float32)
    across = (columns - (left + right) / 2) / (right - left)
    down = (rows - top) / (low - top)
    light = 1.06 - 0.9 * across**2 - 0.25 * down**2
    for pleat in (0.38, 0.56, 0.74):
        line = down - pleat - 0.12 * across**2
        light -= 0.14 * np.exp(-((line * (low - top) / (1.3 * width)) ** 2))
    face = cv2.GaussianBlur(part, (0, 0), 6 * width).mean(axis=2)
    light *= 0.75 + 0.25 * face / max(float(face.mean()), 1.0)
    return np.asarray(np.array(MASK_BLUE, np.float32) * light[..., None], np.float32)


def _turned(picture: Picture, head: Head, body: Body | None) -> Picture:
    """The photograph with the person seen from behind: hair over the face, cloth over the front."""
    result: Map = picture.astype(np.float32)
    x1, y1, x2, y2 = head.hair
    hair = picture[y1:y2, x1:x2].reshape(-1, 3).mean(axis=0)
    cover = cv2.GaussianBlur(_filled(head.face, picture.shape), (0, 0), 1.2)[..., None]
    strands = _noise(picture.shape[:2], 1, max(1.5, (head.box[3] - head.box[1]) / 50))
    result = result * (1 - cover) + hair * 0.9 * strands[..., None] * cover
    if body is not None:
        x1, y1, x2, y2 = body.cloth
        patch = picture[y1:y2, x1:x2]
        pair = np.concatenate([patch, patch[:, ::-1]], axis=1)
        tile = np.concatenate([pair, pair[::-1]], axis=0)
        times = (picture.shape[0] // tile.shape[0] + 1, picture.shape[1] // tile.shape[1] + 1, 1)
        cloth = np.tile(tile, times)[: picture.shape[0], : picture.shape[1]].astype(np.float32)
        cover = cv2.GaussianBlur(_filled(body.torso, picture.shape), (0, 0), 1.2)[..., None]
        result = result * (1 - cover) + cloth * cover
    return np.asarray(np.clip(result, 0, 255), np.uint8)


def _dyed(colours: Map, clothes: Map, dye: tuple[float, float, float]) -> Map:
    cloth = colours * np.array(dye, np.float32) + 14 * (np.array(dye, np.float32) - 1)
    mixed = colours * (1 - clothes[..., None]) + cloth * clothes[..., None]
    return np.asarray(np.clip(mixed, 0, 255), np.float32)


def _window(points: Points, shape: tuple[int, ...]) -> tuple[slice, slice, int, int]:
    """The part of a photograph round these points: its rows, columns, and where it begins."""
    xs, ys = zip(*points, strict=True)
    x, y = max(0, min(xs) - MARGIN), max(0, min(ys) - MARGIN)
    rows, columns = slice(y, min(shape[0], max(ys) + MARGIN)), slice(x, max(xs) + MARGIN)
    return rows, columns, x, y


def _head_part(head: Head, masked: bool, back: bool) -> tuple[Picture, Head]:
    """The photograph round a head, as it is to be seen, and the head's place in it."""
    photo = _photo(head.photo)
    rows, columns, x, y = _window(head.outline + head.mask, photo.shape)
    here = head.moved(-x, -y)
    return _dressed(photo[rows, columns], here, masked, back, None), here


def _dressed(picture: Picture, head: Head, masked: bool, back: bool, body: Body | None) -> Picture:
    if back:
        return _turned(picture, head, body)
    return draw_mask(picture, head) if masked else picture


def _with_head(colours: Map, alpha: Map, own: Head, other: Head, shown: Picture) -> None:
    """Put another photograph's head where this body's own was (both arrays change in place)."""
    gone = cv2.GaussianBlur(_filled(own.outline, alpha.shape), (0, 0), 0.8)
    alpha *= 1 - np.clip(gone * 1.4, 0, 1)
    scale = 1.04 * (own.box[3] - own.box[1]) / (other.box[3] - other.box[1])
    move = np.array(
        [
            [scale, 0, own.chin[0] - scale * other.chin[0]],
            [0, scale, own.chin[1] + 1 - scale * other.chin[1]],
        ],
        np.float32,
    )
    # Shrinking by a factor of three or more: blur first, or hair turns into sparkle.
    calm = cv2.GaussianBlur(shown.astype(np.float32), (0, 0), 0.4 / scale)
    matte = cv2.GaussianBlur(_soft(other.outline, shown.shape), (0, 0), 0.3 / scale)
    size = (alpha.shape[1], alpha.shape[0])
    face = cv2.warpAffine(calm, move, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpAffine(matte, move, size, flags=cv2.INTER_LINEAR)
    colours[:] = colours * (1 - cover[..., None]) + face * cover[..., None]
    alpha[:] = np.maximum(alpha, cover)


def _figure(look: Look, masked: bool, back: bool) -> tuple[Map, Map, Body, Head]:
    """Colours, alpha, and where body and head are in them."""
    body = BODIES.get(look.body) or HALVES[look.body]
    own, worn = HEADS[body.head], HEADS[look.head or body.head]
    photo, borrowed = _photo(body.photo), own is not worn
    rows, columns, x, y = _window(body.outline, photo.shape)
    body, own = body.moved(-x, -y), own.moved(-x, -y)
    front = body if body.torso else None
    picture = _dressed(photo[rows, columns], own, masked and not borrowed, back, front)
    colours, alpha = picture.astype(np.float32), _soft(body.outline, picture.shape)
    colours = _dyed(colours, _clothes(colours, body, own), look.dye)
    if borrowed:
        shown, head = _head_part(worn, masked, back)
        _with_head(colours, alpha, own, head, shown)
    return colours, alpha, body, own


def _clothes(colours: Map, body: Body, head: Head) -> Map:
    """Which pixels may be dyed, 0..1: between chin and hem, not the head, not the hands."""
    clothes = np.zeros(colours.shape[:2], np.float32)
    clothes[head.chin[1] - 22 : body.hem + 1] = 1
    warm = cv2.GaussianBlur(colours[..., 2] - colours[..., 0], (0, 0), 0.7)
    clothes *= 1 - _filled(head.outline, clothes.shape)
    clothes *= np.clip(1 - (warm - body.skin) / 15, 0, 1)
    return cv2.GaussianBlur(clothes, (0, 0), 1.0)


@cache
def sprite(look: Look, masked: bool = False, back: bool = False, flip: bool = False) -> Sprite:
    """The person as a sprite, cut once. Raises Trouble when the photographs are missing."""
    if flip:
        return _mirrored(sprite(look, masked, back))
    colours, alpha, body, own = _figure(look, masked, back)
    xs, ys = zip(*body.outline, strict=True)
    x1, x2 = max(0, min(xs) - BORDER), min(alpha.shape[1], max(xs) + BORDER)
    y1, y2 = max(0, min(ys) - 2), max(ys) + 1
    box = own.box
    cut = np.dstack([colours * alpha[..., None], alpha * 255])[y1:y2, x1:x2]
    wide, tall = x2 - x1, y2 - y1
    left, right = (box[0] - x1) / wide, (box[2] - x1) / wide
    levels = [np.ascontiguousarray(np.clip(cut, 0, 255).astype(np.uint8))]
    while levels[-1].shape[0] > 60:
        levels.append(np.asarray(cv2.pyrDown(levels[-1]), np.uint8))
    head = (left, (box[1] - y1) / tall, right, (box[3] - y1) / tall)
    return Sprite(tuple(levels), head, body.metres)


def _mirrored(shown: Sprite) -> Sprite:
    left, top, right, low = shown.head
    levels = tuple(np.ascontiguousarray(level[:, ::-1]) for level in shown.levels)
    return Sprite(levels, (1 - right, top, 1 - left, low), shown.metres)
