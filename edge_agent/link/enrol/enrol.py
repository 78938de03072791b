"""Enrolment and renewal as the box goes through them; the center's side is center/enrolment."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Literal

from edge_agent.core.trouble import Trouble
from edge_agent.link.enrol import keys, line, troubles
from edge_agent.link.enrol.folder import Identity
from edge_agent.link.enrol.line import PinnedLine, Reply
from edge_agent.link.enrol.slip import Slip

POLL_SECONDS = 5.0
_PATIENT = {"enrol.unreachable", "enrol.locked"}  # ends by itself: worth asking again


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the box became: the broker's URL that the center named, and until when."""

    broker: str
    until: datetime


def enrol(
    slip: Slip,
    identity: Identity,
    stop: Event,
    tell: Callable[[Trouble | None], None],
    poll: float = POLL_SECONDS,
) -> Enrolled | None:
    """Ask until an officer has decided; None when `stop` came first (the same slip goes on later).

    `tell` hears None when the center has the request and an officer must look, or the trouble that
    is waited out; each only when it is new. Raises Trouble: wrong code, impostor, refused, files.
    """
    request = keys.request(identity.coming_key(), slip.site)
    asked = {"site": slip.site, "code": slip.code, "request": request}
    told = "nothing yet"
    while not stop.is_set():
        news: Trouble | None = None
        try:
            pinned = PinnedLine.pinned(slip.center, slip.authority)
            answer = _understood(slip.center, pinned.ask(line.CERTIFICATE, asked))
            if answer["state"] == "approved":
                return _settled(identity, slip.site, pinned, answer)
        except Trouble as trouble:
            if trouble.code not in _PATIENT:
                raise
            news = trouble
        if told != (code := news.code if news else ""):
            tell(news)
            told = code
        stop.wait(poll)
    return None


def renew(
    center: str, site: str, identity: Identity
) -> tuple[Literal["renewed", "waiting", "early"], datetime | None]:
    """Ask once for a certificate for a new key, in the name of the present one. Raises Trouble.

    `waiting`: the present one has run out and an officer must look; the next call asks again. Once
    the new one is on disk the center is told so by asking in its name: it then retires the old one.
    """
    state, until = _renew_once(center, site, identity)
    if state == "renewed":
        with suppress(Trouble):  # not heard: the old one lives on to its end
            _renew_once(center, site, identity)
    return state, until


def _renew_once(
    center: str, site: str, identity: Identity
) -> tuple[Literal["renewed", "waiting", "early"], datetime | None]:
    key, certificate = identity.current()
    request = keys.request(identity.coming_key(), site)
    asked = {
        "certificate": keys.only(certificate).decode(),
        "request": request,
        "signature": base64.b64encode(keys.sign(key, renewal_words(request))).decode(),
    }
    pinned = PinnedLine(center, _text(identity.authority))
    answer = _understood(center, pinned.ask(line.RENEWAL, asked))
    if answer["state"] != "approved":
        return ("early" if answer["state"] == "early" else "waiting"), None
    return "renewed", _settled(identity, site, pinned, answer).until


def renewal_words(request: str) -> bytes:
    """What the present key signs, so that the signature can stand for nothing else."""
    return b"qcam renewal v1\n" + request.encode()


def _settled(
    identity: Identity, site: str, pinned: PinnedLine, answer: Mapping[str, Any]
) -> Enrolled:
    certificate, command_key = (str(answer.get(n, "")) for n in ("certificate", "command_key"))
    shown = identity.settle(certificate, site, pinned.authority, command_key)
    return Enrolled(str(answer.get("broker", "")), shown.ends)


def _understood(where: str, reply: Reply) -> Mapping[str, Any]:
    """The answer, if it is one to go on with. Raises Trouble for every other."""
    state = reply.body.get("state")
    if reply.status == 200 and state in {"waiting", "approved", "early"}:
        return reply.body
    if reply.status == 200 and state == "refused":
        raise troubles.refused_by_officer(str(reply.body.get("reason", "")))
    if reply.status == 403:
        raise troubles.refused(where)
    if reply.status == 429:
        raise troubles.locked(where, reply.wait)
    if reply.status in {408, 500, 503}:
        raise troubles.unreachable(where, f"HTTP {reply.status}")
    raise troubles.strange(where, f"HTTP {reply.status}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise troubles.files(path, str(error)) from error
