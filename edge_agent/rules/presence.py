"""On which side of an edge somebody is: inside a zone or out of it, this side of a line or that.

    (unsure) --beyond the margin--> SURE of that side
    SURE     --beyond the margin on the other side--> SURE, in doubt since then
    in doubt --the other side for `settle` without a break--> SURE of the other side
    in doubt --back, or within the margin--> SURE, no doubt

Law 1. Nobody changes sides within `margin` metres of an edge (or of what the place is unsure by,
       where that is wider), nor in less than `settle` seconds.
Law 2. Whoever was never beyond the margin is on no side: cannot tell is never a violation.
Law 3. Not being seen changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge_agent.core.outline import Point
from edge_agent.core.time import Instant


@dataclass(frozen=True, slots=True)
class Side:
    """The sure side (`within`: inside a zone, the positive side of a line), the last spot surely
    on it, since when there is a doubt, and whether the side changed at this look.
    """

    within: bool
    spot: Point
    doubt: Instant | None = None
    changed: bool = False


def settled(
    side: Side | None, depth: float, margin: float, spot: Point, at: Instant, settle: float
) -> Side | None:
    """The side after one look from `depth` (positive: within) at `spot`."""
    if abs(depth) <= margin:
        return replace(side, doubt=None, changed=False) if side else None
    within = depth > 0
    if side is None or within is side.within:
        return Side(within, spot)
    since = side.doubt or at
    if at.since(since) < settle:
        return replace(side, doubt=since, changed=False)
    return Side(within, spot, changed=True)
