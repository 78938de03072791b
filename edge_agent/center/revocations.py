"""The authority's register → the center's database: whose events are not taken any more."""

from __future__ import annotations

from threading import Event

from sqlalchemy import Engine

from edge_agent.center.authority.keeper import Authority
from edge_agent.center.store import sites
from edge_agent.config.center import CenterConfig
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log

_LOOK_SECONDS = 5.0


class Revocations:
    """Keeps both alike. The broker's list keeps a revoked box out; where the broker has not read it
    yet, what comes is refused here with a reason.
    """

    def __init__(self, config: CenterConfig, engine: Engine, clock: Clock) -> None:
        self._config, self._engine, self._clock = config, engine, clock

    def run_once(self, stop: Event, every: float = _LOOK_SECONDS) -> None:
        """Look every few seconds until told to stop. Raises Trouble: no authority, databases."""
        authority = Authority.of(self._config)
        known = sites.revoked_all(self._engine)
        try:
            while True:
                known = self._adopt(known, authority.out(self._clock.now().wall))
                if stop.wait(every):
                    return
        finally:
            authority.close()

    def _adopt(self, known: frozenset[str], out: frozenset[str]) -> frozenset[str]:
        """Mark who is out now, and clear who has been let in anew."""
        for site in out - known:
            sites.revoke(self._engine, site, self._clock.now().wall)
            log.warning("center.site_out", site=site)
        for site in known - out:
            sites.revoke(self._engine, site, None)
            log.info("center.site_in_again", site=site)
        return out
