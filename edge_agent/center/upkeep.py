"""What the authority needs done while the center runs: its own certificates, and who is out."""

from __future__ import annotations

from threading import Event

from sqlalchemy import Engine

from edge_agent.center.authority.keeper import Authority
from edge_agent.center.store import sites
from edge_agent.config.center import CenterConfig
from edge_agent.core.time import Instant
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log

_LOOK_SECONDS = 5.0
_RENEW_SECONDS = 3600.0


class Upkeep:
    """Marks revoked sites in the center's database: the broker's list keeps such a box out, and
    where the broker has not read it yet, what comes is refused with a reason. Once an hour the
    center's own certificates are looked at; those past two thirds of their life are made anew.
    """

    def __init__(self, config: CenterConfig, engine: Engine, clock: Clock) -> None:
        self._config, self._engine, self._clock = config, engine, clock
        self._renewed: Instant | None = None

    def run_once(self, stop: Event, every: float = _LOOK_SECONDS) -> None:
        """Look every few seconds until told to stop. Raises Trouble: no authority, databases."""
        authority = Authority.of(self._config)
        known = sites.revoked_all(self._engine)
        try:
            while True:
                self._renew(authority)
                known = self._adopt(known, authority.out(self._clock.now().wall))
                if stop.wait(every):
                    return
        finally:
            authority.close()

    def _renew(self, authority: Authority) -> None:
        now = self._clock.now()
        if self._renewed is None or now.since(self._renewed) >= _RENEW_SECONDS:
            authority.renew_own(now.wall)
            self._renewed = now

    def _adopt(self, known: frozenset[str], out: frozenset[str]) -> frozenset[str]:
        """Mark who is out now, and clear who has been let in anew."""
        for site in out - known:
            sites.revoke(self._engine, site, self._clock.now().wall)
            log.warning("center.site_out", site=site)
        for site in known - out:
            sites.revoke(self._engine, site, None)
            log.info("center.site_in_again", site=site)
        return out
