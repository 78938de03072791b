"""Episodes: an observation that lasted, as an automaton that is written down as a table.

    (none) --seen--> PENDING --lasted--> OPEN --expired, interrupted--> CLOSED --expired--> (gone)
                     PENDING --expired, interrupted--> (gone)

Law 1. `opened` is said once, on PENDING → OPEN; `closed` once, on OPEN → CLOSED; nothing else
       speaks. So every opened has exactly one closed, and none is closed that was not opened.
Law 2. Durations and patience are monotonic; wall times are the start's wall plus monotonic
       seconds, so a clock that steps in mid-episode changes neither length nor order.
Law 3. An episode is its rule, its place and its persons. A person who comes back under another
       track, close to where the old one was last seen and after it, is the same person: no second
       episode. A crowd is its rule and its place: people come and go, the episode stays.
Law 4. For `cooldown` after the bridge, the same persons open no second one: they stay pending.
Law 5. An episode ends at its last sighting, not when patience ran out.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import permutations

from edge_agent.core.event import EpisodeChange, Phase, Rule
from edge_agent.core.time import Instant, iso
from edge_agent.rules.observation import Key, Observation, Patience
from edge_agent.rules.tracker import COAST, Trail, may_continue


class Stage(StrEnum):
    """Where an episode is in its life; CLOSED lingers for the cooldown."""

    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"


class Signal(StrEnum):
    """What happens to an episode: `lasted` is a sighting after the duration and cooldown."""

    SEEN = "seen"
    LASTED = "lasted"
    EXPIRED = "expired"
    INTERRUPTED = "interrupted"


TABLE: Mapping[tuple[Stage, Signal], tuple[Stage | None, Phase | None]] = {
    (Stage.PENDING, Signal.SEEN): (Stage.PENDING, None),
    (Stage.PENDING, Signal.LASTED): (Stage.OPEN, Phase.OPENED),
    (Stage.PENDING, Signal.EXPIRED): (None, None),
    (Stage.PENDING, Signal.INTERRUPTED): (None, None),
    (Stage.OPEN, Signal.SEEN): (Stage.OPEN, None),
    (Stage.OPEN, Signal.LASTED): (Stage.OPEN, None),
    (Stage.OPEN, Signal.EXPIRED): (Stage.CLOSED, Phase.CLOSED),
    (Stage.OPEN, Signal.INTERRUPTED): (Stage.CLOSED, Phase.CLOSED),
    (Stage.CLOSED, Signal.EXPIRED): (None, None),
    (Stage.CLOSED, Signal.INTERRUPTED): (Stage.CLOSED, None),
}


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode so far. `keys` are all track sets it was seen under, `claim` the last
    observation, `peak` the worst one and when; it may open from monotonic second `not_before`.
    """

    id: str
    stage: Stage
    keys: tuple[Key, ...]
    start: Instant
    last: Instant
    claim: Observation
    peak: tuple[Instant, Observation]
    not_before: float

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


Outcome = tuple[Episodes, tuple[EpisodeChange, ...]]
Reason = Callable[[Episode], str]


def observe(
    book: Episodes, at: Instant, claims: Iterable[Observation], live: Mapping[int, Trail]
) -> Outcome:
    """The episodes after one analysed frame; `live` are the tracker's trails by id."""
    book, changes = expire(book, at, live)
    episodes, said = list(book.all), list(changes)
    known = _running(episodes)
    for claim in claims:
        index = known.get((claim.rule, claim.place, claim.key))
        if index is None:
            index = _predecessor(episodes, claim, live)
        if index is None:
            episodes.append(_pending(book, at, claim, live))
            index = len(episodes) - 1
        patience = _patience(book, claim)
        episode = _sighted(episodes[index], at, claim)
        lasted = episode.seconds >= patience.duration and at.mono >= episode.not_before
        after, change = _take(book, episode, Signal.LASTED if lasted else Signal.SEEN, "")
        assert after is not None  # no row of the table ends an episode that is in sight
        episodes[index] = after
        said += change
    return replace(book, all=tuple(episodes)), tuple(said)


def expire(book: Episodes, at: Instant, live: Mapping[int, Trail]) -> Outcome:
    """The episodes at a moment without looking: those unseen for too long end."""
    late = {episode.id for episode in book.all if at.since(episode.last) > _limit(book, episode)}
    if not late:
        return book, ()
    return _signal(book, late, Signal.EXPIRED, lambda episode: _ending(episode, live))


def interrupt(book: Episodes, reason: str) -> Outcome:
    """The episodes when looking ends: every open one closes with `reason`."""
    everyone = {episode.id for episode in book.all}
    return _signal(book, everyone, Signal.INTERRUPTED, lambda _: reason)


def active(book: Episodes, rule: Rule, *stages: Stage) -> frozenset[Key]:
    """The last known persons of the rule's episodes in these stages."""
    return frozenset(
        episode.claim.key
        for episode in book.all
        if episode.claim.rule is rule and episode.stage in stages
    )


def _signal(book: Episodes, told: Set[str], signal: Signal, reason: Reason) -> Outcome:
    said: list[EpisodeChange] = []
    kept = []
    for episode in book.all:
        if episode.id not in told:
            kept.append(episode)
            continue
        after, change = _take(book, episode, signal, reason(episode))
        said += change
        kept += [after] if after is not None else []
    return replace(book, all=tuple(kept)), tuple(said)


