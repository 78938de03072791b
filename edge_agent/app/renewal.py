"""The site's certificate renews itself: from two thirds of its life on, hourly until it is done."""

from __future__ import annotations

from pathlib import Path

from edge_agent.app.layout import Layout
from edge_agent.config.schema import Config
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.link.enrol import keys
from edge_agent.link.enrol.enrol import renew
from edge_agent.link.enrol.folder import Identity
from edge_agent.link.enrol.slip import center_of
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log


def certificate_ends(config: Config) -> str | None:
    """When this site's certificate ends (RFC 3339); None where it has none that can be read."""
    shown = _shown(config.mqtt.certificate)
    return iso(shown.ends) if shown else None


class Renewal:
    """A job of the scheduler. Only the identity that `enroll` made is renewed; a certificate that
    somebody laid elsewhere is somebody's own to renew, and is told of.
    """

    def __init__(self, config: Config, layout: Layout, clock: Clock) -> None:
        self._site, self._mqtt, self._clock = config.site.id, config.mqtt, clock
        self._identity = Identity(layout.identity)

    def turn(self) -> bool:
        """Renew if it is time; whether it was done. Failures are logged, the next hour tries again.

        The next connection to the broker uses the new certificate; the present one stays up.
        """
        shown = _shown(self._mqtt.certificate)
        if shown is None or not shown.due(self._clock.now().wall):
            return False
        if self._mqtt.renewal is None or self._mqtt.certificate != self._identity.pem:
            log.warning("renewal.by_hand", until=iso(shown.ends), file=str(self._mqtt.certificate))
            return False
        try:
            state, until = renew(center_of(self._mqtt.renewal), self._site, self._identity)
        except Trouble as trouble:
            left = round((shown.ends - self._clock.now().wall).total_seconds() / 86400, 1)
            log.error("renewal.failed", code=trouble.code, en=trouble.en, days_left=left)
            return False
        log.info("renewal." + state, until=iso(until) if until else None)
        return state == "renewed"


def _shown(path: Path | None) -> keys.Shown | None:
    try:
        return keys.read_certificate(path.read_text(encoding="ascii")) if path else None
    except (OSError, ValueError):
        return None
