"""Where a clip's pictures come from: the rendered scene, or a video file of the user's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble
from edge_agent.sim.clip import ClipForm
from edge_agent.sim.scenario import FrameTruth, Scenario, truth_at
from edge_agent.sim.scene import Scene

Picture = NDArray[np.uint8]


def _digest(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()[:32]


def scene_key(scenario: Scenario, seed: int, form: ClipForm) -> str:
    """A name for the clip that changes with the scenario, the seed, the form, and this code."""
    room = Path(__file__).parent
    code = [path.read_bytes() for path in sorted(room.glob("*.py"))]
    said = json.dumps([asdict(scenario), seed, asdict(form)], sort_keys=True)
    return _digest(said.encode(), *code)


def scene_pictures(scenario: Scenario, seed: int, form: ClipForm) -> Iterator[Picture]:
    """The loop's pictures, rendered one after the other at the main stream's size."""
    resized = replace(scenario, view=scenario.view.resized(form.main))
    scene = Scene(resized, seed, f"MO PHONG  CAM {scenario.camera}")
    for index in range(form.frames):
        yield scene.frame(index / form.fps)


def scene_truth(scenario: Scenario, form: ClipForm) -> Iterator[FrameTruth]:
    """What is true in each picture of the loop, in the pixels of a 1080p main stream."""
    for index in range(form.frames):
        yield truth_at(scenario, index / form.fps)


def _not_a_video(path: Path, cause: str) -> Trouble:
    return Trouble(
        "sim.not_a_video",
        f"{path} không phải là đoạn phim đọc được ({cause}): hãy chọn tệp MP4, MKV hoặc AVI khác.",
        f"{path} is not a video that can be read ({cause}): choose another MP4, MKV or AVI file.",
    )


def video_key(path: Path, form: ClipForm) -> str:
    """A name for the transcoded clip, from its bytes and the form. Raises Trouble if unreadable."""
    try:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise _not_a_video(path, error.strerror or "unreadable") from error
    return _digest(b"video", content, json.dumps(asdict(form), sort_keys=True).encode())


def video_form(path: Path, form: ClipForm) -> ClipForm:
    """The form with the loop cut to the video's own length. Raises Trouble if it is no video."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise _not_a_video(path, "no picture in it")
            length = container.duration
            next(container.decode(video=0))
    except (av.error.FFmpegError, StopIteration) as error:
        raise _not_a_video(path, type(error).__name__) from error
    seconds = min(form.seconds, length / 1_000_000) if length else form.seconds
    return replace(form, seconds=max(seconds, 1.0))


def letterboxed(picture: Picture, size: Size) -> Picture:
    """The picture scaled to fit, its shape kept, black where it does not reach."""
    high, wide = picture.shape[:2]
    scale = min(size.width / wide, size.height / high)
    inner = (max(1, round(wide * scale)), max(1, round(high * scale)))
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted = cv2.resize(picture, inner, interpolation=mode)
    canvas = np.zeros((size.height, size.width, 3), np.uint8)
    x, y = (size.width - inner[0]) // 2, (size.height - inner[1]) // 2
    canvas[y : y + inner[1], x : x + inner[0]] = fitted
    return canvas


def _decoded(path: Path) -> Iterator[tuple[float, Any]]:
    """(second, frame) of a video file, from 0; frames without a time follow their predecessor."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = float(stream.average_rate or 25)
        first: float | None = None
        last = -1 / rate
        for frame in container.decode(stream):
            at = float(frame.time) if frame.time is not None else last + (first or 0) + 1 / rate
            first = at if first is None else first
            last = at - first
            yield last, frame


def video_pictures(path: Path, form: ClipForm) -> Iterator[Picture]:
    """The video's pictures at the form's rate and size; a video that ends early starts again.

    A damaged part ends the pass. Raises Trouble when not one picture can be decoded.
    """
    made = 0
    while made < form.frames:
        before = made
        base = made / form.fps
        try:
            for second, frame in _decoded(path):
                due = int((base + second) * form.fps) + 1
                if made >= min(due, form.frames):
                    continue
                picture = letterboxed(frame.to_ndarray(format="bgr24"), form.main)
                while made < min(due, form.frames):
                    made += 1
                    yield picture
                if made >= form.frames:
                    return
        except av.error.FFmpegError as error:
            if made == before:
                raise _not_a_video(path, type(error).__name__) from error
        if made == before:
            raise _not_a_video(path, "no picture in it")
