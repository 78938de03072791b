"""An episode as a value: what it was seen as so far, and how patient its rule is with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from edge_agent.core.event import Rule
from edge_agent.core.outline import Point
from edge_agent.core.time import Instant
from edge_agent.rules.observation import Key, Observation, Patience


class Stage(StrEnum):
    """Where an episode is in its life; CLOSED lingers for the cooldown."""

    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"


class Episode(NamedTuple):
    """An episode so far. `keys` are all track sets it was seen under, `claim` the last
    observation, `peak` the worst one and when; it may open from monotonic second `not_before`.
    `anchor` is the middle of where it was seen in `looks`; `heir` that another took it over.
    """

    id: str
    stage: Stage
    keys: tuple[Key, ...]
    start: Instant
    last: Instant
    claim: Observation
    peak: tuple[Instant, Observation]
    not_before: float
    anchor: Point | None
    looks: int = 1
    heir: bool = False

    @property
    def seconds(self) -> float:
        """From the first sighting to the last, monotonic."""
        return self.last.since(self.start)


@dataclass(frozen=True, slots=True)
class Episodes:
    """All living episodes of one camera, oldest first, and the versions of what judges them."""

    site: str
    camera: str
    patience: Mapping[Rule, Patience]
    rules: str = ""
    calibration: str = ""
    all: tuple[Episode, ...] = ()


def sighted(episode: Episode, at: Instant, claim: Observation) -> Episode:
    """The episode seen once more. A claim under a former key does not change its persons."""
    crowd, key = claim.reach is not None, claim.key
    known = key in episode.keys
    keys = (key,) if crowd else episode.keys if known else (*episode.keys, key)
    former = known and key != episode.claim.key and not crowd
    looks = episode.looks + 1
    return episode._replace(
        keys=keys,
        last=at,
        claim=episode.claim if former else claim,
        peak=(at, claim) if claim.worse > episode.peak[1].worse else episode.peak,
        anchor=_between(episode.anchor, claim.spot, 1 / looks),
        looks=looks,
    )


def taken_over(episode: Episode, heir: Episode) -> Episode:
    """The episode with its heir's sightings as its own."""
    keys = (*episode.keys, *(key for key in heir.keys if key not in episode.keys))
    peak = heir.peak if heir.peak[1].worse > episode.peak[1].worse else episode.peak
    return episode._replace(keys=keys, last=heir.last, claim=heir.claim, peak=peak)


def patience_of(book: Episodes, claim: Observation) -> Patience:
    """The claim's own patience, or its rule's."""
    return claim.patience or book.patience[claim.rule]


def lingers(book: Episodes, episode: Episode) -> float:
    """Seconds without a sighting after which this episode ends, or is forgotten once closed."""
    patience = patience_of(book, episode.claim)
    cooldown = patience.cooldown if episode.stage is Stage.CLOSED else 0.0
    return patience.bridge + cooldown


def _between(a: Point | None, b: Point | None, share: float) -> Point | None:
    if a is None or b is None:
        return a
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
