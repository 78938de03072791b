"""Events: immutable facts in a CloudEvents 1.0 envelope, and the notes that carry them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Rule(StrEnum):
    """What a rule watches for: people; with `tamper`, the camera itself."""

    DISTANCING = "distancing"
    MASK = "mask"
    GATHERING = "gathering"
    ZONE = "zone"
    LINE = "line"
    FENCE = "fence"
    OCCUPANCY = "occupancy"
    TAMPER = "tamper"


class Severity(StrEnum):
    """How much an episode matters, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def lowered(self) -> Severity:
        """One level less; low stays low."""
        levels = list(Severity)
        return levels[max(0, levels.index(self) - 1)]


class Phase(StrEnum):
    """An episode's two facts; every `opened` has exactly one `closed`."""

    OPENED = "opened"
    CLOSED = "closed"


class Shot(StrEnum):
    """When in an episode a still was taken."""

    BEFORE = "before"
    NOW = "now"
    WORST = "worst"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class EpisodeChange:
    """An episode opened or closed, as the rules say it.

    `episode` is deterministic (same input, same id), `t0` when the observation began, `t1` its
    last sighting, `tracks` the persons in it, `data` rule figures (metres, sigma, states),
    `rules` and `calibration` name the versions of what judged it.
    """

    episode: str
    phase: Phase
    rule: Rule
    camera: str
    t0: datetime
    t1: datetime
    tracks: tuple[int, ...]
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = Severity.MEDIUM
    rules: str = ""
    calibration: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that must reach the center (CloudEvents 1.0 attribute names).

    `id` is idempotent (`<episode>.opened`), `type` like `vn.qcam.episode.opened.v1`, `subject`
    the camera, `time` when it happened on the site's wall clock (UTC), `still` the picture's path
    relative to the stills folder or empty.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    severity: str
    data: Mapping[str, Any]
    still: str = ""


class Lane(StrEnum):
    """Order of urgency in the outbox, most urgent first."""

    ALARM = "alarm"  # a person must be told of it now
    STATE = "state"  # a change that matters and wakes nobody: episodes closed, notices
    BULK = "bulk"  # may wait
    IMAGE = "image"  # thumbnails


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message that must not be lost: a row of the outbox until it is acknowledged."""

    lane: Lane
    topic: str
    payload: bytes
    content_type: str = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class Sighting:
    """An episode's change on its way from vision to the journal, with its still (JPEG) if any:
    as it was then (opened), or after (closed). `shots` are more of it by `Shot`.
    """

    change: EpisodeChange
    still: bytes = b""
    thumbnail: bytes = b""
    model: str = ""
    shots: Mapping[str, bytes] = field(default_factory=dict)
