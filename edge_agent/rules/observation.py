"""Observations: what one frame claims about a rule, before time has had its say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.core.event import Rule
from edge_agent.rules.tracker import Trail

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """One frame's claim that a rule is broken by `persons` (ascending track ids).

    `worse` orders claims; `worst` is kept from the worst one, `latest` from the last.
    """

    rule: Rule
    persons: tuple[Trail, ...]
    worse: float
    worst: Mapping[str, Any]
    latest: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """The persons' track ids."""
        return tuple(person.id for person in self.persons)
