"""Perception: what the models say of one frame, and of one person over frames (MOT words)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.core.geometry import Box, GroundPoint, Size
from edge_agent.core.time import Instant


@dataclass(frozen=True, slots=True)
class Detection:
    """A person in one frame, in the pixels of that frame; `score` 0..1."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Looked:
    """One analysed frame: when it was taken, and all that the detector said of it."""

    at: Instant
    detections: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class Looks:
    """Analysed frames of one camera in order, boxes in the pixels of pictures of `size`."""

    camera: str
    size: Size
    frames: tuple[Looked, ...]


class MaskState(StrEnum):
    """How a mask is worn. `unknown` is an answer and never a violation."""

    WORN = "worn"
    INCORRECT = "incorrect"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MaskReading:
    """What both looks say of one head or face; `head_px` is the crop's side in the pixels of
    the picture it was cut from, `face` where in that picture a face was found.
    """

    state: MaskState
    score: float
    head_px: float
    face: Box | None = None


class TrackState(StrEnum):
    """A track's life: `tentative` until seen often enough, `lost` while it coasts unseen."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Track:
    """The same person over frames. `box` is in sub-stream pixels, `ground` None without a
    calibration, `mask` the state that the votes say so far.
    """

    id: int
    state: TrackState
    box: Box
    score: float
    ground: GroundPoint | None = None
    mask: MaskState = MaskState.UNKNOWN


@dataclass(frozen=True, slots=True)
class HeadRequest:
    """A track whose mask is due to be read; `head` is a square in sub-stream pixels."""

    track: int
    head: Box


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """What the rules could know of one camera over a while: seconds looked at, persons seen (by
    track), of those who had to wear a mask how many had an answer and how many stayed unknown,
    and seconds that persons were in view, of these with a place on the floor.
    """

    seconds: float = 0.0
    persons: int = 0
    answered: int = 0
    unknown: int = 0
    person_seconds: float = 0.0
    placed_seconds: float = 0.0

    def __add__(self, other: RuleCoverage) -> RuleCoverage:
        return RuleCoverage(
            self.seconds + other.seconds,
            self.persons + other.persons,
            self.answered + other.answered,
            self.unknown + other.unknown,
            self.person_seconds + other.person_seconds,
            self.placed_seconds + other.placed_seconds,
        )


@dataclass(frozen=True, slots=True)
class Covered:
    """What the rules of one camera covered since the last time this was said."""

    camera: str
    at: Instant
    counted: RuleCoverage


@dataclass(frozen=True, slots=True)
class VisionStatus:
    """How well one camera is really looked at: analysed frames per second over the last window,
    frames analysed and dropped since start, seconds from frame to result, people in view.
    `blind` is the kind of tampering by which it sees nothing; empty when it sees.
    """

    camera: str
    at: Instant
    fps: float
    analysed: int
    dropped: int
    lag: float
    persons: int
    reason: str = ""
    blind: str = ""


@dataclass(frozen=True, slots=True)
class LivePiece:
    """A piece of a short look from afar (fMP4 bytes), in order; `last` ends it."""

    request: str
    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The picture of a camera that somebody asked for: JPEG, everybody in it blurred; empty when
    there is no fresh picture. `at` is when it was taken.
    """

    request: str
    camera: str
    at: Instant | None
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class Walk:
    """Somebody who walked by, seen from head to foot: what a camera's floor can be learnt from.

    `steps` are (seconds, x of the middle, y of the top, y of the bottom) of the box, in pixels of
    a frame of `size`, in the order of time.
    """

    camera: str
    size: Size
    steps: tuple[tuple[float, float, float, float], ...]
