"""Coverage of the rules: what was looked at and what could be told, so that silence is never read
as compliance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge_agent.core.perception import MaskState, RuleCoverage
from edge_agent.rules.masks import NO_BALLOT, Ballot
from edge_agent.rules.trail import Trail

LONGEST = 2.5  # seconds between two looks that count as looking all the time


def covered(
    before: Sequence[Trail], after: Sequence[Trail], seconds: float, asked: Mapping[int, bool]
) -> RuleCoverage:
    """What one more frame, `seconds` after the last, adds: `asked` are the persons who left and
    had to wear a mask, with whether the votes answered.
    """
    seen = [trail for trail in after if trail.confirmed and not trail.misses]
    known = {trail.id for trail in before if trail.confirmed}
    placed = sum(trail.ground is not None for trail in seen)
    step = min(seconds, LONGEST)
    answered = sum(asked.values())
    return RuleCoverage(
        seconds=step,
        persons=sum(trail.id not in known for trail in after if trail.confirmed),
        answered=answered,
        unknown=len(asked) - answered,
        person_seconds=step * len(seen),
        placed_seconds=step * placed,
    )


def answers(gone: Sequence[int], ballots: Mapping[int, Ballot]) -> dict[int, bool]:
    """Of these persons, whether the votes said how they wore their mask."""
    return {n: ballots.get(n, NO_BALLOT).state is not MaskState.UNKNOWN for n in gone}
