"""Tampering: from looks at a view to the claim that something is wrong with the camera. Pure.

    CLEAR --suspicious--> SUSPECTED --for the duration, of one kind--> CLAIMED --accepted--> CLEAR
                          SUSPECTED --clear twice--> CLEAR       CLAIMED --clear twice--> CLEAR

Law 1. Nothing is learnt while anything is suspected or claimed, so a cover never becomes the view.
Law 2. What is known by day and under infrared light is kept apart, and either will do: a camera
       that switches is never a camera that moved.
Law 3. A new view that stands still for `accept` is the camera's view from then on, and this is
       said. A camera that sees nothing is claimed for as long as it sees nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edge_agent.config.behaviours import TamperRule
from edge_agent.core.event import Rule, Severity
from edge_agent.core.time import Instant
from edge_agent.core.view import FrameSignals, Tamper
from edge_agent.rules.inspection import (
    EASED,
    LIMITS,
    Known,
    Look,
    believing,
    figures_of,
    inspect,
    learning,
    remembering,
)
from edge_agent.rules.observation import Observation, Patience
from edge_agent.rules.stillness import Stillness, frozen, seconds_still, watched

_LAST = 3  # looks that say what it is
_AGREE = 2  # of them that must say the same
_BRIDGE = 4.0  # seconds without a claim that end an episode: frames may be seconds apart


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What has been suspected since when; `kinds` are the last looks' answers, newest last.

    `clear` counts looks in a row that were not suspicious; `claimed` is the kind once it lasted,
    `at_rest` since when the new view has stood still (None: it does not).
    """

    since: Instant
    kinds: tuple[Tamper | None, ...]
    clear: int = 0
    claimed: Tamper | None = None
    at_rest: Instant | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TamperWatch:
    """All that is known of one camera's view, and what is suspected. `accepted` is the suspicion
    that this very look ended by making the new view the camera's view.
    """

    rule: TamperRule
    known: Known = field(default_factory=Known)
    still: Stillness = field(default_factory=Stillness)
    suspicion: Suspicion | None = None
    accepted: Suspicion | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


def look(watch: TamperWatch, signals: FrameSignals) -> TamperWatch:
    """The watch after one more look at the view."""
    rule, at = watch.rule, signals.at
    still = watched(watch.still, signals)
    claimed = watch.suspicion is not None and watch.suspicion.claimed is not None
    limits = EASED if claimed else LIMITS[rule.sensitivity]
    seen = inspect(watch.known, limits, signals, frozen=frozen(still, at, rule.frozen))
    suspicion, known = _suspicion(watch, seen), remembering(watch.known, signals)
    figures = {**figures_of(seen), "still_s": round(seconds_still(still, at), 1)}
    if suspicion is None:
        return TamperWatch(rule, learning(known, seen), still, figures=figures)
    if _settled(rule, suspicion, at):  # law 3
        figures["accepted"] = True
        return TamperWatch(rule, believing(known, seen), still, None, suspicion, figures)
    return TamperWatch(rule, known, still, suspicion, figures=figures)


def claims(watch: TamperWatch) -> tuple[Observation, ...]:
    """What is wrong with the camera, if anything is."""
    suspicion = watch.suspicion or watch.accepted
    if suspicion is None or suspicion.claimed is None:
        return ()
    return (_claim(watch.rule, suspicion.claimed, watch.figures),)


def lost_claim(rule: TamperRule, reason: str) -> Observation:
    """The claim that nothing comes from a camera, with the reason as a code."""
    return _claim(rule, Tamper.LOST, {"cause": reason})


def _claim(rule: TamperRule, kind: Tamper, figures: Mapping[str, Any]) -> Observation:
    """What is wrong is the place of the episode: each kind is one of its own."""
    return Observation(
        rule=Rule.TAMPER,
        persons=(),
        worse=0.0,
        worst={},
        latest={"kind": kind.value, **figures},
        place=kind.value,
        severity=Severity(rule.severity),
        patience=Patience(0.0, _BRIDGE, rule.cooldown),
    )


def _suspicion(watch: TamperWatch, seen: Look) -> Suspicion | None:
    before, at = watch.suspicion, seen.signals.at
    if not seen.suspicious:
        if before is None or before.clear:
            return None
        return replace(before, clear=before.clear + 1)
    if before is None:
        before = Suspicion(at, ())
    kinds = (*before.kinds, seen.kind)[-_LAST:]
    claimed = before.claimed or _lasting(watch.rule, replace(before, kinds=kinds), at)
    at_rest = (before.at_rest or at) if seen.rests else None
    return replace(before, kinds=kinds, clear=0, claimed=claimed, at_rest=at_rest)


def _lasting(rule: TamperRule, suspicion: Suspicion, at: Instant) -> Tamper | None:
    """The kind that most of the last looks say, once the suspicion is old enough: what is half a
    film and half a cover is one or the other by turns, and clear by none.
    """
    kinds = suspicion.kinds
    if kinds[-1] is Tamper.FROZEN:  # it has lasted already
        return Tamper.FROZEN
    if len(kinds) < _LAST or None in kinds or at.since(suspicion.since) < rule.duration:
        return None
    kind, said = Counter(kinds).most_common(1)[0]
    return kind if said >= _AGREE else None


def _settled(rule: TamperRule, suspicion: Suspicion, at: Instant) -> bool:
    if suspicion.claimed is not Tamper.MOVED or suspicion.at_rest is None:
        return False
    return bool(at.since(suspicion.at_rest) >= rule.accept)
