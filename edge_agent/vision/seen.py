"""Who is in a picture, looked for once: several events may show the same moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection
from edge_agent.core.time import Instant
from edge_agent.vision.detector import Detector
from edge_agent.vision.frame import Frame

_MOST = 2  # pictures: the frame, and the key frame beside it


class Seen:
    """The detector over the pictures of one camera, which are told apart by moment and size."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._newest: deque[tuple[Instant, Size, Sequence[Detection]]] = deque(maxlen=_MOST)

    def persons(self, picture: Frame) -> Sequence[Detection]:
        """The persons of this picture, best score first."""
        for at, size, known in self._newest:
            if (at, size) == (picture.at, picture.size):
                return known
        found = self._detector.detect(picture.image)
        self._newest.append((picture.at, picture.size, found))
        return found

    def boxes(self, picture: Frame) -> list[Box]:
        """Where they are, in its pixels."""
        return [person.box for person in self.persons(picture)]
