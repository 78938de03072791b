"""Observations: what one frame claims about a rule, before time has had its say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from edge_agent.core.event import Rule, Severity
from edge_agent.core.outline import Point
from edge_agent.rules.trail import Trail

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: an observation must last `duration` to open, may fail for `bridge`, and after
    that opens no second episode for `cooldown`.
    """

    duration: float
    bridge: float
    cooldown: float


class Observation(NamedTuple):
    """One frame's claim that a rule is broken by `persons` (ascending track ids) at `place`.

    `place` is a zone, a line, or what is wrong with the camera; empty where the persons alone say
    which episode it is. A claim without persons is told by its place. `worse` orders claims;
    `worst` is kept from the worst one, `latest` from the last.

    `spot` is where they are on the floor, in metres, if that is known. A crowd's people come and
    go: with a `reach`, claims at the same place are one episode when they share a person or their
    spot is no farther than that from the last one.
    `patience` is the claim's own where its rule has several.
    """

    rule: Rule
    persons: tuple[Trail, ...]
    worse: float
    worst: Mapping[str, Any]
    latest: Mapping[str, Any]
    place: str = ""
    severity: Severity = Severity.MEDIUM
    reach: float | None = None
    spot: Point | None = None
    patience: Patience | None = None

    @property
    def key(self) -> Key:
        """The persons' track ids."""
        return tuple([person.id for person in self.persons])
