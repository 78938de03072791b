"""Signs of life from outside: state, birth, heartbeat, a camera's state. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edge_agent.center import flaws
from edge_agent.center.flaws import Flaw
from edge_agent.link import strict
from edge_agent.link.publisher import Received

LARGEST = 64 * 1024
FILTERS = (
    "qcam/v1/site/+/state",
    "qcam/v1/site/+/birth",
    "qcam/v1/site/+/heartbeat",
    "qcam/v1/site/+/camera/+/state",
)
_TOPIC = re.compile(
    r"qcam/v1/site/([a-z0-9][a-z0-9-]{0,62})/"
    r"(?:(state|birth|heartbeat)|camera/([^/+#\x00]{1,100})/state)"
)
_WORDS = ("online", "offline", "stopped")
_HIGHEST = 2**53


@dataclass(frozen=True, slots=True)
class StateSaid:
    """A site, or the broker in its name, says how it is; `conn` pairs a beginning with its end."""

    site: str
    word: str
    epoch: str
    conn: int


@dataclass(frozen=True, slots=True)
class BirthSaid:
    """A site says who it is; `marks` is the last number it gave out, per lane's name."""

    site: str
    epoch: str
    conn: int
    marks: Mapping[str, int]
    text: str


@dataclass(frozen=True, slots=True)
class HeartbeatSaid:
    """A site's figures of this moment; `time` by its own clock."""

    site: str
    time: datetime
    text: str


@dataclass(frozen=True, slots=True)
class CameraSaid:
    """A site says how one of its cameras is."""

    site: str
    camera: str
    state: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Cleared:
    """A retained topic was emptied: the site was decommissioned."""

    site: str


Sign = StateSaid | BirthSaid | HeartbeatSaid | CameraSaid | Cleared


def read_sign(message: Received) -> Sign | Flaw:
    """What this message says, or why nobody listens to it."""
    match = _TOPIC.fullmatch(message.topic)
    if not match:
        return flaws.topic(message.topic)
    site, kind, camera = match[1], match[2], match[3]
    if not message.payload:
        return Cleared(site)
    try:
        said = strict.json_object(message.payload, LARGEST)
        if camera:
            return _camera(site, camera, said)
        return _READERS[kind](site, said)
    except (strict.Flaw, RecursionError) as error:
        return flaws.malformed(str(error))


def _state(site: str, said: Mapping[str, Any]) -> StateSaid:
    word = strict.text(said, "state", 20)
    if word not in _WORDS:
        raise strict.Flaw(f"state: unknown: {word}")
    epoch = strict.text(said, "epoch", strict.LONGEST_EPOCH)
    return StateSaid(site, word, epoch, strict.whole(said, "conn", 0, _HIGHEST))


def _birth(site: str, said: Mapping[str, Any]) -> BirthSaid:
    marks = said.get("high_water")
    if not isinstance(marks, dict) or len(marks) > 16:
        raise strict.Flaw("high_water: not an object")
    counted = {lane: strict.whole(marks, lane) for lane in marks}
    epoch = strict.text(said, "epoch", strict.LONGEST_EPOCH)
    return BirthSaid(site, epoch, strict.whole(said, "conn", 0, _HIGHEST), counted, _text(said))


def _heartbeat(site: str, said: Mapping[str, Any]) -> HeartbeatSaid:
    return HeartbeatSaid(site, strict.moment(said, "time"), _text(said))


def _camera(site: str, camera: str, said: Mapping[str, Any]) -> CameraSaid:
    reason = said.get("reason")
    return CameraSaid(
        site,
        camera,
        strict.text(said, "state", 40),
        reason[:100] if isinstance(reason, str) else "",
        strict.moment(said, "since"),
    )


def _text(said: Mapping[str, Any]) -> str:
    """The whole of it, as text that both databases keep."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


_READERS: Mapping[str, Callable[[str, Mapping[str, Any]], Sign]] = {
    "state": _state,
    "birth": _birth,
    "heartbeat": _heartbeat,
}
