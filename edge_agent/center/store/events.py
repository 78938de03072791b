"""Messages → rows: one transaction for many, nothing twice, nothing without its number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, tuple_

from edge_agent.center import flaws
from edge_agent.center.facts import Fact
from edge_agent.center.intake import Address, Facts, Picture, Refused, Stones, Value
from edge_agent.center.store import lanes, notices, quarantine
from edge_agent.center.store.engine import insert_new, writing
from edge_agent.center.store.lanes import MOST_SPANS, Acks
from edge_agent.center.store.quarantine import Caps
from edge_agent.center.store.sites import known_epochs, revoked_among
from edge_agent.center.store.tables import events, images, tombstones
from edge_agent.core.delivery import Ranges, Span, lane_ack
from edge_agent.core.time import iso
from edge_agent.link.publisher import Received
from edge_agent.link.wire import JSON, encode
from edge_agent.store.moments import us

Judged = tuple[Received, tuple[Value, ...]]


@dataclass(slots=True)
class Taken:
    """What one transaction did: rows that were new, messages refused, and what to acknowledge."""

    stored: int = 0
    refused: int = 0
    acks: Acks = field(default_factory=dict)


@dataclass(slots=True)
class _Work:
    """One transaction under way."""

    connection: Connection
    now: int
    late_after: int
    caps: Caps
    ranges: dict[Address, Ranges]
    fresh: dict[Address, list[Span]] = field(default_factory=lambda: defaultdict(list))
    taken: Taken = field(default_factory=Taken)


def take(
    engine: Engine, messages: Sequence[Judged], now: datetime, late: float, caps: Caps
) -> Taken:
    """Store what these messages say, all or nothing; when this returns it survives a power cut.

    Facts known already count nothing and are acknowledged again. `late` seconds after it happened
    a fact is marked late. Raises Trouble `center.database` (try again) or Unstorable.
    """
    values = [value for _message, values in messages for value in values]
    with writing(engine) as connection:
        values = list(_admitted(connection, messages, values, us(now)))
        addresses = {of for value in values if (of := value.of) is not None}
        ranges = lanes.lock(connection, addresses) if addresses else {}
        work = _Work(connection, us(now), round(late * 1e6), caps, ranges)
        _store_facts(work, [value for value in values if isinstance(value, Facts)])
        _store_pictures(work, [value for value in values if isinstance(value, Picture)])
        _store_stones(work, [value for value in values if isinstance(value, Stones)])
        for value in values:
            if isinstance(value, Refused):
                _refuse(work, value)
        _finish(work)
        return work.taken


def _admitted(
    connection: Connection, messages: Sequence[Judged], values: Sequence[Value], now: int
) -> Iterable[Value]:
    """The values, but those of revoked sites and of one epoch too many are refused."""
    owners = {(of.site, of.epoch) for value in values if (of := value.of) is not None}
    revoked = revoked_among(connection, {site for site, _epoch in owners})
    unknown = known_epochs(connection, owners, now)
    for site in revoked:
        notices.tell(connection, notices.revoked_speaks(site), now)
    for message, found in messages:
        for value in found:
            of = value.of
            if of is not None and of.site in revoked:
                yield Refused(of.site, message, flaws.revoked(of.site))
            elif of is not None and (of.site, of.epoch) in unknown:
                yield Refused(of.site, message, unknown[of.site, of.epoch])
            else:
                yield value


def _store_facts(work: _Work, found: Sequence[Facts]) -> None:
    stored = _stored_already(work, found)
    rows: list[dict[str, Any]] = []
    for value in found:
        for fact in value.facts:
            key = (*value.of.key, fact.sequence)
            other = stored.setdefault(key, "")
            if not other:
                stored[key] = fact.id
                rows.append(_event_row(work, value.of, fact))
            elif other != fact.id:
                _refuse_reused(work, value.of, fact, other)
                continue
            work.fresh[value.of].append((fact.sequence, fact.sequence))
    work.taken.stored += insert_new(work.connection, events, rows)


def _stored_already(work: _Work, found: Sequence[Facts]) -> dict[tuple[str, str, str, int], str]:
    """The ids of those facts whose number was received before, as far as they are events."""
    again = [
        (*value.of.key, fact.sequence)
        for value in found
        for fact in value.facts
        if fact.sequence in work.ranges[value.of]
    ]
    if not again:
        return {}
    key = (events.c.site, events.c.epoch, events.c.lane, events.c.sequence)
    rows = work.connection.execute(select(*key, events.c.id).where(tuple_(*key).in_(again)))
    return {(site, epoch, lane, sequence): name for site, epoch, lane, sequence, name in rows}


def _event_row(work: _Work, of: Address, fact: Fact) -> dict[str, Any]:
    happened = us(fact.time)
    return {
        "site": of.site,
        "epoch": of.epoch,
        "lane": of.lane.value,
        "sequence": fact.sequence,
        "source": fact.source,
        "id": fact.id,
        "type": fact.type,
        "subject": fact.subject,
        "time": happened,
        "severity": fact.severity,
        "data": fact.data,
        "received": work.now,
        "late": int(work.now - happened > work.late_after),
    }


def _store_pictures(work: _Work, found: Sequence[Picture]) -> None:
    rows = [
        {
            "site": picture.of.site,
            "event": picture.event,
            "epoch": picture.of.epoch,
            "sequence": picture.sequence,
            "jpeg": picture.jpeg,
            "received": work.now,
        }
        for picture in found
    ]
    insert_new(work.connection, images, rows)
    for picture in found:
        work.fresh[picture.of].append((picture.sequence, picture.sequence))


def _store_stones(work: _Work, found: Sequence[Stones]) -> None:
    rows = [
        {
            "site": value.of.site,
            "epoch": value.of.epoch,
            "lane": value.of.lane.value,
            "first": stone.first,
            "last": stone.last,
            "count": stone.count,
            "reason": stone.reason.value,
            "time": us(stone.time),
            "received": work.now,
        }
        for value in found
        for stone in value.stones
    ]
    insert_new(work.connection, tombstones, rows)
    for value in found:
        work.fresh[value.of] += [(stone.first, stone.last) for stone in value.stones]


def _refuse_reused(work: _Work, of: Address, fact: Fact, other: str) -> None:
    """Another event under a number that is taken: kept whole, so that nothing is lost."""
    said = encode({"sequence": fact.sequence, "event": asdict(fact) | {"time": iso(fact.time)}})
    topic = f"qcam/v1/site/{of.site}/event/{of.lane.value}"
    message = Received(topic, said, JSON, 1, retained=False, labels={"epoch": of.epoch})
    flaw = flaws.reused(of.lane.value, fact.sequence, other)
    _refuse(work, Refused(of.site, message, flaw, of, ((fact.sequence, fact.sequence),)))


def _refuse(work: _Work, refused: Refused) -> None:
    work.taken.refused += 1
    kept = quarantine.keep(work.connection, refused, work.caps, work.now)
    if kept and refused.of is not None:
        work.fresh[refused.of] += refused.spans


def _finish(work: _Work) -> None:
    """Note the numbers and say what can be acknowledged once this is committed."""
    changed: dict[Address, Ranges] = {}
    for of, before in work.ranges.items():
        after = before | Ranges.of(work.fresh.get(of, ()))
        if len(after.spans) > MOST_SPANS:
            told = notices.scattered(of.site, of.lane.value, MOST_SPANS)
            notices.tell(work.connection, told, work.now)
            after = before
        if after != before:
            changed[of] = after
        news = work.taken.acks.setdefault((of.site, of.epoch), {})
        news[of.lane] = lane_ack(after)
    lanes.save(work.connection, changed, work.now)
