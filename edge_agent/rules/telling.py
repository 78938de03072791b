"""What the rules found, as the JSON values that `analyze` and `replay` write (docs/analyze.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

from edge_agent.core.event import EpisodeChange
from edge_agent.core.time import from_iso
from edge_agent.rules.distancing import one_person
from edge_agent.rules.ground import pair_distance
from edge_agent.rules.trail import Trail

Line = dict[str, Any]


def event_line(change: EpisodeChange, source: str, model: str, start: datetime) -> Line:
    """The line of an episode's opening or closing; times are in seconds from `start` on."""
    figures = dict(change.data)
    if (peak := figures.pop("peak", None)) is not None:
        figures["peak_s"] = _seconds(from_iso(peak), start)
    return {
        "type": "event",
        "source": source,
        "event": change.phase.value,
        "episode": change.episode,
        "rule": change.rule.value,
        "camera": change.camera,
        "tracks": list(change.tracks),
        "t0_s": _seconds(change.t0, start),
        "t1_s": _seconds(change.t1, start),
        "reason": change.reason,
        "severity": change.severity.value,
        "model": model,
        "rules": change.rules,
        "calibration": change.calibration,
        **figures,
    }


def pairs_line(trails: Sequence[Trail], frame: int, seconds: float) -> Line:
    """The distances between all confirmed persons with a place; a pair of which nobody is seen
    now, or that is one person twice, is none.
    """
    placed = sorted(
        ((trail, trail.ground) for trail in trails if trail.confirmed and trail.ground is not None),
        key=lambda one: one[0].id,
    )
    pairs = []
    for (a, here), (b, there) in combinations(placed, 2):
        if not one_person(a, b):
            metres, sigma = pair_distance(here, there)
            values = {"distance_m": round(metres, 3), "sigma_m": round(sigma, 3)}
            pairs.append({"a": a.id, "b": b.id, **values})
    return {"type": "pairs", "frame": frame, "time_s": round(seconds, 3), "pairs": pairs}


def _seconds(wall: datetime, start: datetime) -> float:
    return round((wall - start).total_seconds(), 3)
