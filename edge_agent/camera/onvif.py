"""What a camera says of itself over ONVIF: who it is, its clock, its streams."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from edge_agent.camera import addresses
from edge_agent.camera.discovery import Found
from edge_agent.camera.soap import (
    TIMEOUT,
    Conversation,
    FaultError,
    NoAnswerError,
    NotOnvifError,
    OnvifError,
    RefusedError,
    Token,
    Wire,
)
from edge_agent.core.media import Identity
from edge_agent.core.secret import Credential
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log

_DEVICE = "devicemgmt"
_MEDIA_NS = "http://www.onvif.org/ver10/media/wsdl"
_SETUP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
_XADDRS_TRIED = 3
_MAX_PROFILES = 256  # a 64-channel recorder with four each


@dataclass(frozen=True, slots=True)
class Profile:
    """One ONVIF media profile: the video source it shows, its size in pixels, its RTSP URL at the
    reachable host without credentials.

    `codec` is what the camera's Media1 service claims. That service knows no H.265 and calls it
    H264: who opens the stream decides by what RTSP says.
    """

    token: str
    source: str
    name: str
    codec: str
    width: int
    height: int
    url: str


@dataclass(frozen=True, slots=True)
class Description:
    """A camera as it describes itself. `clock_offset` is its clock minus ours in seconds, `xaddr`
    the device service that answered, `profiles` in the camera's own order, `credential` the name
    of the credential that was used.
    """

    identity: Identity
    make: str
    model: str
    firmware: str
    clock_offset: float
    profiles: tuple[Profile, ...]
    xaddr: str = ""
    credential: str = "default"

    @property
    def host(self) -> str:
        """The address that the camera was reached at."""
        return addresses.host_of(self.xaddr)


class NoStreamError(OnvifError):
    """The camera names no RTSP stream."""


class OnvifCamera(Protocol):
    """The seam: one camera that can be asked to describe itself."""

    def describe(self, credential: Credential | None) -> Description:
        """Its description. Raises NoAnswerError, NotOnvifError, RefusedError, NoStreamError."""
        ...


class SoapCamera:
    """A real camera behind a discovered device service.

    A wrong password is offered at most twice, once by WS-Security and once by HTTP digest if the
    camera asks for that: most cameras lock the sender out after a few.
    """

    def __init__(self, found: Found, clock: Clock, timeout: float = TIMEOUT) -> None:
        self._found = found
        self._clock = clock
        self._timeout = timeout

    def describe(self, credential: Credential | None) -> Description:
        """See OnvifCamera. Without a credential it is asked anonymously."""
        wire = Wire(self._timeout)
        with closing(wire.session):
            xaddr, offset = self._reach(wire)
            token = Token(credential, self._clock, offset) if credential else None
            try:
                return self._describe(Conversation(wire, token), xaddr, offset)
            except RefusedError as error:
                error.clock_offset = offset
                raise

    def _describe(self, talk: Conversation, xaddr: str, offset: float) -> Description:
        info = _device_information(talk, xaddr)
        profiles = _profiles(talk, xaddr)
        if not profiles:
            raise NoStreamError("no profile with an RTSP address")
        return Description(
            Identity(_mac(talk, xaddr), _text(info, "SerialNumber"), self._found.epr),
            _text(info, "Manufacturer"),
            _text(info, "Model"),
            _text(info, "FirmwareVersion"),
            offset,
            profiles,
            xaddr,
        )

    def _reach(self, wire: Wire) -> tuple[str, float]:
        """The first device service address that answers, and its clock offset in seconds."""
        failure: OnvifError = NoAnswerError("no address")
        for xaddr in self._found.xaddrs[:_XADDRS_TRIED]:
            try:
                return xaddr, self._clock_offset(wire, xaddr)
            except (NoAnswerError, NotOnvifError) as error:
                failure = error if not isinstance(failure, NotOnvifError) else failure
        raise failure

    def _clock_offset(self, wire: Wire, xaddr: str) -> float:
        """Asked without a password, as ONVIF demands; a camera that wants one even for the time,
        or tells a date that is none, is believed by its HTTP Date header. Both tell whole seconds:
        half of one is added.
        """
        asked = self._clock.now()
        stated: datetime | None = None
        try:
            stated = _utc(Conversation(wire).ask(_DEVICE, xaddr, "GetSystemDateAndTime"))
        except (RefusedError, FaultError):
            pass
        except NotOnvifError:
            if b"GetSystemDateAndTimeResponse" not in wire.body:
                raise
        took = self._clock.now().since(asked)
        stated = stated or wire.date()
        if stated is None:
            return 0.0
        middle = asked.wall + timedelta(seconds=took / 2 - 0.5)
        return round((stated - middle).total_seconds(), 3)


# ------------------------------------------------------------------------------ answers
def _device_information(talk: Conversation, xaddr: str) -> Any:
    """The first signed question: a refusal here ends the conversation, anything else does not."""
    try:
        return talk.ask(_DEVICE, xaddr, "GetDeviceInformation")
    except (FaultError, NotOnvifError):
        return None


def _media_xaddr(talk: Conversation, xaddr: str) -> str:
    """The media service by GetServices, else GetCapabilities, else the device service itself."""
    services = talk.optional(_DEVICE, xaddr, "GetServices", IncludeCapability=False)
    stated = [
        _text(row, "XAddr") for row in _rows(services) if _text(row, "Namespace") == _MEDIA_NS
    ]
    if not stated:
        capabilities = talk.optional(_DEVICE, xaddr, "GetCapabilities", Category="All")
        stated = [_text(_field(capabilities, "Media"), "XAddr")]
    reachable = addresses.service_address(stated[0], xaddr)
    if reachable != stated[0]:
        log.info("camera.address_rewritten", stated=addresses.host_of(stated[0]), used=reachable)
    return reachable


def _profiles(talk: Conversation, xaddr: str) -> tuple[Profile, ...]:
    media = _media_xaddr(talk, xaddr)
    rows = _rows(talk.ask("media", media, "GetProfiles"))[:_MAX_PROFILES]
    protocols = _rows(talk.optional(_DEVICE, xaddr, "GetNetworkProtocols"))
    ports = [
        int(port)
        for row in protocols
        if _text(row, "Name") == "RTSP" and _field(row, "Enabled") is not False
        for port in _rows(_field(row, "Port"))
    ]
    profiles = (_profile(talk, media, xaddr, row, ports) for row in rows)
    return tuple(profile for profile in profiles if profile)


def _profile(
    talk: Conversation, media: str, xaddr: str, row: Any, ports: Sequence[int]
) -> Profile | None:
    token = _text(row, "token")
    answer = talk.optional("media", media, "GetStreamUri", StreamSetup=_SETUP, ProfileToken=token)
    stated = _text(answer, "Uri")
    url = addresses.stream_address(stated, xaddr, ports)
    if not url:
        log.info("camera.profile_without_stream", xaddr=xaddr, profile=token)
        return None
    if addresses.host_of(stated) != addresses.host_of(url):
        log.info("camera.stream_rewritten", stated=addresses.host_of(stated), used=url)
    encoder = _field(row, "VideoEncoderConfiguration")
    size = _field(encoder, "Resolution")
    return Profile(
        token,
        _text(_field(row, "VideoSourceConfiguration"), "SourceToken"),
        _text(row, "Name"),
        _text(encoder, "Encoding"),
        _number(size, "Width"),
        _number(size, "Height"),
        url,
    )


def _mac(talk: Conversation, xaddr: str) -> str:
    """The MAC of the first enabled interface; empty where the camera has or tells none."""
    try:
        rows = _rows(talk.optional(_DEVICE, xaddr, "GetNetworkInterfaces"))
    except (RefusedError, NoAnswerError):  # the last question: all that matters is known
        return ""
    enabled = [row for row in rows if _field(row, "Enabled") is not False]
    macs = (addresses.normal_mac(_text(_field(row, "Info"), "HwAddress")) for row in enabled)
    return next((mac for mac in macs if mac), "")


def _utc(answer: Any) -> datetime | None:
    """UTCDateTime of GetSystemDateAndTime; None where it is missing or no date at all."""
    stated = _field(answer, "UTCDateTime")
    date, time = _field(stated, "Date"), _field(stated, "Time")
    fields = [_number(date, name) for name in ("Year", "Month", "Day")]
    fields += [_number(time, name) for name in ("Hour", "Minute", "Second")]
    try:
        year, month, day, hour, minute, second = fields
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None


def _field(value: Any, name: str) -> Any:
    """A part of zeep's answer, None where the camera left it (or what holds it) out."""
    return getattr(value, name, None)


def _text(value: Any, name: str) -> str:
    found = _field(value, name)
    return addresses.printable(found, 1000) if isinstance(found, str) else ""


def _number(value: Any, name: str) -> int:
    found = _field(value, name)
    return found if isinstance(found, int) else 0


def _rows(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []
