"""Nobody is there: a day of empty, windy, flickering, infrared scenes through detector and tracker.

    python -m tests.bench.vision_quiet [--minutes 48] [--seed 11] [--cut]

The day of `rules_tamper` without its people, at four places: daylight, dusk, infrared and back,
lamps that flicker, rain, fog, wind in trees, headlights, curtains, restarts of the camera. The
minutes are taken in pieces from all over the day and looked at five times a second through the live
pipeline: its gate, the shipped person model, the tracker. Whoever is followed as a confirmed person
for longer than a second is false. So that silence means something, somebody is drawn into the noon
of every place, walks for ten seconds, and must be followed. Prints a table and, as last line, JSON;
exit status 1 when somebody is false or missed. Nothing here was trained on, and no limit was chosen
by it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
from rich.console import Console
from rich.table import Table

from edge_agent.config.behaviours import Rules
from edge_agent.config.schema import Vision
from edge_agent.core.media import Camera, Identity, Stream
from edge_agent.core.perception import TrackState
from edge_agent.core.time import Instant
from edge_agent.vision.frame import Frame, Image
from edge_agent.vision.pipeline import CameraPipeline, Models, Outlook
from edge_agent.vision.process import load_models
from edge_agent.vision.specimens import Figure, draw
from tests.bench.tamper_day import Day
from tests.bench.tamper_scenes import PLACES, Place

MODELS = Path(__file__).parents[2] / "models"
FPS = 5
PIECE = 30.0  # seconds
LONGEST = 1.0  # seconds that nobody may be followed for
NOON, WALK, LEAST = 12 * 3600.0, 10.0, 5.0  # seconds: when somebody walks, how long, followed
Change = Callable[[Image, float], None]
START = Instant(datetime(2026, 11, 28, tzinfo=UTC), 0.0)


@dataclass
class Watched:
    """What one place's pieces of a day gave; `lives` are seconds by track."""

    pieces: int = 0
    frames: int = 0
    analysed: int = 0
    sightings: int = 0
    lives: list[float] = field(default_factory=list)

    @property
    def false(self) -> int:
        """Persons kept longer than they may be."""
        return sum(life > LONGEST for life in self.lives)


def watch(kind: str, minutes: float, seed: int, models: Models) -> Watched:
    """Pieces of the day at this place, spread evenly, each with a camera that was just opened."""
    place = Place(kind, seed)
    day = Day(place, seed, hours=24.0, people=False)
    result, pieces = Watched(), max(1, round(minutes * 60 / PIECE))
    for piece in range(pieces):
        begin = (piece + 0.5) / pieces * (day.seconds - PIECE)
        _look(place, day, (begin, begin + PIECE), models, result)
    return result


def followed(kind: str, seed: int, models: Models) -> float:
    """Seconds for which somebody who walks there at noon is followed, the longest life."""
    place, result = Place(kind, seed), Watched()
    day = Day(place, seed, hours=24.0, people=False)
    _look(place, day, (NOON, NOON + WALK), models, result, _somebody)
    return max(result.lives, default=0.0)


def _somebody(image: Image, t: float) -> None:
    draw(image, Figure(x=180 + 25 * (t - NOON), feet=310, height=170, stride=0.08))


def _look(
    place: Place,
    day: Day,
    span: tuple[float, float],
    models: Models,
    result: Watched,
    change: Change = lambda _image, _t: None,
) -> None:
    begin, end = span
    day.settle(begin)
    pipeline = CameraPipeline(_outlook(place.kind), models)
    seen: dict[int, tuple[float, float]] = {}
    for number in range(int((end - begin) * FPS)):
        t = begin + number / FPS
        weather = day.weather(t)
        if weather is None:
            continue
        large = cv2.resize(place.render(t, weather), (640, 360), interpolation=cv2.INTER_CUBIC)
        change(large, t)
        pipeline.take(Frame(place.kind, START.plus(t), large))
        result.frames += 1
        for track in pipeline.tracks:
            result.sightings += track.state is not TrackState.LOST
            if track.state is TrackState.CONFIRMED:
                seen[track.id] = (seen.get(track.id, (t, t))[0], t)
    result.pieces += 1
    result.analysed += pipeline.analysed
    result.lives += [last - first for first, last in seen.values()]


def _outlook(name: str) -> Outlook:
    camera = Camera(name, name, "other", "h", Identity(), Stream("rtsp://h/m", 640, 360))
    return Outlook("bench", "Asia/Ho_Chi_Minh", camera, Rules(), None, 1.0)


def _row(kind: str, minutes: float, seed: int, models: Models) -> dict[str, Any]:
    one = watch(kind, minutes, seed, models)
    return {
        "place": kind,
        "pieces": one.pieces,
        "frames": one.frames,
        "analysed": one.analysed,
        "boxes": one.sightings,
        "confirmed": len(one.lives),
        "longest_s": round(max(one.lives, default=0.0), 1),
        "false": one.false,
        "walker_s": round(followed(kind, seed, models), 1),
    }


def main(words: Sequence[str] | None = None) -> int:
    """Look, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=48.0)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--cut", action="store_true")
    asked = parser.parse_args(words)
    minutes = 2.0 if asked.cut else asked.minutes
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as scratch:
        models = load_models(MODELS, Vision(), Path(scratch))
        rows = [_row(kind, minutes / len(PLACES), asked.seed, models) for kind in PLACES]
    table = Table(title="vision_quiet: nobody is there")
    for column in rows[0]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console(width=120).print(table)
    good = not any(row["false"] or row["walker_s"] < LEAST for row in rows)
    print(json.dumps({"bench": "vision_quiet", "rows": rows, "good": good}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
