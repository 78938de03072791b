"""The heartbeat: how the site is at this moment. Pure: values in, the same bytes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from edge_agent.core.event import Lane
from edge_agent.core.time import iso
from edge_agent.link.wire import encode, plain
from edge_agent.store.outbox import LaneBacklog, lanes_total


class BacklogPayload(TypedDict):
    """What waits in the outbox or one of its lanes: messages, bytes and the quota for them, time
    of the oldest fact or null.
    """

    count: int
    bytes: int
    oldest: str | None
    quota: int


class DataPayload(TypedDict):
    """The data account: bytes handed to the line on this day of the site, per lane (and `other`),
    the lanes' caps, and which lanes wait for tomorrow because of them.
    """

    day: str
    sent: dict[str, int]
    caps: dict[str, int]
    withheld: list[str]


class GivenUpPayload(TypedDict):
    """What will never come: messages under tombstones that the center does not know of yet, per
    reason, and messages in quarantine at the site.
    """

    untold: dict[str, int]
    quarantine: int


class HeartbeatPayload(TypedDict):
    """`…/heartbeat`: never stored, never retained. `site` is what the agent measured."""

    epoch: str
    conn: int
    time: str
    backlog: BacklogPayload
    lanes: dict[str, BacklogPayload]
    data: DataPayload
    given_up: GivenUpPayload
    site: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a heartbeat tells of the outbox: backlog per lane, the data account, messages given up
    that the center does not know of per reason, and how many are in quarantine.
    """

    lanes: Mapping[Lane, LaneBacklog]
    data: DataPayload
    untold: Mapping[str, int]
    quarantine: int


def heartbeat(
    epoch: str, conn: int, now: datetime, delivery: Delivery, site: Mapping[str, Any]
) -> bytes:
    """The payload of `…/heartbeat`."""
    lanes = {lane.value: _backlog(one) for lane, one in delivery.lanes.items()}
    return encode(
        HeartbeatPayload(
            epoch=epoch,
            conn=conn,
            time=iso(now),
            backlog=_backlog(lanes_total(delivery.lanes.values())),
            lanes=lanes,
            data=delivery.data,
            given_up=GivenUpPayload(untold=dict(delivery.untold), quarantine=delivery.quarantine),
            site=dict(plain(site)),
        )
    )


def _backlog(waits: LaneBacklog) -> BacklogPayload:
    oldest = iso(waits.oldest) if waits.oldest else None
    return BacklogPayload(count=waits.count, bytes=waits.bytes, oldest=oldest, quota=waits.quota)
