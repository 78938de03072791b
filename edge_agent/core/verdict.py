"""Verdicts: what an operator says of an episode, and how right that makes the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What somebody who looked at it says."""

    CONFIRMED = "confirmed"
    FALSE = "false"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One verdict: on which episode, by whom, when (UTC), and what they noted."""

    episode: str
    verdict: Verdict
    who: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Episodes of one rule at one camera by their last verdict."""

    confirmed: int = 0
    false: int = 0
    unclear: int = 0

    @property
    def precision(self) -> float | None:
        """The share of confirmed ones; None before the first that is clear."""
        clear = self.confirmed + self.false
        return self.confirmed / clear if clear else None

    def plus(self, verdict: Verdict, count: int) -> Tally:
        """The tally with more of one verdict."""
        return Tally(
            self.confirmed + count * (verdict is Verdict.CONFIRMED),
            self.false + count * (verdict is Verdict.FALSE),
            self.unclear + count * (verdict is Verdict.UNCLEAR),
        )
