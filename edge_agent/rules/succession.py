"""Who continues whom: the same people under other tracks are no second episode (laws 3 and 4)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from itertools import permutations

from edge_agent.core.event import Rule
from edge_agent.core.outline import Point
from edge_agent.core.time import Instant
from edge_agent.rules.episode import Episode, Episodes, Stage, patience_of
from edge_agent.rules.observation import Key, Observation
from edge_agent.rules.trail import COAST, Trail, may_continue

SILENT = 0.9  # seconds without a sighting after which an episode may have lost its tracks
MIDST = 1.6  # metres from that middle within which a track that began is no newcomer
THERE = 0.8  # metres between the middles of two episodes that are one


def predecessor(
    episodes: Sequence[Episode], claim: Observation, live: Mapping[int, Trail]
) -> int | None:
    """The running episode that these persons continue under new tracks, if any; the one of these
    very tracks is `running`.
    """
    youngest = _youngest(claim) if claim.reach is None else math.inf
    for index, episode in enumerate(episodes):
        if episode.stage is Stage.CLOSED or episode.last.mono - COAST > youngest:
            continue
        if continues(episode, claim, live):
            return index
    return None


def continues(episode: Episode, claim: Observation, live: Mapping[int, Trail]) -> bool:
    """Law 3: the claim's new tracks began where and after the episode's missing ones ended."""
    before, key = episode.claim, claim.key
    if before.rule is not claim.rule or before.place != claim.place:
        return False
    if key in episode.keys:
        return True
    if claim.reach is not None:
        return _same_crowd(before, claim, claim.reach)
    # Tracks that all began well before the last sighting continue nobody; most end here.
    if _youngest(claim) < episode.last.mono - COAST:
        return False
    known = before.key
    new = [person for person in claim.persons if person.id not in known]
    old = [live.get(p.id, p) for p in before.persons if p.id not in key]
    return any(
        all(may_continue(gone, come) for gone, come in zip(order, new, strict=True))
        for order in permutations(old)
    )


def _youngest(claim: Observation) -> float:
    """The monotonic second at which the youngest of the claim's tracks began."""
    return max([person.born.at.mono for person in claim.persons], default=-math.inf)


def former(
    book: Episodes, episodes: Sequence[Episode], heir: Episode, live: Mapping[int, Trail]
) -> int | None:
    """Law 4: the silent episode whose people these are, who would open another one now."""
    for index, one in enumerate(episodes):
        if (
            one.stage is not Stage.PENDING
            and _inherits(book, one, heir)
            and (_changed_owners(one, heir) or _began_there(one, heir, live))
        ):
            return index
    return None


def left_waiting(episodes: Sequence[Episode], at: Instant, claimed: Set[Key]) -> list[int]:
    """The pending episodes that fell silent and whose tracks are not `claimed` in this frame."""
    return [
        index
        for index, one in enumerate(episodes)
        if one.stage is Stage.PENDING
        and at.since(one.last) > SILENT
        and claimed.isdisjoint(one.keys)
    ]


def elder(
    book: Episodes, episodes: Sequence[Episode], heir: Episode, waiting: Sequence[int]
) -> int | None:
    """Law 4: of those left waiting, the one that these people began before their tracks changed
    owners.
    """
    for index in waiting:
        one = episodes[index]
        older = one.start.mono < heir.start.mono
        if older and _inherits(book, one, heir) and _changed_owners(one, heir):
            return index
    return None


def _changed_owners(one: Episode, heir: Episode) -> bool:
    """Whether each of the heir's tracks is of the episode, or may since its start have changed
    owners with one that is.
    """
    known = {number for key in one.keys for number in key}
    return all(
        person.id in known
        or any(n in known and at.since(one.start) > 0 for n, at in person.mistaken.items())
        for person in heir.claim.persons
    )


def _began_there(one: Episode, heir: Episode, live: Mapping[int, Trail]) -> bool:
    """Whether the heir's tracks are of the episode or began in its midst, and it missed some."""
    lost = not _in_sight(one, live) or _newborn(one, heir)
    return lost and all(_began(one, person) for person in heir.claim.persons)


def _in_sight(one: Episode, live: Mapping[int, Trail]) -> bool:
    """Whether the persons of an episode are followed and seen: it ended, and lost nobody."""
    trails = [live.get(number) for number in one.claim.key]
    return all(trail is not None and not trail.misses for trail in trails)


def _newborn(one: Episode, heir: Episode) -> bool:
    """Whether a track of the heir began while the episode ran: nobody comes out of the floor, so
    somebody there had lost theirs, perhaps to a passer-by who walks on with it.
    """
    known = {number for key in one.keys for number in key}
    return any(p.id not in known and p.born.at.since(one.start) > 0 for p in heir.claim.persons)


def _inherits(book: Episodes, one: Episode, heir: Episode) -> bool:
    if one.heir or (one.claim.rule, one.claim.place) != (heir.claim.rule, heir.claim.place):
        return False
    silent = heir.last.since(one.last) > SILENT
    began = heir.start.since(one.last) <= patience_of(book, one.claim).bridge
    near = heir.claim.reach is None and _apart(one.anchor, heir.anchor) <= THERE
    return silent and began and near


def _began(one: Episode, person: Trail) -> bool:
    """Whether somebody is of the episode, or began in its midst; who came walking is another."""
    if any(person.id in key for key in one.keys):
        return True
    where = person.born.ground
    return where is not None and _apart(one.anchor, (where.x, where.y)) <= MIDST


def _apart(a: Point | None, b: Point | None) -> float:
    return math.inf if a is None or b is None else math.dist(a, b)


def _same_crowd(before: Observation, claim: Observation, reach: float) -> bool:
    if set(before.key) & set(claim.key) or before.spot is None or claim.spot is None:
        return True  # a place that is not on the floor is one place
    return math.dist(before.spot, claim.spot) <= reach


def running(episodes: Sequence[Episode]) -> dict[tuple[Rule, str, Key], int]:
    """Where each set of tracks belongs, of the episodes that are not closed."""
    return {
        (episode.claim.rule, episode.claim.place, key): index
        for index, episode in enumerate(episodes)
        if episode.stage is not Stage.CLOSED
        for key in episode.keys
    }
