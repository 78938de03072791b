"""Whether anybody takes in what sites send, as the center says it (retained, with a will). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.link import strict
from edge_agent.link.wire import encode

LARGEST = 4 * 1024


class Presence(StrEnum):
    """`offline` is the will."""

    ONLINE = "online"
    STOPPED = "stopped"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class CenterState:
    """What `qcam/v1/center/state` says; `conn` counts the center's connections."""

    state: Presence
    center: str
    conn: int
    time: str = ""  # a will cannot know when


def encode_center_state(said: CenterState) -> bytes:
    """The payload."""
    named = {"state": said.state.value, "center": said.center, "conn": said.conn}
    return encode(named | ({"time": said.time} if said.time else {}))


def decode_center_state(payload: bytes) -> CenterState:
    """What `encode_center_state` wrote. Raises Flaw."""
    said = strict.json_object(payload, LARGEST)
    time = strict.moment(said, "time") if "time" in said else None
    return CenterState(
        strict.word(said, "state", Presence),
        strict.text(said, "center", 128),
        strict.whole(said, "conn"),
        str(said["time"]) if time else "",
    )
