"""The seam between what must be told and the line that carries it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What became of a publication."""

    ACCEPTED = "accepted"  # QoS 1: the broker has it; QoS 0: it went out
    UNHEARD = "unheard"  # the broker took it, and nobody was there to be told: it is gone
    REFUSED = "refused"  # the broker said no, or would: sending it again changes nothing by itself
    OVERSIZE = "oversize"  # refused for its size: it will never pass this broker
    LOST = "lost"  # nobody said anything: it may or may not have arrived


@dataclass(frozen=True, slots=True)
class Receipt:
    """The end of a publication; `reason` is the broker's reason code in its own words."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says in our name when we vanish (QoS 1, retained)."""

    topic: str
    payload: bytes
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Received:
    """A message as a subscriber sees it; `retained` when it was there before we came."""

    topic: str
    payload: bytes
    content_type: str
    qos: int
    retained: bool
    labels: Mapping[str, str] = field(default_factory=dict)


class Publisher(Protocol):
    """One connection to a broker. Never queues for later: without a connection all is LOST."""

    @property
    def connected(self) -> bool:
        """Whether a publication could go out now."""
        ...

    @property
    def largest(self) -> int:
        """The largest packet in bytes that the broker takes; 0 when it did not say."""
        ...

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        content_type: str = "",
        expiry: int | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Future[Receipt]:
        """Send; the future always gets a receipt, at the latest when the connection ends.

        `expiry` seconds after which the broker may drop it, `labels` MQTT v5 user properties.
        Never blocks on the network and never raises for its state.
        """
        ...
