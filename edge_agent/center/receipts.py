"""Acknowledgements on their way out: what was committed, told once and not too often. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.center.store.lanes import Acks
from edge_agent.core.delivery import Ack, LaneAck
from edge_agent.core.event import Lane
from edge_agent.core.time import Instant
from edge_agent.link.acks import CONTENT_TYPE, encode_ack

SPACING = 0.05  # seconds between two acknowledgements to one site; none waits for an alarm's

_Owner = tuple[str, str]


class AckBook:
    """The newest state of each lane that a site has not been told of; at most one line a lane."""

    def __init__(self) -> None:
        self._news: dict[_Owner, dict[Lane, LaneAck]] = {}
        self._told: dict[_Owner, float] = {}

    def add(self, acks: Acks, now: float) -> None:
        """These lanes were committed at `now` (monotonic)."""
        for owner, lanes in acks.items():
            self._news.setdefault(owner, {}).update(lanes)
        if len(self._told) > 20_000:  # forget when it does not matter any more
            self._told = {one: at for one, at in self._told.items() if now - at < SPACING}

    def wait(self, now: float, most: float) -> float:
        """Seconds until something is due, at most `most`."""
        due = [self._told.get(owner, 0.0) + SPACING - now for owner in self._news]
        return max(0.0, min([most, *due]))

    def due(self, now: Instant) -> Iterator[tuple[str, bytes, str]]:
        """Site, payload and content type of every acknowledgement whose time has come."""
        for owner, lanes in list(self._news.items()):
            if Lane.ALARM in lanes or now.mono - self._told.get(owner, 0.0) >= SPACING:
                del self._news[owner]
                self._told[owner] = now.mono
                site, epoch = owner
                yield site, encode_ack(Ack(epoch, now.wall, lanes)), CONTENT_TYPE
