"""What the face networks said of the people who are followed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskReading, MaskState, Track


class Readings:
    """The score of each state's last reading, and the faces of the newest frame. Owned by the
    pipeline's thread.
    """

    def __init__(self) -> None:
        self._scores: dict[int, dict[MaskState, float]] = {}
        self._faces: dict[int, Box] = {}

    def turn(self) -> None:
        """A new frame: no face of it was read yet."""
        self._faces = {}

    def note(self, readings: Mapping[int, MaskReading], followed: Collection[int]) -> None:
        """Readings by track; faces in pixels of the picture that was read. Who is not `followed`
        any more is forgotten.
        """
        self._scores = {number: kept for number, kept in self._scores.items() if number in followed}
        for number, reading in readings.items():
            self._scores.setdefault(number, {})[reading.state] = reading.score
        self._faces = {n: one.face for n, one in readings.items() if one.face is not None}

    def score(self, track: Track) -> float | None:
        """The model's score of the last reading that said what this track's votes say."""
        return self._scores.get(track.id, {}).get(track.mask)

    def face(self, track: Track) -> Box | None:
        """Where this track's face was found in the newest frame; None where none was read in it."""
        return self._faces.get(track.id)
