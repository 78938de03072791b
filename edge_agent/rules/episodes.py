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
Law 4. People who were close where an episode ran, before it fell silent, and who would open when
       it has, are its people under other tracks, unless one of them came there walking, or all
       its own are in sight and nobody's track began there since: each episode has at most one
       such heir. They are its people, too, when each of their tracks may have changed owners with
       one of its own; then the time that a pending one has waited counts for them.
Law 5. For `cooldown` after the bridge, the same persons open no second one: they stay pending.
Law 6. An episode ends at its last sighting, not when patience ran out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from edge_agent.core.event import EpisodeChange, Phase, Rule
from edge_agent.core.time import Instant, iso
from edge_agent.rules.episode import (
    Episode,
    Episodes,
    Stage,
    lingers,
    patience_of,
    sighted,
    taken_over,
)
from edge_agent.rules.observation import Key, Observation
from edge_agent.rules.succession import continues, elder, former, left_waiting, predecessor, running
from edge_agent.rules.trail import Trail


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


Outcome = tuple[Episodes, tuple[EpisodeChange, ...]]
Reason = Callable[[Episode], str]


def observe(
    book: Episodes, at: Instant, claims: Sequence[Observation], live: Mapping[int, Trail]
) -> Outcome:
    """The episodes after one analysed frame; `live` are the tracker's trails by id."""
    book, changes = expire(book, at, live)
    episodes, said = list(book.all), list(changes)
    known = running(episodes)
    waiting = left_waiting(episodes, at, {claim.key for claim in claims})
    for claim in claims:
        index = known.get((claim.rule, claim.place, claim.key))
        if index is None:
            index = predecessor(episodes, claim, live)
        if index is None:
            episodes.append(_pending(book, at, claim, live))
            index = len(episodes) - 1
        episodes[index] = sighted(episodes[index], at, claim)
        seen, index = index, _rightful(book, episodes, index, live, waiting)
        if seen != index:
            known = running(episodes)
        signal = Signal.LASTED if _lasted(book, episodes[index]) else Signal.SEEN
        after, change = _take(book, episodes[index], signal, "")
        assert after is not None  # no row of the table ends an episode that is in sight
        episodes[index] = after
        said += change
    kept = tuple(episode for episode in episodes if episode.keys)
    return replace(book, all=kept), tuple(said)


def expire(book: Episodes, at: Instant, live: Mapping[int, Trail]) -> Outcome:
    """The episodes at a moment without looking: those unseen for too long end."""
    unseen = [(one, at.since(one.last)) for one in book.all]
    late = {one.id for one, seconds in unseen if seconds > 0 and seconds > lingers(book, one)}
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
    return episode._replace(stage=stage), said


def _lasted(book: Episodes, episode: Episode) -> bool:
    patience = patience_of(book, episode.claim)
    return episode.seconds >= patience.duration and episode.last.mono >= episode.not_before


def _rightful(
    book: Episodes,
    episodes: list[Episode],
    index: int,
    live: Mapping[int, Trail],
    waiting: Sequence[int],
) -> int:
    """Law 4: the episode to which what was just seen of a pending one belongs. It goes on with
    one that waited before it, or with an open one, or waits out a closed one's cooldown.
    """
    if episodes[index].stage is not Stage.PENDING:
        return index
    before = elder(book, episodes, episodes[index], waiting)
    if before is not None:
        index = _handed_over(episodes, index, before)
    if episodes[index].stage is not Stage.PENDING or not _lasted(book, episodes[index]):
        return index
    before = former(book, episodes, episodes[index], live)
    if before is None:
        return index
    one = episodes[before]
    if one.stage is Stage.OPEN:
        return _handed_over(episodes, index, before)
    episodes[before] = one._replace(heir=True)
    wait = one.last.mono + lingers(book, one)
    episodes[index] = episodes[index]._replace(not_before=wait)
    return index


def _handed_over(episodes: list[Episode], heir: int, to: int) -> int:
    """Give an episode what its heir was seen as; of the heir nothing is left to go on."""
    episodes[to] = taken_over(episodes[to], episodes[heir])
    episodes[heir] = episodes[heir]._replace(stage=Stage.CLOSED, heir=True, keys=())
    return to


def _pending(book: Episodes, at: Instant, claim: Observation, live: Mapping[int, Trail]) -> Episode:
    cooling = [
        episode.last.mono + lingers(book, episode)
        for episode in book.all
        if episode.stage is Stage.CLOSED and continues(episode, claim, live)
    ]
    name = _name(book, claim, at)
    not_before = max(cooling, default=at.mono)
    return Episode(
        name, Stage.PENDING, (claim.key,), at, at, claim, (at, claim), not_before, claim.spot
    )


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
