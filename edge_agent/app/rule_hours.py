"""What the rules covered, on its way to the hourly rows."""

from __future__ import annotations

from threading import Lock
from typing import Any

from edge_agent.core.perception import Covered, RuleCoverage
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.logs import log
from edge_agent.store.coverage import Hour, RuleHours, hour_of

_EVERY = 30.0  # seconds between two writes: a crash costs as much, and less is said than was seen


class HourBook:
    """Adds up what vision covered and writes it now and then; nobody ever waits for it.

    A database that does not answer costs nothing but time: what was counted is kept and tried
    again, one sum for each camera and hour.
    """

    def __init__(self, hours: RuleHours) -> None:
        self._hours, self._lock = hours, Lock()
        self._counted: dict[Hour, RuleCoverage] = {}
        self._written: Instant | None = None

    def covered(self, said: Covered) -> None:
        """From the vision child: what one camera's rules covered until `said.at`."""
        key = said.camera, hour_of(said.at.wall)
        with self._lock:
            self._counted[key] = self._counted.get(key, RuleCoverage()) + said.counted
            due = self._written is None or said.at.since(self._written) >= _EVERY
        if due:
            self._written = said.at
            self.flush()

    def flush(self) -> None:
        """Write what was counted."""
        with self._lock:
            counted, self._counted = self._counted, {}
        try:
            self._hours.add(counted)
        except Trouble as trouble:
            log.error("coverage.waits", code=trouble.code, en=trouble.en)
            with self._lock:
                for key, one in counted.items():
                    self._counted[key] = self._counted.get(key, RuleCoverage()) + one


def coverage_figures(one: RuleCoverage) -> dict[str, Any]:
    """The figures as they are told: seconds looked at, persons, and shares where there are any."""
    asked = one.answered + one.unknown
    return {
        "analysed_s": round(one.seconds, 1),
        "persons": one.persons,
        "masks_answered": one.answered,
        "masks_unknown": one.unknown,
        "answered_share": round(one.answered / asked, 3) if asked else None,
        "placed_share": (
            round(one.placed_seconds / one.person_seconds, 3) if one.person_seconds else None
        ),
    }
