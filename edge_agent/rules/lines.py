"""Lines: somebody crossed a gate or a fence, and in which direction."""

from __future__ import annotations

from collections.abc import Sequence

from edge_agent.config.behaviours import LineRule
from edge_agent.core.event import Rule, Severity
from edge_agent.core.time import Instant
from edge_agent.rules.observation import Observation, Patience
from edge_agent.rules.places import crossed
from edge_agent.rules.scene import Scene, here, in_force
from edge_agent.rules.trail import Trail

BRIDGE = 2.0  # seconds: a crossing is a moment, its episode ends after it


def observe_lines(scene: Scene, trails: Sequence[Trail], at: Instant) -> tuple[Observation, ...]:
    """One claim for each person who crossed a line at this frame, where a rule forbids it."""
    claims = []
    for rule in scene.rules.line:
        if not in_force(scene, rule, at):
            continue
        for name in rule.lines:
            for trail in trails:
                way = _way(scene, name, trail)
                if way and rule.direction in {"both", way} and here(scene, rule, trail):
                    claims.append(_claim(rule, trail, name, way))
    return tuple(claims)


def _way(scene: Scene, line: str, trail: Trail) -> str:
    """`in`, `out`, `across` where nothing says which side is inside, or empty."""
    border = scene.borders.get(line)
    if border is None:
        return ""
    key = (trail.id, line)
    way = crossed(border, scene.before.get(key), scene.beyond.get(key))
    if way and not border.inward:
        return "across"
    return {1: "in", -1: "out", 0: ""}[way]


def _claim(rule: LineRule, trail: Trail, line: str, way: str) -> Observation:
    return Observation(
        Rule.LINE,
        (trail,),
        0.0,
        {"direction": way},
        {"line": line},
        f"{rule.id}/{line}",
        Severity(rule.severity),
        patience=Patience(0.0, BRIDGE, rule.cooldown),
    )
