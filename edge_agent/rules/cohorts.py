"""Who may be close: declared cohorts are excused where and when they are declared; companions
that were merely learnt are labelled and weigh a level less, and are never silent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from edge_agent.config.behaviours import DistancingRule
from edge_agent.core.time import Instant
from edge_agent.rules.observation import Observation
from edge_agent.rules.scene import Scene, in_time, within
from edge_agent.rules.trail import Trail

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Company:
    """Seconds for which two people were in view together, and of these closer than the limit."""

    seen: float = 0.0
    close: float = 0.0


def excused(scene: Scene, persons: Sequence[Trail], at: Instant) -> bool:
    """Whether all of them are in the zones of one cohort that holds now."""
    return any(
        in_time(scene, cohort.when, at)
        and all(within(scene, person, cohort.zones) for person in persons)
        for cohort in scene.rules.cohorts
    )


def kept_company(
    company: Mapping[Pair, Company], trails: Sequence[Trail], seconds: float, limit: float
) -> dict[Pair, Company]:
    """The company of every pair in view, `seconds` later; pairs who are gone are forgotten."""
    placed = [(t, t.ground) for t in trails if t.confirmed and t.ground is not None]
    found: dict[Pair, Company] = {}
    for (a, here), (b, there) in combinations(sorted(placed, key=lambda one: one[0].id), 2):
        before = company.get((a.id, b.id), Company())
        if a.misses or b.misses:
            found[a.id, b.id] = before
            continue
        near = math.hypot(here.x - there.x, here.y - there.y) < limit
        close = seconds if near else 0.0
        found[a.id, b.id] = Company(before.seen + seconds, before.close + close)
    return found


def companions(company: Company, rule: DistancingRule) -> bool:
    """Whether two people came, stayed or walked together, as far as this camera saw them."""
    enough = company.seen >= rule.companion_seconds
    return enough and company.close >= rule.companion_share * company.seen


def labelled(
    claim: Observation, company: Mapping[Pair, Company], rule: DistancingRule
) -> Observation:
    """The claim about a pair with its label, and a level less where they are companions."""
    a, b = claim.key
    known = companions(company.get((a, b), Company()), rule)
    severity = claim.severity.lowered if known else claim.severity
    return replace(claim, severity=severity, latest={**claim.latest, "companions": known})
