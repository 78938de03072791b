"""From what vision saw to facts: the events of an episode, and their way into the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypedDict

from edge_agent.core.event import EpisodeChange, Event, Lane, Message, Phase, Severity, Sighting
from edge_agent.core.time import Instant, iso
from edge_agent.core.trouble import Trouble
from edge_agent.link import wire
from edge_agent.link.wire import Topics
from edge_agent.runtime.logs import log
from edge_agent.store.journal import Journal

OPENED = "vn.qcam.episode.opened.v1"
CLOSED = "vn.qcam.episode.closed.v1"
_TELLS = {  # an episode's severity in the words of all events
    Severity.LOW: "info",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "critical",
    Severity.URGENT: "critical",
}
_TYPES = {Phase.OPENED: OPENED, Phase.CLOSED: CLOSED}


class EpisodeData(TypedDict):
    """`data` of both episode events.

    `t0` when the observation began, `t1` its last sighting, `seconds` between them, `tracks` the
    persons, `severity` low to urgent, `model` what saw it, `rules` and `calibration` the versions
    of what judged it, `figures` the rule's own (metres, sigma, mask states), `reason`
    why it closed, `stills` the paths of its other shots (before, worst) in the site's stills
    folder. On the wire `still` joins: the path of the picture itself.
    """

    episode: str
    phase: str
    rule: str
    camera: str
    t0: str
    t1: str
    seconds: float
    tracks: list[int]
    reason: str
    severity: str
    model: str
    rules: str
    calibration: str
    figures: dict[str, Any]
    stills: dict[str, str]


def episode_event(
    site: str, sighting: Sighting, still_path: str = "", shots: Mapping[str, str] | None = None
) -> Event:
    """The fact that an episode opened (as severe as it is) or closed (info)."""
    change = sighting.change
    return Event(
        id=f"{change.episode}.{change.phase.value}",
        source=f"qcam/{site}",
        type=_TYPES[change.phase],
        subject=change.camera,
        time=change.t1,
        severity=_TELLS[change.severity] if change.phase is Phase.OPENED else "info",
        data=dict(_data(change, sighting.model, shots or {})),
        still=still_path,
    )


def closed_by_interruption(opened: Event, now: Instant, reason: str) -> Event:
    """The end of an episode whose watcher died: known to have lasted until its last sighting.

    It has the id that the rules' own closing would have had, so an episode never closes twice.
    """
    return replace(
        opened,
        id=f"{opened.id.removesuffix('.opened')}.closed",
        type=CLOSED,
        time=now.wall,
        severity="info",
        data={**opened.data, "phase": Phase.CLOSED.value, "reason": reason},
        still="",
    )


def messages(event: Event, thumbnail: bytes, epoch: str, topics: Topics) -> tuple[Message, ...]:
    """Who is told what: openings in the alarm lane, closings in state, the picture last.

    Raises Trouble `link.thumbnail` for a picture that cannot go.
    """
    lane = Lane.ALARM if event.type == OPENED else Lane.STATE
    fact = wire.event_message(event, epoch, topics, lane)
    if not thumbnail:
        return (fact,)
    return fact, wire.thumbnail_message(event, thumbnail, topics)


def record_event(
    journal: Journal,
    topics: Topics,
    event: Event,
    thumbnail: bytes = b"",
    notify: Callable[[], None] = lambda: None,
) -> bool:
    """Store the fact with its messages and wake the link; False when it is known already.

    A picture that cannot go is reported and left behind; the fact goes without it. Raises Trouble
    when the database does not answer: nothing is stored then, try again.
    """
    try:
        notes = messages(event, thumbnail, journal.epoch, topics)
    except Trouble as trouble:
        log.warning("thumbnail.left", id=event.id, code=trouble.code, vi=trouble.vi, en=trouble.en)
        notes = messages(event, b"", journal.epoch, topics)
    fresh = journal.record(event, notes)
    if fresh:
        log.info(
            "episode.recorded",
            id=event.id,
            type=event.type,
            camera=event.subject,
            severity=event.severity,
            rule=event.data.get("rule", ""),
            seconds=event.data.get("seconds", 0.0),
            still=event.still,
        )
        notify()
    return fresh


def _data(change: EpisodeChange, model: str, shots: Mapping[str, str]) -> EpisodeData:
    return EpisodeData(
        episode=change.episode,
        phase=change.phase.value,
        rule=change.rule.value,
        camera=change.camera,
        t0=iso(change.t0),
        t1=iso(change.t1),
        seconds=round((change.t1 - change.t0).total_seconds(), 3),
        tracks=list(change.tracks),
        reason=change.reason,
        severity=change.severity.value,
        model=model,
        rules=change.rules,
        calibration=change.calibration,
        figures=dict(wire.plain(change.data)),
        stills={shot: path for shot, path in shots.items() if path},
    )
