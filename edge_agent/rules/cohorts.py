"""Who may be close: declared cohorts are excused where and when they are declared; companions
that were merely learnt are labelled and weigh a level less, and are never silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.config.behaviours import DistancingRule
from edge_agent.core.time import Instant
from edge_agent.rules.observation import Key
from edge_agent.rules.placed import Placed, pairs, placed
from edge_agent.rules.scene import Scene, in_time, within
from edge_agent.rules.trail import Trail

Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """Everybody with a place at the last frame, and pair by pair: `seen`, the seconds for which
    two were in view together, and `close`, those of them closer than the limit. Both (n, n).
    """

    people: Placed
    seen: Seconds
    close: Seconds


NOBODY = Company(placed(()), np.zeros((0, 0)), np.zeros((0, 0)))


def excused(scene: Scene, persons: Sequence[Trail], at: Instant) -> bool:
    """Whether all of them are in the zones of one cohort that holds now."""
    return any(
        in_time(scene, cohort.when, at)
        and all(within(scene, person, cohort.zones) for person in persons)
        for cohort in scene.rules.cohorts
    )


def kept_company(
    company: Company, trails: Sequence[Trail], seconds: float, limit: float
) -> Company:
    """The company of everybody in view, `seconds` later; who is gone is forgotten."""
    people = placed(trails)
    seen, close = _carried(company, people)
    shown = np.array([not trail.misses for trail in people.trails], bool)
    both = seconds * (shown[:, None] & shown)
    return Company(people, seen + both, close + both * (people.apart < limit))


def companions(company: Company, rule: DistancingRule) -> frozenset[Key]:
    """The pairs who came, stayed or walked together, as far as this camera saw them."""
    together = company.close >= rule.companion_share * company.seen
    together &= company.seen >= rule.companion_seconds
    ids = company.people.ids
    return frozenset([(ids[i], ids[j]) for i, j in pairs(together) if i < j])


def _carried(company: Company, people: Placed) -> tuple[Seconds, Seconds]:
    """The company so far of these people; with who came since, none."""
    if people.ids == company.people.ids:
        return company.seen, company.close
    index = {number: i for i, number in enumerate(company.people.ids)}
    where = [index.get(number, -1) for number in people.ids]
    both = np.zeros((2, len(index) + 1, len(index) + 1))  # -1: the zeros
    both[:, :-1, :-1] = company.seen, company.close
    seen, close = both[:, where][:, :, where]
    return seen, close
