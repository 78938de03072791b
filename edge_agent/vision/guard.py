"""The guard of one camera's view: frames in, claims of tampering out. Owned by one thread."""

from __future__ import annotations

from edge_agent.config.behaviours import TamperRule
from edge_agent.core.view import BLINDING, Tamper
from edge_agent.rules.observation import Observation
from edge_agent.rules.tamper import TamperWatch, claims, look, lost_claim
from edge_agent.vision.frame import Frame
from edge_agent.vision.signals import ViewSignals

_SHAPE = 0.02  # of a picture's width by height: another shape is another part of the world


class ViewGuard:
    """What is known of a camera's view outlives its streams: a camera that was turned while it
    sent nothing is noticed. Only a picture of another shape makes the guard begin anew.
    """

    def __init__(self, rule: TamperRule) -> None:
        self._rule = rule
        self._shape = 0.0
        self._lost = False
        self._signals, self._watch = ViewSignals(), TamperWatch(rule)

    @property
    def blind(self) -> str:
        """The kind of tampering by which this camera sees nothing now; empty when it sees."""
        if self._lost:
            return Tamper.LOST.value
        suspicion = self._watch.suspicion
        kind = suspicion.claimed if suspicion is not None else None
        return kind.value if kind is not None and kind in BLINDING else ""

    def take(self, frame: Frame) -> tuple[Observation, ...]:
        """What is wrong with the camera, as this frame shows it."""
        self._lost = False
        if not self._rule.enabled:
            return ()
        shape = frame.size.width / frame.size.height
        if abs(shape - self._shape) > _SHAPE * shape:
            self._shape = shape
            self._signals, self._watch = ViewSignals(), TamperWatch(self._rule)
        signals = self._signals.take(frame.image, frame.at)
        if signals is not None:
            self._watch = look(self._watch, signals)
        return claims(self._watch)

    def missed(self, reason: str) -> tuple[Observation, ...]:
        """The claim that nothing comes from this camera, with the reason as a code."""
        if not self._rule.enabled:
            return ()
        self._lost = True
        return (lost_claim(self._rule, reason),)