def _take(
    book: Episodes, episode: Episode, signal: Signal, reason: str
) -> tuple[Episode | None, tuple[EpisodeChange, ...]]:
    """One row of the table: the episode after the signal, and what is said about it."""
    stage, phase = TABLE[episode.stage, signal]
    said = (_change(book, episode, phase, reason),) if phase is not None else ()
    if stage is None or stage is episode.stage:
        return (episode if stage else None), said
    return replace(episode, stage=stage), said


def _running(episodes: Sequence[Episode]) -> dict[tuple[Rule, str, Key], int]:
    """Where each set of tracks belongs, of the episodes that are not closed."""
    return {
        (episode.claim.rule, episode.claim.place, key): index
        for index, episode in enumerate(episodes)
        if episode.stage is not Stage.CLOSED
        for key in episode.keys
    }


def _predecessor(
    episodes: Sequence[Episode], claim: Observation, live: Mapping[int, Trail]
) -> int | None:
    """The running episode that these persons continue under new tracks, if any."""
    for index, episode in enumerate(episodes):
        if episode.stage is not Stage.CLOSED and _continues(episode, claim, live):
            return index
    return None


def _continues(episode: Episode, claim: Observation, live: Mapping[int, Trail]) -> bool:
    """Law 3: the claim's new tracks began where and after the episode's missing ones ended."""
    if (episode.claim.rule, episode.claim.place) != (claim.rule, claim.place):
        return False
    if claim.key in episode.keys:
        return True
    if claim.reach is not None:
        return _same_crowd(episode.claim, claim, claim.reach)
    # Tracks that all began well before the last sighting continue nobody; most end here.
    if all(person.born.at.since(episode.last) < -COAST for person in claim.persons):
        return False
    before = episode.claim
    new = [person for person in claim.persons if person.id not in before.key]
    old = [live.get(p.id, p) for p in before.persons if p.id not in claim.key]
    return any(
        all(may_continue(gone, come) for gone, come in zip(order, new, strict=True))
        for order in permutations(old)
    )


def _same_crowd(before: Observation, claim: Observation, reach: float) -> bool:
    shared = set(before.key) & set(claim.key)
    return bool(shared) or math.dist(before.spot, claim.spot) <= reach


def _pending(book: Episodes, at: Instant, claim: Observation, live: Mapping[int, Trail]) -> Episode:
    cooling = [
        episode.last.mono + _limit(book, episode)
        for episode in book.all
        if episode.stage is Stage.CLOSED and _continues(episode, claim, live)
    ]
    name = _name(book, claim, at)
    not_before = max(cooling, default=at.mono)
    return Episode(name, Stage.PENDING, (claim.key,), at, at, claim, (at, claim), not_before)


def _sighted(episode: Episode, at: Instant, claim: Observation) -> Episode:
    """The episode seen once more. A claim under a former key does not change its persons."""
    if claim.reach is not None:
        peak = (at, claim) if claim.worse > episode.peak[1].worse else episode.peak
        return replace(episode, keys=(claim.key,), last=at, claim=claim, peak=peak)
    keys = episode.keys if claim.key in episode.keys else (*episode.keys, claim.key)
    former = claim.key in episode.keys and claim.key != episode.claim.key
    peak = (at, claim) if claim.worse > episode.peak[1].worse else episode.peak
    current = episode.claim if former else claim
    return replace(episode, keys=keys, last=at, claim=current, peak=peak)


def _limit(book: Episodes, episode: Episode) -> float:
    """Seconds without a sighting after which this episode ends, or is forgotten once closed."""
    patience = _patience(book, episode.claim)
    lingers = patience.cooldown if episode.stage is Stage.CLOSED else 0.0
    return patience.bridge + lingers


def _patience(book: Episodes, claim: Observation) -> Patience:
    return claim.patience or book.patience[claim.rule]


def _ending(episode: Episode, live: Mapping[int, Trail]) -> str:
    """`ended` when the persons are still in sight, `out_of_view` when not."""
    trails = [live.get(number) for number in episode.claim.key]
    return "ended" if all(trail and not trail.misses for trail in trails) else "out_of_view"


def _change(book: Episodes, episode: Episode, phase: Phase, reason: str) -> EpisodeChange:
    when, worst = episode.peak
    return EpisodeChange(
        episode=episode.id,
        phase=phase,
        rule=episode.claim.rule,
        camera=book.camera,
        t0=episode.start.wall,
        t1=_label(episode, episode.last),
        tracks=episode.claim.key,
        reason=reason,
        data={
            **episode.claim.latest,
            **worst.worst,
            **({"place": episode.claim.place} if episode.claim.place else {}),
            "peak": iso(_label(episode, when)),
            "seconds": round(episode.seconds, 3),
        },
        severity=episode.claim.severity,
        rules=book.rules,
        calibration=book.calibration,
    )


def _label(episode: Episode, moment: Instant) -> datetime:
    return episode.start.wall + timedelta(seconds=moment.since(episode.start))


def _name(book: Episodes, claim: Observation, at: Instant) -> str:
    """The same for the same input: rule and a hash of site, camera, rule, persons, start."""
    who = repr(claim.key) + claim.place
    text = "\n".join([book.site, book.camera, claim.rule, who, at.wall.isoformat()])
    return f"{claim.rule}-{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"
