"""What is done to a camera's lens: its loop made anew, covered, turned, blurred or dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import av
import cv2
import numpy as np

from edge_agent.sim.clip import Clip, ClipForm, Encoding, Picture, encode, load_clip

_SECONDS = 3.0  # of the loop that are made anew
_NOISE = 1.5  # grey levels: what a sensor adds, whatever is before it


def altered(clip: Clip, acts: Sequence[str]) -> Clip:
    """The first seconds of the clip with these acts done to the camera, one after the other."""
    main = clip.main
    gop = next((n for n, unit in enumerate(main.units) if n and unit[2]), len(main.units))
    seconds = min(_SECONDS, main.seconds)
    form = ClipForm(seconds, main.fps, gop / main.fps, main.size, clip.sub.size)
    with TemporaryDirectory() as folder:
        pictures = _pictures(main, form.frames, [ACTS[name] for name in acts])
        encode(Path(folder), pictures, form, lambda _done, _of: None, Event())
        made = load_clip(Path(folder))  # mapped: it outlives its folder
    assert made is not None
    return made


def _pictures(
    encoding: Encoding, count: int, acts: Sequence[Callable[[Picture], Any]]
) -> Iterator[Picture]:
    size = (encoding.size.height, encoding.size.width, 1)
    noise = np.random.default_rng(1).normal(0, _NOISE, size).astype(np.float32)
    for number, picture in enumerate(_decoded(encoding, count)):
        changed: Any = picture
        for act in acts:
            changed = act(changed)
        grain = np.roll(noise, number * 7919)
        yield np.clip(changed + grain, 0, 255).astype(np.uint8)


def _decoded(encoding: Encoding, count: int) -> Iterator[Picture]:
    decoder: Any = av.CodecContext.create("h264", "r")
    for index in range(count):
        unit = b"".join(b"\0\0\0\1" + nal for nal in encoding.nals(index))
        for frame in decoder.decode(av.Packet(unit)):
            yield frame.to_ndarray(format="bgr24")
    for frame in decoder.decode(None):
        yield frame.to_ndarray(format="bgr24")


def _covered(picture: Picture) -> Any:
    """A cloth: smooth, lighter at the top."""
    shade = np.linspace(110, 80, picture.shape[0])[:, None, None]
    return np.broadcast_to(shade, picture.shape)


def _turned(picture: Picture) -> Any:
    """Another part of the place: what was on the left is at the right, and upside down."""
    return np.roll(picture, picture.shape[1] // 3, axis=1)[::-1]


def _blurred(picture: Picture) -> Any:
    return cv2.GaussianBlur(picture, (0, 0), picture.shape[1] / 70)


def _darkened(picture: Picture) -> Any:
    return picture // 128 + 2


ACTS: Mapping[str, Callable[[Picture], Any]] = {
    "cover": _covered,
    "turn": _turned,
    "blur": _blurred,
    "dark": _darkened,
}
