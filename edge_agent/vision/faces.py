"""Mask states: a face is found, looked at a second time, and told or called unknown."""

from __future__ import annotations

from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskReading, MaskState
from edge_agent.vision.facecells import Face, calibrated, distinct, side_of
from edge_agent.vision.facefinder import FaceFinder
from edge_agent.vision.frame import Image
from edge_agent.vision.models import CheckedModel
from edge_agent.vision.secondlook import SecondLook, joined

AROUND = 1.6  # the crop's side in head squares: a face seldom lies where its body promises
LEAST_FACE = 12.0  # pixels of the picture below which a face cannot be read
THRESHOLD = 0.5  # for a state whose manifest entry names none


class FaceReader:
    """Reads mask states with both networks; thresholds and calibration are those of the second,
    chosen for the two together. Owned by one thread.
    """

    def __init__(self, face: CheckedModel, mask: CheckedModel, vision: Vision) -> None:
        self._finder, self._second = FaceFinder(face, vision), SecondLook(mask, vision)
        self._platt, self._thresholds = mask.platt, dict(mask.thresholds)

    @property
    def model(self) -> str:
        """Names and hashes of the weights."""
        return f"{self._finder.model} {self._second.model}"

    def read(self, image: Image, head: Box) -> MaskReading:
        """The mask state of the person whose head should be in this square of the picture.

        The best face whose middle lies in the square; none, one under 12 pixels, or a score below
        its state's threshold reads as unknown.
        """
        x, y = head.centre
        half = AROUND * max(head.width, head.height) / 2
        faces = self._finder.near(image, Box(x - half, y - half, x + half, y + half))
        inside = [face for face in faces if _within(face.box.centre, head)]
        if not inside:
            return MaskReading(MaskState.UNKNOWN, 0.0, head.width)
        best = max(inside, key=lambda face: face.found)
        return self._verdict(self._again(image, best), head.width)

    def everywhere(self, image: Image) -> list[MaskReading]:
        """What every face of a whole picture says, best first."""
        return [self._verdict(face, face.box.width) for face in self.faces(image)]

    def faces(self, image: Image) -> list[Face]:
        """All faces of a whole picture after the second look, best first."""
        return distinct([self._again(image, face) for face in self._finder.everywhere(image)])

    def _again(self, image: Image, face: Face) -> Face:
        return joined(face, self._second.shares(image, face.box), self._finder.states)

    def _verdict(self, face: Face, head_px: float) -> MaskReading:
        """The state of a face, or unknown where it is too small or not likely enough."""
        state, score = face.state, calibrated(face.raw, self._platt)
        if side_of(face.box) < LEAST_FACE or score < self._thresholds.get(state.value, THRESHOLD):
            state = MaskState.UNKNOWN
        return MaskReading(state, score, head_px, face.box)


def _within(point: tuple[float, float], box: Box) -> bool:
    return box.x1 <= point[0] <= box.x2 and box.y1 <= point[1] <= box.y2
