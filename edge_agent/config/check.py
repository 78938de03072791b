"""A disagreement between values that are right one by one."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.config.document import Finding, Loc


@dataclass(frozen=True, slots=True)
class Check:
    """A disagreement: told at `loc`, and only if none of the places in `also` is broken itself."""

    loc: Loc
    vi: str
    en: str
    also: tuple[Loc, ...] = ()

    def finding(self, entries: list[int]) -> Finding:
        """The finding, with the camera's place in the file (`entries` maps from here to there)."""
        return Finding(_in_file(self.loc, entries), self.vi, self.en)

    def touches(self, broken: list[Loc], entries: list[int]) -> bool:
        """Whether this rests on a place that was found broken before."""
        return any(
            bad[: len(loc)] == loc or loc[: len(bad)] == bad
            for loc in (_in_file(one, entries) for one in (self.loc, *self.also))
            for bad in broken
            if bad
        )


def _in_file(loc: Loc, entries: list[int]) -> Loc:
    if loc[:1] == ("cameras",) and len(loc) > 1 and isinstance(loc[1], int):
        return ("cameras", entries[loc[1]], *loc[2:])
    return loc
