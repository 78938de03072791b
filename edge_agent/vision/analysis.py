"""Analysis: the live pipeline over footage that is already there, told as lines (JSON values).

A video is one camera's stream: the same gate, tracker, votes and rules as at a site, with the
source's own time. A picture is a frame by itself: nobody is followed, one reading is the answer.
The words of a line are in docs/analyze.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from edge_agent.core.event import Sighting
from edge_agent.core.geometry import Box, GroundPoint, Size
from edge_agent.core.perception import MaskState, Track, TrackState
from edge_agent.rules import motion
from edge_agent.rules.estimate import estimate_distance
from edge_agent.rules.ground import GroundPlane, fit_plane
from edge_agent.rules.head import head_region
from edge_agent.rules.matching import SURE
from edge_agent.rules.standing import stand
from edge_agent.rules.telling import Line, event_line
from edge_agent.vision.footage import START, Numbered, Source, film_frames, picture_frame
from edge_agent.vision.frame import Image
from edge_agent.vision.pipeline import CameraPipeline, Models, Outlook
from edge_agent.vision.portraits import Portrait, portraits

NEAR = 4.0  # metres; estimates of more are not told


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame that was looked at: its picture (BGR) and the lines that it gave."""

    source: Source
    number: int
    image: Image
    lines: tuple[Line, ...]


def analyse_film(
    source: Source, outlook: Outlook, models: Models, fps: float | None
) -> Iterator[Look]:
    """Every frame looked at, in order; what is open at the end closes with `source_ended`.

    Raises Trouble `analyze.unreadable`.
    """
    pipeline = CameraPipeline(outlook, models)
    said = pipeline.readings
    numbered: Numbered | None = None
    for numbered in film_frames(source, fps):
        sightings = pipeline.take(numbered.frame)
        people = [
            _person(track, numbered.frame.size, said.score(track), said.face(track))
            for track in pipeline.tracks
        ]
        line = _frame_line(source, numbered, people, outlook.calibration is None)
        yield _look(source, numbered, (line, *_event_lines(source, sightings)))
    if numbered is not None:
        ended = pipeline.interrupt(numbered.frame.at, "source_ended")
        yield _look(source, numbered, _event_lines(source, ended))


def analyse_picture(source: Source, outlook: Outlook, models: Models) -> Look:
    """The persons of one picture, best score first. Raises Trouble `analyze.unreadable`, and
    `calibration.*` for a calibration that fixes no floor.
    """
    frame = picture_frame(source)
    plane = fit_plane(outlook.calibration, frame.size) if outlook.calibration else None
    found = [one for one in models.detector.detect(frame.image) if one.score >= SURE]
    together = portraits(found, models.find_faces(frame.image), frame.size)
    people = [
        _person_in_picture(number, portrait, frame.size, plane)
        for number, portrait in enumerate(together, start=1)
    ]
    numbered = Numbered(0, frame)
    return _look(source, numbered, (_frame_line(source, numbered, people, plane is None),))


def _event_lines(source: Source, sightings: Sequence[Sighting]) -> tuple[Line, ...]:
    return tuple(
        event_line(one.change, source.path.name, one.model, START.wall) for one in sightings
    )


def _look(source: Source, numbered: Numbered, lines: tuple[Line, ...]) -> Look:
    return Look(source, numbered.number, numbered.frame.image, lines)


def _frame_line(source: Source, numbered: Numbered, people: list[Line], blind: bool) -> Line:
    """The line of one frame; without a floor (`blind`) distances are estimates, and called so."""
    frame = numbered.frame
    return {
        "type": "frame",
        "source": source.path.name,
        "frame": numbered.number,
        "time_s": round(frame.at.since(START), 3),
        "width": frame.size.width,
        "height": frame.size.height,
        "persons": people,
        **({"estimates": _estimates(people, frame.size)} if blind else {}),
    }


def _estimates(people: list[Line], size: Size) -> list[Line]:
    """The pairs that seem near each other, by how tall they look."""
    found = []
    for one, other in combinations(people, 2):
        guess = estimate_distance(Box(*one["box"]), Box(*other["box"]), size)
        if guess is not None and guess.metres <= NEAR:
            pair = {"a": one["track"], "b": other["track"]}
            figures = {"distance_m": round(guess.metres, 2), "sigma_m": round(guess.sigma, 2)}
            found.append({**pair, **figures})
    return found


def _person(track: Track, size: Size, score: float | None, face: Box | None) -> Line:
    answered = track.mask is not MaskState.UNKNOWN and score is not None
    return {
        "track": track.id,
        "box": _corners(track.box),
        "score": round(track.score, 4),
        "seen": track.state is not TrackState.LOST,
        **_place(track.ground),
        "head_box": _corners(head_region(track.box, size)),
        "face_box": None if face is None else _corners(face),
        "mask": track.mask.value,
        "mask_score": round(score, 4) if answered and score is not None else None,
    }


def _person_in_picture(
    number: int, portrait: Portrait, size: Size, plane: GroundPlane | None
) -> Line:
    """A person whom nobody follows: one reading is the answer. Where only a face was found, where
    the feet stand is anybody's guess.
    """
    person, reading = portrait.person, portrait.reading
    floor = None if portrait.by_face else plane
    ground = stand(floor, person.box, motion.begin(person.box).error) if floor else None
    track = Track(number, TrackState.TENTATIVE, person.box, person.score, ground, reading.state)
    return _person(track, size, reading.score, reading.face) | {"by_face": portrait.by_face}


def _place(ground: GroundPoint | None) -> Line:
    if ground is None:
        return {"ground_m": None, "sigma_m": None, "by_head": False}
    return {
        "ground_m": [round(ground.x, 3), round(ground.y, 3)],
        "sigma_m": round(ground.sigma, 3),
        "by_head": ground.by_head,
    }


def _corners(box: Box) -> list[float]:
    return [round(value, 1) for value in (box.x1, box.y1, box.x2, box.y2)]
