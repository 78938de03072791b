"""Every key of `site.yaml`, as frozen slices that the rooms receive.

A key exists here, in `configs/site.example.yaml` and nowhere else; a test compares both ways.
Errors are collected by `edge_agent.config.loader`; nothing in this file prints.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from edge_agent.config.behaviours import Line, Rules, Zone
from edge_agent.config.slice import Slice, Slug
from edge_agent.config.values import Bytes, Duration
from edge_agent.core.command import Action

RtspUrl = Annotated[str, StringConstraints(pattern=r"^rtsp://[^@\s]+$")]
HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://[^@\s/]+$")]
BrokerUrl = Annotated[str, StringConstraints(pattern=r"^mqtts?://[^@\s/]+$")]


class Site(Slice):
    """Who we are. `id` is a level of every topic and the name in the certificate."""

    id: Slug
    name: str = ""
    timezone: str = "Asia/Ho_Chi_Minh"


class Storage(Slice):
    """Where things are kept; relative paths are relative to the configuration file."""

    state: Path = Path("state")
    recordings: Path = Path("recordings")


class Discovery(Slice):
    """How cameras are looked for. Only the named interfaces and hosts ever get a packet.

    `interfaces` empty means every interface but loopback; `hosts` are `address[:port]` for
    networks where multicast is blocked; `adopt` also records cameras that no entry names.
    """

    enabled: bool = True
    interfaces: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    wait: Duration = Field(default=4.0, ge=0.5, le=60)
    every: Duration = Field(default=60.0, ge=5)
    adopt: bool = True


class Match(Slice):
    """How a camera of this list is recognised among those found; the first that is set counts."""

    mac: str = ""
    serial: str = ""
    epr: str = ""
    host: str = ""


class Rtsp(Slice):
    """Stream addresses typed by hand, for a camera without ONVIF; never with a password."""

    main: RtspUrl
    sub: RtspUrl | None = None


class CalibrationPoint(Slice):
    """One spot of the floor: where it is in the picture, and where in metres."""

    pixel: tuple[float, float]
    metres: tuple[float, float]


class CameraView(Slice):
    """How the camera stands: `focal` in pixels of `size`, `tilt` below the horizon and `roll` in
    degrees, `height` over the floor and `reach` of the floor from below the camera in metres.

    `covariance` is the lower triangle, by rows, of the errors of (log focal, tilt in radians, roll
    in radians, log height) that a fit left; empty for values measured by hand.
    """

    focal: float = Field(gt=0, le=100_000)
    tilt: float = Field(ge=1, le=89)
    roll: float = Field(default=0.0, ge=-30, le=30)
    height: float = Field(ge=1, le=50)
    reach: float = Field(default=15.0, gt=0, le=100)
    covariance: Annotated[tuple[float, ...], Field(min_length=10, max_length=10)] = ()


class Calibration(Slice):
    """The floor of a view, by four or more points or by the camera's pose; `size` is the picture
    in which pixels were read, `click_error` the pixels that they may be off (one sigma), `lens`
    the bend of the lens: see `edge_agent.rules.lens`.
    """

    size: tuple[int, int]
    points: Annotated[tuple[CalibrationPoint, ...], Field(min_length=4, max_length=100)] = ()
    view: CameraView | None = None
    click_error: float = Field(default=2.0, gt=0, le=50)
    lens: float = Field(default=0.0, ge=-0.45, le=0.45)


class CameraEntry(Slice):
    """One camera that this site expects."""

    id: Slug
    name: str = ""
    place: Literal[
        "corridor", "lobby", "yard", "gate", "fence", "sampling", "reception", "other"
    ] = "other"
    match: Match | None = None
    rtsp: Rtsp | None = None
    credential: str = "default"
    enabled: bool = True
    calibration: Calibration | None = None
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()


class Recording(Slice):
    """The legal duty. A floor below 30 days needs its reason in `floor_override`, and is told so in
    the log; see law 4 in docs/architecture.md.
    """

    segment: Duration = Field(default=60.0, ge=5, le=600)
    sync: Duration = Field(default=2.0, ge=0.5, le=60)
    floor_days: int = Field(default=30, ge=1)
    floor_override: str = ""
    ceiling_days: int = Field(default=35, ge=1)
    min_free: Bytes = 2_000_000_000
    scrub_rate: Bytes = 5_000_000
    audio: bool = False
    when_full: Literal["stop_recording", "delete_oldest"] = "stop_recording"
    hold_episodes: Duration = Field(default=604800.0, le=31_536_000)


class Vision(Slice):
    """What the models do and what they may cost."""

    enabled: bool = True
    models: Path | None = None
    backend: Literal["openvino", "ultralytics"] = "openvino"
    variant: str = ""
    device: Literal["CPU", "GPU"] = "CPU"
    precision: Literal["auto", "f32"] = "auto"
    threads: int = Field(default=1, ge=1, le=16)
    fps: float = Field(default=5.0, ge=0.5, le=15)
    idle_fps: float = Field(default=1.0, ge=0.2, le=5)
    keep_detections: Duration = Field(default=691_200.0, ge=0, le=31_536_000)
    detections_size: Bytes = Field(default=2_000_000_000, ge=10_000_000)


class BrokerLine(Slice):
    """A line to a broker. `mqtt://` without TLS is accepted for loopback only.

    `ca`, `certificate` and `key` are PEM files; user and password live in the credentials file.
    """

    url: BrokerUrl = "mqtt://127.0.0.1:1883"
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    keepalive: Duration = Field(default=30.0, ge=5, le=300)


class Quota(Slice):
    """Bytes of payload that may wait in each lane; a full lane drops its oldest and says so."""

    alarm: Bytes = Field(default=200_000_000, ge=1_000_000)
    state: Bytes = Field(default=200_000_000, ge=1_000_000)
    bulk: Bytes = Field(default=500_000_000, ge=1_000_000)
    image: Bytes = Field(default=2_000_000_000, ge=1_000_000)


class Budget(Slice):
    """Bytes that a lane may send on one day of the site, 0 for no limit. Alarms have none."""

    state: Bytes = 0
    bulk: Bytes = 0
    image: Bytes = 0


class Mqtt(BrokerLine):
    """The line to the district, and what goes over it; at `renewal` the next certificate is got.

    `ack` says whose word settles a message: the center's database, or (weaker, docs/delivery.md)
    the broker.
    """

    enabled: bool = True
    renewal: HttpsUrl | None = None
    heartbeat: Duration = Field(default=30.0, ge=1, le=300)
    ack: Literal["center", "broker"] = "center"
    quota: Quota = Quota()
    budget: Budget = Budget()


class Allowed(Slice):
    """Which actions each role may ask for."""

    duty: tuple[Action, ...] = (
        *(Action.PING, Action.RESYNC, Action.SNAPSHOT, Action.CLIP, Action.HOLD),
        *(Action.LIVE_START, Action.LIVE_STOP, Action.VERDICT),
    )
    health: tuple[Action, ...] = (
        *(Action.PING, Action.SNAPSHOT, Action.CLIP, Action.HOLD),
        *(Action.LIVE_START, Action.LIVE_STOP),
    )
    admin: tuple[Action, ...] = (Action.PING, Action.RESYNC, Action.CONFIG_PROPOSE)


class Commands(Slice):
    """What the center may ask of this site. Without `keys` nothing is accepted.

    `keys` are PEM files of the center's public command keys, `upload` where pictures and clips go.
    """

    keys: tuple[Path, ...] = ()
    upload: HttpsUrl | None = None
    allow: Allowed = Allowed()
    snapshots_per_hour: int = Field(default=30, ge=0, le=3600)
    clips_per_hour: int = Field(default=6, ge=0, le=3600)
    lives_per_hour: int = Field(default=6, ge=0, le=3600)
    clip: Duration = Field(default=120.0, ge=1, le=3600)
    upload_per_day: Bytes = 200_000_000
    upload_rate: Bytes = Field(default=50_000, ge=1000)


class Web(Slice):
    """The pages of this box, for this box: the address is loopback, every request has a token.

    `cache` bounds the folder of joined films; the oldest looked at goes first.
    """

    enabled: bool = False
    address: str = "127.0.0.1"
    port: int = Field(default=8088, ge=1, le=65535)
    cache: Bytes = Field(default=2_000_000_000, ge=10_000_000)


class Log(Slice):
    """How the programs speak on stdout."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(Slice):
    """The whole of `site.yaml`."""

    site: Site
    storage: Storage = Storage()
    credentials: Path = Path("credentials.yaml")
    discovery: Discovery = Discovery()
    cameras: tuple[CameraEntry, ...] = ()
    recording: Recording = Recording()
    vision: Vision = Vision()
    rules: Rules = Rules()
    mqtt: Mqtt = Mqtt()
    commands: Commands = Commands()
    web: Web = Web()
    log: Log = Log()

    def fingerprint(self) -> str:
        """SHA-256 of every value: two sites with the same one are configured alike."""
        return sha256(self.model_dump_json().encode()).hexdigest()
