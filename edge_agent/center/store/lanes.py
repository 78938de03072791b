"""Which sequence numbers of a lane are stored or explained, kept in the facts' own transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, select, tuple_, update

from edge_agent.center.intake import Address
from edge_agent.center.store.engine import insert_new
from edge_agent.center.store.tables import received
from edge_agent.core.delivery import LaneAck, Ranges, Span, lane_ack
from edge_agent.core.event import Lane

MOST_SPANS = 4096  # of one lane; far above what lost lines leave, and small enough to rewrite

Acks = dict[tuple[str, str], dict[Lane, LaneAck]]  # (site, epoch) → lanes with news

_UPDATE = (
    update(received)
    .where(
        received.c.site == bindparam("_site"),
        received.c.epoch == bindparam("_epoch"),
        received.c.lane == bindparam("_lane"),
    )
    .values(
        spans=bindparam("spans"),
        through=bindparam("through"),
        highest=bindparam("highest"),
        missing=bindparam("missing"),
        changed=bindparam("changed"),
    )
)


def lock(connection: Connection, lanes: Iterable[Address]) -> dict[Address, Ranges]:
    """What was received of these lanes so far; nobody else can change it before we commit.

    Locked in one order everywhere, so that two processes never wait for each other.
    """
    wanted = sorted(of.key for of in lanes)
    insert_new(
        connection, received, [{"site": s, "epoch": e, "lane": lane} for s, e, lane in wanted]
    )
    key = (received.c.site, received.c.epoch, received.c.lane)
    query = select(*key, received.c.spans).where(tuple_(*key).in_(wanted)).order_by(*key)
    return {
        Address(site, epoch, Lane(lane)): _ranges(spans)
        for site, epoch, lane, spans in connection.execute(query.with_for_update())
    }


def save(connection: Connection, changed: Mapping[Address, Ranges], now: int) -> None:
    """Write what was received, with what is still missing."""
    rows = [
        {
            "_site": of.site,
            "_epoch": of.epoch,
            "_lane": of.lane.value,
            "spans": json.dumps(ranges.spans, separators=(",", ":")),
            "through": ranges.through,
            "highest": ranges.highest,
            "missing": ranges.highest - len(ranges),
            "changed": now,
        }
        for of, ranges in sorted(
            changed.items(), key=lambda one: (one[0].site, one[0].epoch, one[0].lane.value)
        )
    ]
    if rows:
        connection.execute(_UPDATE, rows)


def all_lanes(connection: Connection, site: str, epoch: str) -> dict[Lane, LaneAck]:
    """What to acknowledge of every lane; a lane never heard of has through 0."""
    query = select(received.c.lane, received.c.spans).where(
        received.c.site == site, received.c.epoch == epoch
    )
    known = {Lane(lane): _ranges(spans) for lane, spans in connection.execute(query)}
    return {lane: lane_ack(known.get(lane, Ranges())) for lane in Lane}


def with_gaps(connection: Connection) -> Acks:
    """Every lane in which something is missing: these sites are asked again."""
    query = select(received.c.site, received.c.epoch, received.c.lane, received.c.spans)
    found: Acks = {}
    for site, epoch, lane, spans in connection.execute(query.where(received.c.missing > 0)):
        found.setdefault((site, epoch), {})[Lane(lane)] = lane_ack(_ranges(spans))
    return found


def _ranges(spans: str) -> Ranges:
    pairs: list[Span] = [(first, last) for first, last in json.loads(spans)]
    return Ranges(tuple(pairs))
