"""The decisions of enrolment: which code counts, who is locked out, who may renew. Pure."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Literal

from edge_agent.link.enrol.keys import short
from edge_agent.link.enrol.slip import ALPHABET, CODE_LENGTH, normal_code
from edge_agent.store.enrolments import Ticket, Tries
from edge_agent.store.register import Certificate

CODE_LIFE = timedelta(hours=24)
ANSWER_LIFE = timedelta(days=7)  # an officer has a week, and the box to fetch what was decided
WRONG_TRIES = 5
LOCK = timedelta(minutes=5)
REMEMBERED = timedelta(hours=1)
GRACE = timedelta(days=30)


def new_code() -> str:
    """A one-time code: 80 random bits that can be read aloud."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def hashed(site: str, code: str) -> bytes:
    """What is kept of a code. It has 80 bits by itself: no dictionary shortens the search."""
    return sha256(f"{site}/{normal_code(code)}".encode()).digest()


def admitted(tickets: Iterable[Ticket], code: bytes, key: str, now: datetime) -> Ticket | None:
    """The ticket that this code (hashed) opens for this key: a fresh one within its time, or one
    that this very key has used before. All are compared, so that the time taken says nothing.
    """
    found = None
    for ticket in tickets:
        same = hmac.compare_digest(ticket.code, code)
        if same and now < ticket.expires and ticket.key in {"", key} and ticket.kind == "code":
            found = ticket
    return found


def used(ticket: Ticket, key: str, request: str, source: str, now: datetime) -> Ticket:
    """The ticket after its code was used: bound to the key, waiting for an officer."""
    return replace(
        ticket,
        state="waiting",
        key=key,
        request=request,
        source=source,
        expires=now + ANSWER_LIFE,
    )


def after_wrong(tries: Tries | None, who: str, now: datetime) -> Tries:
    """One more wrong code; the fifth locks."""
    wrong = (tries.wrong if tries else 0) + 1
    if wrong >= WRONG_TRIES:
        return Tries(who, 0, now, now + LOCK)
    return Tries(who, wrong, now, tries.locked if tries else None)


def locked_for(tries: Tries | None, now: datetime) -> int:
    """Whole seconds until a code is looked at again; 0 when it is now. A clock that was set back
    cannot lock for longer than a lock lasts.
    """
    if tries is None or tries.locked is None:
        return 0
    left = (tries.locked - now).total_seconds()
    return int(left) + 1 if 0 < left <= LOCK.total_seconds() else 0


def same_key(said: str, key: str) -> bool:
    """Whether what somebody read aloud is the short fingerprint of this key (hex)."""
    plain = said.lower().replace("-", "").replace(" ", "")
    return plain == short(key).replace("-", "")


def source_of(address: str) -> str:
    """What is counted as one source: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)


def renewal(found: Certificate, now: datetime) -> Literal["sign", "early", "officer", "never"]:
    """What the holder of this certificate may get: a new one at once in the last third of its life,
    an officer's look within 30 days after it, nothing once it is revoked or older.
    """
    if found.revoked is not None or found.purpose != "site":
        return "never"
    if now >= found.ends:
        return "officer" if now < found.ends + GRACE else "never"
    return "sign" if now >= found.begins + (found.ends - found.begins) * 2 / 3 else "early"
