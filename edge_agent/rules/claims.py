"""All that one analysed frame claims, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from edge_agent.core.event import Severity
from edge_agent.core.time import Instant
from edge_agent.rules.cohorts import Company, companions, excused
from edge_agent.rules.distancing import observe_distances
from edge_agent.rules.fence import observe_fences
from edge_agent.rules.gathering import observe_gatherings
from edge_agent.rules.lines import observe_lines
from edge_agent.rules.masks import Ballot, observe_masks
from edge_agent.rules.observation import Key, Observation
from edge_agent.rules.occupancy import observe_occupancy
from edge_agent.rules.scene import Scene, here, in_force, in_time, within
from edge_agent.rules.trail import Trail
from edge_agent.rules.zones import observe_zones


def observe_all(
    scene: Scene,
    trails: Sequence[Trail],
    ballots: Mapping[int, Ballot],
    company: Company,
    together: Set[Key],
    at: Instant,
) -> tuple[Observation, ...]:
    """The claims of this frame; `together` are the pairs of running distancing episodes."""
    return (
        *_masks(scene, trails, ballots, at),
        *_distances(scene, company, together, at),
        *observe_gatherings(scene, trails, company.people, at),
        *observe_zones(scene, trails, at),
        *observe_lines(scene, trails, at),
        *observe_fences(scene, trails, at),
        *observe_occupancy(scene, trails, at),
    )


def mask_wanted(scene: Scene, trail: Trail, at: Instant) -> bool:
    """Whether somebody must wear a mask where they stand now."""
    rule = scene.rules.mask
    if not rule.zones and not rule.exempt:
        return True
    return here(scene, rule, trail) and not any(
        in_time(scene, exemption.when, at)
        and (not exemption.zones or within(scene, trail, exemption.zones))
        for exemption in rule.exempt
    )


def _masks(
    scene: Scene, trails: Sequence[Trail], ballots: Mapping[int, Ballot], at: Instant
) -> tuple[Observation, ...]:
    rule = scene.rules.mask
    if not in_force(scene, rule, at):
        return ()
    wanted = [trail for trail in trails if mask_wanted(scene, trail, at)]
    claims = observe_masks(wanted, ballots, rule)
    return tuple(claim._replace(severity=Severity(rule.severity)) for claim in claims)


def _distances(
    scene: Scene, company: Company, together: Set[Key], at: Instant
) -> tuple[Observation, ...]:
    """Pairs too close of whom one is where the rule holds, and who are not of one cohort."""
    rule = scene.rules.distancing
    if not in_force(scene, rule, at):
        return ()
    known = companions(company, rule)
    return tuple(
        [
            claim
            for claim in observe_distances(company.people, rule, together, known)
            if (not rule.zones or any(here(scene, rule, person) for person in claim.persons))
            and not excused(scene, claim.persons, at)
        ]
    )
