"""What goes over the line: topic names and payloads. Pure: values in, the same bytes out.

Payloads are JSON (UTF-8, keys sorted, no spaces); facts are CloudEvents 1.0 in JSON format with
the extension attributes `severitytext`, `severitynumber` (OpenTelemetry's numbers) and `epoch`.
A message's place in the outbox travels as MQTT v5 user properties: `link/labels.py`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from numbers import Integral, Real
from typing import Any, Literal, NotRequired, TypedDict

from edge_agent.core.event import Event, Lane, Message
from edge_agent.core.media import CameraStatus
from edge_agent.core.time import iso
from edge_agent.link import troubles
from edge_agent.store.outbox import LARGEST_PAYLOAD

JSON = "application/json"
CLOUDEVENT = "application/cloudevents+json"
JPEG = "image/jpeg"
LARGEST_THUMBNAIL = 8000
CENTER_STATE = "qcam/v1/center/state"  # retained: whether anybody takes in what sites send

_SEVERITY_NUMBER = {"info": 9, "warning": 13, "critical": 17}
_FORBIDDEN = re.compile(r"[/+#\0]")


class StatePayload(TypedDict):
    """`…/state`: `offline` is the will. `conn` pairs an online with its end and with its birth."""

    state: Literal["online", "stopped", "offline"]
    epoch: str
    conn: int
    time: NotRequired[str]  # a will is written beforehand: it cannot know when


class BirthPayload(TypedDict):
    """`…/birth`: who is here. `high_water` is the last sequence number given out, per lane."""

    epoch: str
    conn: int
    time: str
    high_water: dict[str, int]
    ack: Literal["center", "broker"]  # whose word settles a message at this site
    site: dict[str, Any]  # what the agent tells of itself: version, cameras, rules, config hash


class CameraPayload(TypedDict):
    """`…/camera/<camera>/state`: `reason` as `core.media.CameraStatus` has it."""

    camera: str
    state: str
    reason: str
    since: str


@dataclass(frozen=True, slots=True)
class Topics:
    """The topic names of one site (`qcam/v1`); the site id is one level and the certificate's CN.

    Raises ValueError for a name that cannot be one level of a topic.
    """

    site: str

    def __post_init__(self) -> None:
        _level(self.site)

    @property
    def root(self) -> str:
        """Everything of this site lies under it."""
        return f"qcam/v1/site/{self.site}"

    @property
    def state(self) -> str:
        """Online, stopped, offline (retained, will)."""
        return f"{self.root}/state"

    @property
    def birth(self) -> str:
        """Who is here (retained)."""
        return f"{self.root}/birth"

    @property
    def heartbeat(self) -> str:
        """Figures every 30 s (QoS 0)."""
        return f"{self.root}/heartbeat"

    def camera(self, camera: str) -> str:
        """One camera's state (retained)."""
        return f"{self.root}/camera/{_level(camera)}/state"

    def event(self, lane: Lane) -> str:
        """Facts and tombstones of a lane (the image lane: tombstones only)."""
        return f"{self.root}/event/{lane.value}"

    def image(self, event: str) -> str:
        """The thumbnail of one event."""
        return f"{self.root}/image/{_level(event)}"

    def reply(self, request: str) -> str:
        """The answer to one command."""
        return f"{self.root}/reply/{_level(request)}"

    @property
    def ack(self) -> str:
        """What the center has of this site."""
        return f"qcam/v1/center/{self.site}/ack"

    def command(self, request: str) -> str:
        """One command of the center; its last level names the request."""
        return f"qcam/v1/center/{self.site}/command/{_level(request)}"

    @property
    def commands(self) -> str:
        """What the center asks of this site: a filter, the last level is the request's id."""
        return f"qcam/v1/center/{self.site}/command/+"


def state(
    word: Literal["online", "stopped", "offline"], epoch: str, conn: int, now: datetime | None
) -> bytes:
    """The payload of `…/state`; `now` None for the will."""
    payload = StatePayload(state=word, epoch=epoch, conn=conn)
    if now is not None:
        payload["time"] = iso(now)
    return encode(payload)


def birth(
    epoch: str,
    conn: int,
    now: datetime,
    high_water: Mapping[Lane, int],
    ack: Literal["center", "broker"],
    site: Mapping[str, Any],
) -> bytes:
    """The payload of `…/birth`."""
    return encode(
        BirthPayload(
            epoch=epoch,
            conn=conn,
            time=iso(now),
            high_water={lane.value: number for lane, number in high_water.items()},
            ack=ack,
            site=dict(plain(site)),
        )
    )


def camera_state(status: CameraStatus) -> bytes:
    """The payload of `…/camera/<camera>/state`."""
    return encode(
        CameraPayload(
            camera=status.camera,
            state=status.state.value,
            reason=status.reason,
            since=iso(status.since),
        )
    )


def event_message(event: Event, epoch: str, topics: Topics, lane: Lane = Lane.ALARM) -> Message:
    """The fact as one CloudEvent.

    A fact always fits: data over the size cap is left at the site and replaced by its size.
    """
    envelope = _envelope(event, epoch)
    payload = encode(envelope)
    if len(payload) > LARGEST_PAYLOAD:
        envelope["data"] = {"omitted_bytes": len(payload)}
        payload = encode(envelope)
    return Message(lane, topics.event(lane), payload, CLOUDEVENT)


def thumbnail_message(event: Event, jpeg: bytes, topics: Topics) -> Message:
    """The event's small picture. Raises Trouble `link.thumbnail` when it is no JPEG ≤ 8 kB."""
    if not jpeg.startswith(b"\xff\xd8") or len(jpeg) > LARGEST_THUMBNAIL:
        raise troubles.thumbnail(event.id, len(jpeg), LARGEST_THUMBNAIL)
    return Message(Lane.IMAGE, topics.image(event.id), jpeg, JPEG)


def encode(value: Mapping[str, Any]) -> bytes:
    """JSON, the same bytes for the same value. Raises ValueError for NaN or infinity."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def plain(value: Any) -> Any:
    """The value with nothing in it that JSON cannot say: no NaN, times as text, keys as text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Real):
        return _number(value)
    return iso(value) if isinstance(value, datetime) else str(value)


def _number(value: Real) -> int | float | None:
    if isinstance(value, Integral):
        return int(value)
    return float(value) if math.isfinite(value) else None


def _envelope(event: Event, epoch: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": iso(event.time),
        "datacontenttype": JSON,
        "severitytext": event.severity,
        "severitynumber": _SEVERITY_NUMBER.get(event.severity, 0),
        "epoch": epoch,
        "data": plain({**event.data, "still": event.still}),
    }


def _level(name: str) -> str:
    if not name or _FORBIDDEN.search(name):
        raise ValueError(f"not one level of a topic: {name!r}")
    return name
