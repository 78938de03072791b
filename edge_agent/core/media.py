"""Media: cameras, their streams, and what was written of them (ONVIF, RTSP, ISO BMFF words)."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from edge_agent.core.time import Instant, from_iso, iso


class Role(StrEnum):
    """Which stream of a camera: `main` is recorded, `sub` is looked at."""

    MAIN = "main"
    SUB = "sub"


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a camera (an ONVIF media profile): RTSP URL without credentials, size in
    pixels, codec as RTSP names it (`H264`, `H265`).
    """

    url: str
    width: int = 0
    height: int = 0
    codec: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays with a camera when its address changes; order of trust: MAC, serial, EPR.

    `mac` is lower case with colons; `epr` is the WS-Discovery endpoint reference.
    """

    mac: str = ""
    serial: str = ""
    epr: str = ""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as the house knows it: its name in all topics and folders, and its streams.

    `id` is `[a-z0-9-]`; `credential` names an entry of the credentials file, never a password.
    """

    id: str
    name: str
    place: str
    host: str
    identity: Identity
    main: Stream
    sub: Stream | None = None
    credential: str = "default"
    make: str = ""
    model: str = ""

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary; holds no secret."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Camera:
        """The camera that `to_dict` wrote. Raises KeyError or TypeError on anything else."""
        values = dict(data)
        sub = values.pop("sub")
        return cls(
            identity=Identity(**values.pop("identity")),
            main=Stream(**values.pop("main")),
            sub=Stream(**sub) if sub else None,
            **values,
        )


class GapReason(StrEnum):
    """Why seconds that should have been recorded were not: a closed list."""

    CAMERA_OFFLINE = "camera_offline"
    NETWORK = "network"
    PASSWORD_REFUSED = "password_refused"
    CODEC_NOT_SUPPORTED = "codec_not_supported"
    TOO_MANY_SESSIONS = "too_many_sessions"
    DISK_FULL = "disk_full"
    DISK_SLOW = "disk_slow"
    DISK_MISSING = "disk_missing"
    RECORDER_RESTARTED = "recorder_restarted"
    POWER_LOSS = "power_loss"
    CLOCK_STEPPED = "clock_stepped"
    PLANNED = "planned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Segment:
    """One recorded file of one run (RTSP session).

    `path` is relative to the recordings folder, `start` labels its first picture (UTC), `seconds`
    is media time, `size` bytes on disk, `run` the identity of the RTSP session, `sha256` the hash
    (hex) of its bytes; empty while nobody has computed it.
    """

    camera: str
    run: str
    path: str
    start: datetime
    seconds: float
    size: int
    sha256: str = ""

    @property
    def end(self) -> datetime:
        """The label of the moment after its last picture."""
        return self.start + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Gap:
    """A span that should have been recorded and was not; `end` is None while it lasts."""

    camera: str
    start: datetime
    end: datetime | None
    reason: GapReason
    detail: str = ""


class CameraState(StrEnum):
    """What the center sees of a camera (retained, latest wins)."""

    RECORDING = "recording"
    ONLINE = "online"
    OFFLINE = "offline"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """A camera's state since `since`; `reason` is a GapReason value, `not_looked_at`,
    a kind of tampering, or empty when all is well.
    """

    camera: str
    state: CameraState
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A key frame of the main stream, still encoded, on its way from recorder to vision.

    `data` is one access unit and `extradata` the codec's parameter sets, both as PyAV gives them;
    `at` is when the recorder received it.
    """

    camera: str
    codec: str
    at: Instant
    extradata: bytes
    data: bytes

    def to_bytes(self) -> bytes:
        """The frame as one message: u32 length of a JSON head, the head, extradata, data."""
        head = json.dumps(
            {
                "camera": self.camera,
                "codec": self.codec,
                "wall": iso(self.at.wall),
                "mono": self.at.mono,
                "extradata": len(self.extradata),
            }
        ).encode()
        return struct.pack("!I", len(head)) + head + self.extradata + self.data

    @classmethod
    def from_bytes(cls, message: bytes) -> KeyFrame:
        """The frame that `to_bytes` wrote. Raises ValueError on anything else."""
        try:
            (length,) = struct.unpack_from("!I", message)
            head = json.loads(message[4 : 4 + length])
            begin, end = 4 + length, 4 + length + int(head["extradata"])
            at = Instant(from_iso(head["wall"]), float(head["mono"]))
            sets, unit = message[begin:end], message[end:]
            return cls(str(head["camera"]), str(head["codec"]), at, sets, unit)
        except (struct.error, KeyError, TypeError) as error:
            raise ValueError(f"not a key frame message: {error}") from error
