"""What a virtual camera answers to each ONVIF question (device and media service, version 10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from edge_agent.sim.identity import Nameplate, StreamProfile
from edge_agent.sim.soap_envelope import DEVICE, MEDIA, SoapFault, SoapRequest

DEVICE_PATH = "/onvif/device_service"
MEDIA_PATH = "/onvif/media_service"

# Access class PRE_AUTH of the ONVIF core specification: answered without a token.
ANONYMOUS = {"GetSystemDateAndTime", "GetCapabilities", "GetServices", "GetHostname"}


def _element(name: str, inner: object) -> str:
    return f"<{name}>{escape(str(inner))}</{name}>"


def _elements(prefix: str, **parts: object) -> str:
    return "".join(_element(f"{prefix}:{name}", inner) for name, inner in parts.items())


@dataclass(frozen=True, slots=True)
class OnvifAnswers:
    """The answers of one camera at one address; `camera_time` is its own clock (UTC)."""

    plate: Nameplate
    host: str
    http_port: int
    rtsp_port: int
    camera_time: Callable[[], datetime]

    def __call__(self, request: SoapRequest) -> str:
        """The answer's XML. Raises SoapFault for a question this camera does not know."""
        known = {DEVICE: _DEVICE_ANSWERS, MEDIA: _MEDIA_ANSWERS}.get(request.namespace, {})
        maker = known.get(request.operation)
        if maker is None:
            raise SoapFault("ter:ActionNotSupported", f"{request.operation} is not supported")
        prefix = "tds" if request.namespace == DEVICE else "trt"
        name = f"{prefix}:{request.operation}Response"
        return f"<{name}>{maker(self, request)}</{name}>"

    @property
    def device_url(self) -> str:
        """Address of the device service (the XAddr of WS-Discovery)."""
        return f"http://{self.host}:{self.http_port}{DEVICE_PATH}"

    @property
    def media_url(self) -> str:
        """Address of the media service."""
        return f"http://{self.host}:{self.http_port}{MEDIA_PATH}"

    # -------------------------------------------------------------- device
    def date_and_time(self, _request: SoapRequest) -> str:
        """GetSystemDateAndTime: the camera's own clock, in UTC."""
        now = self.camera_time()
        time = _elements("tt", Hour=now.hour, Minute=now.minute, Second=now.second)
        date = _elements("tt", Year=now.year, Month=now.month, Day=now.day)
        return (
            "<tds:SystemDateAndTime>"
            + _elements("tt", DateTimeType="NTP", DaylightSavings="false")
            + "<tt:TimeZone><tt:TZ>ICT-7</tt:TZ></tt:TimeZone>"
            + f"<tt:UTCDateTime><tt:Time>{time}</tt:Time><tt:Date>{date}</tt:Date></tt:UTCDateTime>"
            + "</tds:SystemDateAndTime>"
        )

    def device_information(self, _request: SoapRequest) -> str:
        """GetDeviceInformation."""
        return _elements(
            "tds",
            Manufacturer=self.plate.make,
            Model=self.plate.model,
            FirmwareVersion=self.plate.firmware,
            SerialNumber=self.plate.serial,
            HardwareId=self.plate.model,
        )

    def network_interfaces(self, _request: SoapRequest) -> str:
        """GetNetworkInterfaces: one, with the MAC."""
        address = _elements("tt", Address=self.host, PrefixLength=24)
        return (
            '<tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled>'
            f"<tt:Info>{_elements('tt', Name='eth0', HwAddress=self.plate.mac, MTU=1500)}</tt:Info>"
            "<tt:IPv4><tt:Enabled>true</tt:Enabled>"
            f"<tt:Config><tt:Manual>{address}</tt:Manual><tt:DHCP>false</tt:DHCP></tt:Config>"
            "</tt:IPv4></tds:NetworkInterfaces>"
        )

    def network_protocols(self, _request: SoapRequest) -> str:
        """GetNetworkProtocols: the real ports."""
        rows = (("HTTP", self.http_port), ("RTSP", self.rtsp_port))
        return "".join(
            f"<tds:NetworkProtocols>{_elements('tt', Name=name, Enabled='true', Port=port)}"
            "</tds:NetworkProtocols>"
            for name, port in rows
        )

    def scopes(self, _request: SoapRequest) -> str:
        """GetScopes."""
        return "".join(
            f"<tds:Scopes>{_elements('tt', ScopeDef='Fixed', ScopeItem=scope)}</tds:Scopes>"
            for scope in self.plate.scopes
        )

    def hostname(self, _request: SoapRequest) -> str:
        """GetHostname."""
        inner = _elements("tt", FromDHCP="false", Name=self.plate.id)
        return f"<tds:HostnameInformation>{inner}</tds:HostnameInformation>"

    def capabilities(self, _request: SoapRequest) -> str:
        """GetCapabilities: where device and media service are."""
        can = _elements("tt", RTPMulticast="false", RTP_TCP="true", RTP_RTSP_TCP="true")
        return (
            "<tds:Capabilities>"
            f"<tt:Device>{_element('tt:XAddr', self.device_url)}</tt:Device>"
            f"<tt:Media>{_element('tt:XAddr', self.media_url)}"
            f"<tt:StreamingCapabilities>{can}</tt:StreamingCapabilities></tt:Media>"
            "</tds:Capabilities>"
        )

    def services(self, _request: SoapRequest) -> str:
        """GetServices: the same in the newer form."""
        version = f"<tds:Version>{_elements('tt', Major=2, Minor=60)}</tds:Version>"
        rows = ((DEVICE, self.device_url), (MEDIA, self.media_url))
        return "".join(
            f"<tds:Service>{_elements('tds', Namespace=name, XAddr=url)}{version}</tds:Service>"
            for name, url in rows
        )

    # -------------------------------------------------------------- media
    def profiles(self, _request: SoapRequest) -> str:
        """GetProfiles: main and sub."""
        return "".join(
            f"<trt:Profiles{self._profile(name, one)}</trt:Profiles>"
            for name, one in self.plate.profiles.items()
        )

    def profile(self, request: SoapRequest) -> str:
        """GetProfile: the one that is named."""
        name, one = self._named(request)
        return f"<trt:Profile{self._profile(name, one)}</trt:Profile>"

    def stream_uri(self, request: SoapRequest) -> str:
        """GetStreamUri: RTSP, without credentials."""
        name, _one = self._named(request)
        inner = _elements(
            "tt",
            Uri=f"rtsp://{self.host}:{self.rtsp_port}/{name}",
            InvalidAfterConnect="false",
            InvalidAfterReboot="false",
            Timeout="PT0S",
        )
        return f"<trt:MediaUri>{inner}</trt:MediaUri>"

    def _named(self, request: SoapRequest) -> tuple[str, StreamProfile]:
        token = request.text("ProfileToken")
        for name, one in self.plate.profiles.items():
            if one.token == token:
                return name, one
        raise SoapFault("ter:NoProfile", "the profile token does not exist")

    def _profile(self, name: str, one: StreamProfile) -> str:
        largest = max(self.plate.profiles.values(), key=lambda each: each.size.width).size
        rate = _elements("tt", FrameRateLimit=one.fps, EncodingInterval=1, BitrateLimit=one.kbit)
        size = _elements("tt", Width=one.size.width, Height=one.size.height)
        return (
            f' token={quoteattr(one.token)} fixed="true">{_element("tt:Name", name)}'
            '<tt:VideoSourceConfiguration token="source-config">'
            + _elements("tt", Name="source", UseCount=2, SourceToken="source")
            + f'<tt:Bounds x="0" y="0" width="{largest.width}" height="{largest.height}"/>'
            + "</tt:VideoSourceConfiguration>"
            + f'<tt:VideoEncoderConfiguration token="{name}-encoder">'
            + _elements("tt", Name=f"{name} H.264", UseCount=1, Encoding="H264")
            + f"<tt:Resolution>{size}</tt:Resolution>{_element('tt:Quality', 5)}"
            + f"<tt:RateControl>{rate}</tt:RateControl>"
            + f"<tt:H264>{_elements('tt', GovLength=one.gop, H264Profile='Main')}</tt:H264>"
            + _element("tt:SessionTimeout", "PT60S")
            + "</tt:VideoEncoderConfiguration>"
        )


_Maker = Callable[[OnvifAnswers, SoapRequest], str]

_DEVICE_ANSWERS: dict[str, _Maker] = {
    "GetSystemDateAndTime": OnvifAnswers.date_and_time,
    "GetDeviceInformation": OnvifAnswers.device_information,
    "GetNetworkInterfaces": OnvifAnswers.network_interfaces,
    "GetNetworkProtocols": OnvifAnswers.network_protocols,
    "GetScopes": OnvifAnswers.scopes,
    "GetHostname": OnvifAnswers.hostname,
    "GetCapabilities": OnvifAnswers.capabilities,
    "GetServices": OnvifAnswers.services,
}
_MEDIA_ANSWERS: dict[str, _Maker] = {
    "GetProfiles": OnvifAnswers.profiles,
    "GetProfile": OnvifAnswers.profile,
    "GetStreamUri": OnvifAnswers.stream_uri,
}
