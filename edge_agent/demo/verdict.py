"""Did every stage of the main job really happen? Pure: figures in, stages with words out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left behind, counted on disk, in the databases and at the broker's subscriber.

    `played`, `recorded` and `due` are seconds per camera: decoded from the files, said by the
    index, and how long it should have recorded; `expected` the kinds that the scene's ground
    truth holds within the run, None for a user's own clip.
    """

    wanted: int
    found: tuple[str, ...]
    due: Mapping[str, float]
    segments: Mapping[str, int]
    recorded: Mapping[str, float]
    played: Mapping[str, float]
    unplayable: tuple[str, ...]
    analysed: Mapping[str, int]
    events: frozenset[str]
    arrived: frozenset[str]
    kinds: Mapping[str, int]
    stills: int
    missing_stills: tuple[str, ...]
    waiting: int
    heartbeats: int
    last_state: str
    expected: Mapping[str, int] | None
    first_event: float | None


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the main job: whether it happened, and the figures that say so."""

    name: str
    happened: bool
    detail: str


def stages(run: Outcome) -> tuple[Stage, ...]:
    """The five steps, in order; the demo succeeds when all of them happened."""
    return (_discovered(run), _recorded(run), _analysed(run), _seen(run), _delivered(run))


def _discovered(run: Outcome) -> Stage:
    detail = f"{len(run.found)} / {run.wanted} camera: {', '.join(run.found) or '–'}"
    return Stage("tìm thấy / discovered", len(run.found) == run.wanted, detail)


def _recorded(run: Outcome) -> Stage:
    whole = (
        bool(run.found)
        and not run.unplayable
        and all(run.segments.get(camera, 0) > 0 for camera in run.found)
        and all(run.played.get(camera, 0.0) > 0 for camera in run.found)
    )
    detail = (
        f"{sum(run.segments.values())} đoạn / segments, {sum(run.recorded.values()):.1f} s "
        f"of {sum(run.due.values()):.1f} s due, {sum(run.played.values()):.1f} s play"
    )
    if run.unplayable:
        detail += f"; không phát được / do not play: {', '.join(run.unplayable)}"
    return Stage("ghi hình / recorded", whole, detail)


def _analysed(run: Outcome) -> Stage:
    detail = ", ".join(f"{camera} {count}" for camera, count in sorted(run.analysed.items()))
    seen = bool(run.found) and all(run.analysed.get(camera, 0) > 0 for camera in run.found)
    return Stage("phân tích / analysed", seen, f"khung hình / frames: {detail or '–'}")


def _seen(run: Outcome) -> Stage:
    """Events with stills; with ground truth, at least one of every kind that the scene holds."""
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(run.kinds.items())) or "–"
    if run.expected is None:
        return Stage("sự kiện / events", not run.missing_stills, f"{said} (clip không có đáp án)")
    truth = ", ".join(f"{kind} {count}" for kind, count in sorted(run.expected.items()))
    happened = (
        bool(run.kinds)
        and not run.missing_stills
        and all(run.kinds.get(kind, 0) > 0 for kind in run.expected)
    )
    first = f"{run.first_event:.1f} s" if run.first_event is not None else "–"
    detail = f"mở / opened: {said}; sự thật / truth: {truth}; đầu tiên / first: {first}"
    return Stage("sự kiện / events", happened, f"{detail}; ảnh / stills {run.stills}")


def _delivered(run: Outcome) -> Stage:
    lost = run.events - run.arrived
    happened = not lost and run.waiting == 0 and run.heartbeats > 0 and run.last_state == "stopped"
    detail = (
        f"{len(run.events & run.arrived)} / {len(run.events)} sự kiện / events, "
        f"chờ / waiting {run.waiting}, heartbeat {run.heartbeats}, state {run.last_state}"
    )
    return Stage("gửi đi / delivered", happened, detail)
