"""Hanging up on a revoked site: the broker asks for certificates only when somebody connects.

Whoever connects under a name takes the name's present connection away (MQTT v5, 3.1.4-3). On the
center's own listener we may choose our name, sites may not; so one connection as `khu-a` ends that
of the stolen box, and the revocation list keeps it from coming back. Nobody else notices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event

from edge_agent.config.schema import BrokerLine
from edge_agent.core.trouble import Trouble
from edge_agent.link.mqtt import MqttLink


def expel_revoked(
    line: BrokerLine, sites: Iterable[str], failed: Callable[[Trouble], None]
) -> tuple[str, ...]:
    """Take each of these names once and leave; returns those that were taken."""
    taken = []
    for site in sites:
        link = MqttLink(line, site, None)
        try:
            link.connect(Event())
            taken.append(site)
        except Trouble as trouble:
            failed(trouble)
        finally:
            link.close()
    return tuple(taken)
