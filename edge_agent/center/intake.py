"""A message as it came → values that can be stored, or why not. Pure, and never raises.

Everything here is written for a sender that means harm: sizes, nesting and unpacking are bounded
before anything is built from the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edge_agent.center import flaws
from edge_agent.center.facts import Fact, fact
from edge_agent.center.flaws import Flaw, Flawed
from edge_agent.core.delivery import Span, Tombstone
from edge_agent.core.event import Lane
from edge_agent.link import batch, strict, tombstones, wire
from edge_agent.link.labels import Place, place
from edge_agent.link.publisher import Received

NEWEST_SCHEMA = 1
LARGEST = 128 * 1024
_TOPIC = re.compile(r"qcam/v1/site/([a-z0-9][a-z0-9-]{0,62})/(event|image)/([^/+#\x00]{1,200})")
_SITE = re.compile(r"qcam/v1/site/([a-z0-9][a-z0-9-]{0,62})/")
_EPOCH = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Address:
    """Whose message it is: site, epoch, lane."""

    site: str
    epoch: str
    lane: Lane

    @property
    def key(self) -> tuple[str, str, str]:
        """As the tables spell it, and in the order in which lanes are locked."""
        return self.site, self.epoch, self.lane.value


@dataclass(frozen=True, slots=True)
class Facts:
    """Events of one lane; sequences ascend."""

    of: Address
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """The thumbnail of one event."""

    of: Address
    sequence: int
    event: str
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Stones:
    """What will never come."""

    of: Address
    stones: tuple[Tombstone, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """What was not taken. `spans` are the sequence numbers that it surely held: once it is kept
    they are explained. Without `of` nobody can say which.
    """

    site: str
    message: Received
    flaw: Flaw
    of: Address | None = None
    spans: tuple[Span, ...] = ()


Value = Facts | Picture | Stones | Refused


def judge(message: Received, newest: int = NEWEST_SCHEMA) -> tuple[Value, ...]:
    """What this message says. A batch with faulty members gives the good ones, and each faulty one
    refused by itself.
    """
    owner = _SITE.match(message.topic)
    site = owner[1] if owner else ""
    where: Place | None = None
    try:
        where = _place(message)
        return tuple(_values(message, site, where, newest))
    except strict.Flaw as error:
        return (_refused(message, site, where, flaws.malformed(str(error))),)
    except Flawed as error:
        return (_refused(message, site, where, error.flaw),)


def _place(message: Received) -> Place:
    found = place(message.labels)
    if not _EPOCH.fullmatch(found.epoch):
        raise strict.Flaw("epoch: not a name")
    return found


def _values(message: Received, site: str, where: Place, newest: int) -> Iterator[Value]:
    match = _TOPIC.fullmatch(message.topic)
    if not match:
        raise Flawed(flaws.topic(message.topic))
    if len(message.payload) > LARGEST:
        raise Flawed(flaws.oversize(len(message.payload), LARGEST))
    of = Address(site, where.epoch, where.lane)
    kind, name = match[2], match[3]
    lane = Lane.IMAGE.value if kind == "image" else name
    _same("lane", where.lane.value, lane)
    if kind == "image":
        yield _picture(message, of, where, name)
    elif message.content_type == tombstones.CONTENT_TYPE:
        yield _stones(message, of)
    elif message.content_type == batch.CONTENT_TYPE:
        yield from _batch(message, of, newest)
    elif message.content_type == wire.CLOUDEVENT:
        if where.first != where.last:
            raise strict.Flaw("sequence: one event, several numbers")
        event = strict.json_object(message.payload, LARGEST)
        yield Facts(of, (fact(event, site, where.first, newest),))
    else:
        raise Flawed(flaws.kind(message.content_type))


def _picture(message: Received, of: Address, where: Place, event: str) -> Picture:
    if message.content_type != wire.JPEG:
        raise Flawed(flaws.kind(message.content_type))
    jpeg = message.payload
    if len(jpeg) > wire.LARGEST_THUMBNAIL or not jpeg.startswith(b"\xff\xd8\xff"):
        raise Flawed(flaws.picture(len(jpeg), wire.LARGEST_THUMBNAIL))
    if where.first != where.last:
        raise strict.Flaw("sequence: one picture, several numbers")
    return Picture(of, where.first, event, jpeg)


def _stones(message: Received, of: Address) -> Stones:
    said = tombstones.decode_tombstones(message.payload)
    _same("epoch", of.epoch, said.epoch)
    _same("lane", of.lane.value, said.lane.value)
    return Stones(of, said.tombstones)


def _batch(message: Received, of: Address, newest: int) -> Iterator[Value]:
    said = batch.decode_batch(message.payload)
    _same("epoch", of.epoch, said.epoch)
    _same("lane", of.lane.value, said.lane.value)
    good: list[Fact] = []
    for item in said.items:
        span = ((item.sequence, item.sequence),)
        try:
            good.append(fact(item.event, of.site, item.sequence, newest))
        except strict.Flaw as error:
            yield Refused(of.site, _alone(message, item), flaws.malformed(str(error)), of, span)
        except Flawed as error:
            yield Refused(of.site, _alone(message, item), error.flaw, of, span)
    if good:
        yield Facts(of, tuple(good))


def _alone(message: Received, item: batch.Item) -> Received:
    """A member of a batch as the message that it could have been; nested too deep to be written
    again, it stays in its batch.
    """
    try:
        payload = wire.encode({"sequence": item.sequence, "event": wire.plain(item.event)})
    except RecursionError:
        return message
    return Received(
        message.topic, payload, wire.JSON, message.qos, message.retained, message.labels
    )


def _same(what: str, label: str, inside: str) -> None:
    if label != inside:
        raise Flawed(flaws.mismatch(what, label, inside))


def _refused(message: Received, site: str, where: Place | None, flaw: Flaw) -> Refused:
    if where is None or not site:
        return Refused(site, message, flaw)
    of = Address(site, where.epoch, where.lane)
    # a batch may have holes: only one without any says for sure which numbers it held
    whole = where.count == where.last - where.first + 1
    tombs = message.content_type == tombstones.CONTENT_TYPE
    spans = ((where.first, where.last),) if whole and not tombs else ()
    return Refused(site, message, flaw, of, spans)
