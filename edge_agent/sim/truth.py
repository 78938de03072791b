"""Ground truth as episodes: what the rules should find in a loop, by a plain definition."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_agent.core.event import Rule
from edge_agent.core.perception import MaskState
from edge_agent.sim.scenario import FrameTruth, PersonTruth

LIMIT = 2.0  # metres
SMALLEST_HEAD = 24.0  # pixels of the main picture, hair to chin
BARE_FOR = 3.0  # seconds a bare face must show
BRIDGE = 2.0  # seconds that do not end an episode


@dataclass(frozen=True, slots=True)
class Expected:
    """An episode that is in the scene: seconds of the loop from `t0_s` to `t1_s`."""

    camera: str
    rule: Rule
    t0_s: float
    t1_s: float
    persons: tuple[int, ...]


def runs(times: Sequence[float], bridge: float, least: float) -> list[tuple[float, float]]:
    """Spans of moments that follow each other within `bridge` seconds, `least` seconds or longer.

    `times` are ascending seconds at which something held.
    """
    spans: list[tuple[float, float]] = []
    for t in times:
        if spans and t - spans[-1][1] <= bridge:
            spans[-1] = (spans[-1][0], t)
        else:
            spans.append((t, t))
    return [span for span in spans if span[1] - span[0] >= least]


def bare(person: PersonTruth) -> bool:
    """A face that shows, wears nothing, and is large enough to tell."""
    return person.mask is MaskState.ABSENT and person.head.height >= SMALLEST_HEAD


def episodes(camera: str, frames: Iterable[FrameTruth], duration: float) -> list[Expected]:
    """What the rules should find: pairs below 2 m for `duration`, bare faces for 3 s."""
    close: dict[tuple[int, int], list[float]] = {}
    bared: dict[int, list[float]] = {}
    for frame in frames:
        for a, b, metres in frame.pairs:
            if metres < LIMIT:
                close.setdefault((a, b), []).append(frame.t)
        for person in frame.persons:
            if bare(person):
                bared.setdefault(person.id, []).append(frame.t)
    found = [
        Expected(camera, Rule.DISTANCING, round(t0, 2), round(t1, 2), pair)
        for pair, times in close.items()
        for t0, t1 in runs(times, BRIDGE, duration)
    ]
    found += [
        Expected(camera, Rule.MASK, round(t0, 2), round(t1, 2), (one,))
        for one, times in bared.items()
        for t0, t1 in runs(times, BRIDGE, BARE_FOR)
    ]
    return sorted(found, key=lambda one: (one.t0_s, one.rule, one.persons))


def _pixels(values: Iterable[float]) -> list[float]:
    return [round(value, 1) for value in values]


def frame_line(frame: FrameTruth) -> str:
    """One frame as a line of JSON: `t`, `persons`, `pairs`."""
    persons = [
        {
            "id": one.id,
            "x": round(one.x, 3),
            "y": round(one.y, 3),
            "box": _pixels((one.box.x1, one.box.y1, one.box.x2, one.box.y2)),
            "head": _pixels((one.head.x1, one.head.y1, one.head.x2, one.head.y2)),
            "visible": round(one.visible, 2),
            "mask": one.mask.value,
            "standing": one.standing,
        }
        for one in frame.persons
    ]
    pairs = [{"a": a, "b": b, "metres": round(metres, 3)} for a, b, metres in frame.pairs]
    return json.dumps({"t": round(frame.t, 4), "persons": persons, "pairs": pairs})


def write_truth(
    folder: Path,
    cameras: Sequence[tuple[str, Callable[[], Iterable[FrameTruth]]]],
    seconds: float,
    duration: float,
) -> list[Expected]:
    """Write `truth.json` (episodes) and `truth-<camera>.jsonl` (frames); returns the episodes."""
    expected: list[Expected] = []
    for camera, of in cameras:
        frames = list(of())
        lines = "".join(frame_line(frame) + "\n" for frame in frames)
        (folder / f"truth-{camera}.jsonl").write_text(lines, encoding="utf-8")
        expected += episodes(camera, frames, duration)
    document = {
        "loop_s": seconds,
        "distancing_duration_s": duration,
        "episodes": [asdict(one) for one in expected],
    }
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
    return expected
