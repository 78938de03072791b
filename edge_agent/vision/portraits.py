"""Persons and faces of one picture brought together: whose face is it (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection, MaskReading, MaskState
from edge_agent.rules.head import head_region

NEAR = 1.6  # head squares around the expected head in which a person's face may lie
BODY_WIDTH, BODY_HEIGHT = 2.9, 3.0  # in faces: head and shoulders, as of somebody cut by the frame
_UP = 0.35  # of a face above it: hair


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person in a picture and the best reading of their face; `by_face` when no body was found
    and the box is head and shoulders as they go with such a face.
    """

    person: Detection
    reading: MaskReading
    by_face: bool = False


def portraits(
    persons: Sequence[Detection], faces: Sequence[MaskReading], size: Size
) -> list[Portrait]:
    """Every person once, best score first; each face, best first, goes to the nearest head that has
    none yet. One that could be read and is at no head is somebody; one that could not is nobody.
    """
    heads = [head_region(person.box, size) for person in persons]
    taken: dict[int, MaskReading] = {}
    strangers: list[Portrait] = []
    for face in faces:
        if face.face is None:
            continue
        owner = _owner(face.face, heads, taken)
        if owner is None and face.state is MaskState.UNKNOWN:
            continue
        if owner is None:
            strangers.append(Portrait(_body(face.face, face.score, size), face, by_face=True))
        else:
            taken[owner] = face
    known = [
        Portrait(person, taken.get(number, MaskReading(MaskState.UNKNOWN, 0.0, head.width)))
        for number, (person, head) in enumerate(zip(persons, heads, strict=True))
    ]
    return sorted([*known, *strangers], key=lambda one: -one.person.score)


def _owner(face: Box, heads: Sequence[Box], taken: dict[int, MaskReading]) -> int | None:
    x, y = face.centre
    best, nearest = None, NEAR / 2
    for number, head in enumerate(heads):
        cx, cy = head.centre
        away = max(abs(x - cx), abs(y - cy)) / max(head.width, 1.0)
        fits = 0.15 <= face.width / max(head.width, 1.0) <= 1.2
        if number not in taken and fits and away <= nearest:
            best, nearest = number, away
    return best


def _body(face: Box, score: float, size: Size) -> Detection:
    x, _ = face.centre
    top = face.y1 - _UP * face.height
    half = BODY_WIDTH * face.width / 2
    box = Box(x - half, top, x + half, top + BODY_HEIGHT * face.height)
    return Detection(box.clipped(size), min(1.0, score))
