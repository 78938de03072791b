"""What was not taken: kept with its reason, within caps, the same thing once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, select, update

from edge_agent.center.intake import Refused
from edge_agent.center.store import notices
from edge_agent.center.store.tables import quarantine

LARGEST_KEPT = 128 * 1024


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of what one site sends wrong is kept."""

    rows: int
    bytes: int


def keep(connection: Connection, refused: Refused, caps: Caps, now: int) -> bool:
    """Keep a refused message, or count it when it is there already; False when the site's share is
    full: then it is only counted in a notice, and whoever sent it has to keep it.
    """
    digest = _digest(refused)
    here = (quarantine.c.site == refused.site) & (quarantine.c.digest == digest)
    again = update(quarantine).where(here).values(times=quarantine.c.times + 1, last_at=now)
    if connection.execute(again).rowcount:
        return True
    row = _row(refused, digest, now)
    if not _room(connection, refused.site, len(row["payload"]), caps):
        notices.tell(connection, notices.quarantine_full(refused.site), now)
        return False
    connection.execute(quarantine.insert(), [row])
    return True


def _room(connection: Connection, site: str, size: int, caps: Caps) -> bool:
    weight = func.coalesce(func.sum(func.length(quarantine.c.payload)), 0)
    query = select(func.count(), weight).where(quarantine.c.site == site)
    rows, held = connection.execute(query).one()
    return bool(rows < caps.rows and held + size <= caps.bytes)


def _digest(refused: Refused) -> str:
    told = json.dumps([refused.message.topic, refused.flaw.code, refused.spans]).encode()
    return sha256(told + refused.message.payload).hexdigest()


def _row(refused: Refused, digest: str, now: int) -> dict[str, Any]:
    message = refused.message
    return {
        "site": refused.site,
        "digest": digest,
        "topic": _plain(message.topic),
        "content_type": _plain(message.content_type),
        "labels": _plain(json.dumps(dict(message.labels))[:2000]),
        "reason": refused.flaw.code,
        "vi": _plain(refused.flaw.vi),
        "en": _plain(refused.flaw.en),
        "size": len(message.payload),
        "payload": message.payload[:LARGEST_KEPT],
        "times": 1,
        "first_at": now,
        "last_at": now,
    }


def _plain(text: str) -> str:
    """Text that both databases keep: no NUL, no halves of characters, not endless."""
    return text[:1000].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
