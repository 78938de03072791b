"""The album of one camera: pictures of the last seconds and of the worst moments, for events.

What came before an episode and how it was at its worst is known only later, so pictures are kept
as JPEG: one a second while somebody is followed, and one of each living episode's worst moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
import numpy as np

from edge_agent.core.geometry import Box
from edge_agent.core.perception import Track
from edge_agent.core.time import Instant
from edge_agent.rules.episode import Episode, Stage
from edge_agent.vision.frame import Frame, Image

_EVERY = 1.0  # seconds between two pictures of the ring
_MOST = 20  # pictures in the ring; the oldest goes
_OLDEST = 30.0  # seconds: whoever comes later has the empty scene as before
_LEAD = timedelta(seconds=2.0)  # from "before" to the start: people are close before it is sure
_AGAIN = 0.5  # seconds before a worse moment of the same episode is kept anew
_QUALITY = 90
_SAME = 0.3  # IoU of a track's box and a detection that are one person


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A kept picture (JPEG), who was followed where in it, and everybody the detector found."""

    at: Instant
    jpeg: bytes
    people: Mapping[int, Box]
    found: tuple[Box, ...]

    def image(self) -> Image:
        """The picture, BGR."""
        return np.asarray(
            cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8
        )

    def divided(self, tracks: Iterable[int]) -> tuple[list[Box], list[Box]]:
        """The boxes of these persons, and of all others: who cannot be told apart is blurred."""
        inside, others = divide([self.people[n] for n in tracks if n in self.people], self.found)
        hidden = [box for number, box in self.people.items() if number not in set(tracks)]
        return inside, [*others, *hidden]


class Album:
    """Owned by the pipeline's thread."""

    def __init__(self) -> None:
        self._ring: deque[Moment] = deque(maxlen=_MOST)
        self._worst: dict[str, Moment] = {}
        self._fading: dict[str, Moment] = {}  # of the episodes that closed with the last frame
        self._bare: Frame | None = None

    def look(self, frame: Frame, people: Mapping[int, Box], found: Sequence[Box]) -> None:
        """An analysed frame: kept when its turn has come. Of an empty scene only the last one,
        as it is, until somebody comes: it shows how it was before.
        """
        while self._ring and frame.at.since(self._ring[0].at) > _OLDEST:
            self._ring.popleft()
        if not people:
            self._bare = frame
            return
        if self._bare is not None:
            self._ring.append(_kept(self._bare, {}, ()))
            self._bare = None
        elif self._ring and frame.at.since(self._ring[-1].at) < _EVERY:
            return
        self._ring.append(_kept(frame, people, found))

    def judge(
        self,
        frame: Frame,
        people: Mapping[int, Box],
        found: Sequence[Box],
        episodes: Iterable[Episode],
    ) -> None:
        """Keep this frame for the episodes whose worst moment it is, forget those that are gone."""
        living = {one.id: one for one in episodes if one.stage is not Stage.CLOSED}
        now: Moment | None = None
        for name, one in living.items():
            kept = self._worst.get(name)
            if one.peak[0] != frame.at or (kept and frame.at.since(kept.at) < _AGAIN):
                continue
            now = now or _kept(frame, people, found)
            self._worst[name] = now
        self._fading = {n: m for n, m in self._worst.items() if n not in living}
        self._worst = {n: m for n, m in self._worst.items() if n in living}

    def before(self, start: datetime) -> Moment | None:
        """The last kept picture two seconds before this time, else the first there is."""
        earlier = [one for one in self._ring if one.at.wall <= start - _LEAD]
        return earlier[-1] if earlier else next(iter(self._ring), None)

    def worst(self, episode: str) -> Moment | None:
        """The worst moment of an episode that lives or has just closed."""
        return self._worst.get(episode) or self._fading.get(episode)


def boxes_of(tracks: Iterable[Track]) -> dict[int, Box]:
    """Who is followed where."""
    return {track.id: track.box for track in tracks}


def divide(wanted: Sequence[Box], found: Sequence[Box]) -> tuple[list[Box], list[Box]]:
    """Which of the found boxes are the wanted persons, and which are others."""
    rest, inside = list(found), []
    for box in wanted:
        best = max(rest, key=box.iou, default=None)
        if best is not None and box.iou(best) >= _SAME:
            rest.remove(best)
            inside.append(best)
    return inside, rest


def _kept(frame: Frame, people: Mapping[int, Box], found: Sequence[Box]) -> Moment:
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    _done, data = cv2.imencode(".jpg", frame.image, options)
    return Moment(frame.at, data.tobytes(), dict(people), tuple(found))
