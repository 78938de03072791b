"""Frames: decoded pictures of one camera, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size
from edge_agent.core.media import Camera
from edge_agent.core.time import Instant

Image = NDArray[np.uint8]
_USUAL = Size(640, 360)  # of a sub stream


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture: `image` is height × width × 3 bytes in the order blue, green, red."""

    camera: str
    at: Instant
    image: Image

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return size_of(self.image)


class FrameSource(Protocol):
    """Where the frames of one camera come from; a fake in `tests/fakes` stands in for it."""

    def frames(self, stop: Event) -> Iterator[Frame]:
        """Frames in the order of time, until `stop` is set.

        Raises Trouble when the source ends or fails: a live stream has no end of its own.
        """
        ...


def size_of(image: Image) -> Size:
    """Width and height of a picture in pixels."""
    return Size(image.shape[1], image.shape[0])


class Pace:
    """Picks `fps` frames a second out of a faster stream, evenly and without a burst after a
    pause; a source that delivers about as fast as asked loses nothing to its jitter.
    """

    def __init__(self, fps: float) -> None:
        self._period = 1.0 / fps
        self._next = float("-inf")

    def due(self, mono: float) -> bool:
        """Whether the frame that came at this monotonic second is one of those picked."""
        if mono < self._next - self._period / 10:
            return False
        late = mono - self._next > self._period
        self._next = (mono if late else self._next) + self._period
        return True


def promised_size(camera: Camera) -> Size:
    """The size of the pictures that are looked at before one came, as the camera told it."""
    stream = camera.sub or camera.main
    return Size(stream.width or _USUAL.width, stream.height or _USUAL.height)
