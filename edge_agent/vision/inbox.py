"""The inbox of the inference thread: one place a camera, newest wins, cameras take turns."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition

from edge_agent.vision.frame import Frame


class _Place:
    """Room for one frame that waits, and the count of those it pushed out."""

    def __init__(self) -> None:
        self.frame: Frame | None = None
        self.dropped = 0


class Inbox:
    """Hands frames from many decode threads to the one inference thread.

    When full (one frame a camera) the newer frame takes the older one's place, and the older one
    is counted as dropped. Cameras are served in turn, so a busy one starves nobody.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._places: dict[str, _Place] = {}
        self._woken = False

    def open(self, camera: str) -> Callable[[Frame], None]:
        """A place for this camera, and the way to put frames into it.

        A place opened again starts empty; who still holds the former way puts into nothing.
        """
        place = _Place()
        with self._changed:
            self._places[camera] = place

        def put(frame: Frame) -> None:
            with self._changed:
                if self._places.get(camera) is not place:
                    return
                place.dropped += place.frame is not None
                place.frame = frame
                self._changed.notify()

        return put

    def close(self, camera: str) -> None:
        """The camera is gone, and the frame that waited with it."""
        with self._changed:
            self._places.pop(camera, None)

    def dropped(self, camera: str) -> int:
        """Frames of this camera that a newer one pushed out since its place was opened."""
        with self._changed:
            place = self._places.get(camera)
            return place.dropped if place else 0

    def wake(self) -> None:
        """End the present or the next `take` at once."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def take(self, timeout: float) -> Frame | None:
        """The frame of the camera whose turn it is; None after `timeout` seconds or a `wake`."""
        with self._changed:
            self._changed.wait_for(self._ready, timeout)
            self._woken = False
            for camera, place in self._places.items():
                if place.frame is not None:
                    frame, place.frame = place.frame, None
                    self._places[camera] = self._places.pop(camera)  # to the end of the row
                    return frame
            return None

    def crowded(self) -> bool:
        """Whether a frame waits."""
        with self._changed:
            return self._waits()

    def _waits(self) -> bool:
        return any(place.frame is not None for place in self._places.values())

    def _ready(self) -> bool:
        return self._woken or self._waits()
