"""Who a virtual camera is: what it says of itself on every protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from edge_agent.core.geometry import Size


@dataclass(frozen=True, slots=True)
class StreamProfile:
    """One ONVIF media profile: its token, picture size, rate, kbit/s, and seconds per GOP."""

    token: str
    size: Size
    fps: int
    kbit: int
    gop: int


@dataclass(frozen=True, slots=True)
class Nameplate:
    """A camera's identity. MAC is locally administered; the endpoint reference (`epr`) comes from
    the serial number, so it stays the same over restarts and address changes.
    """

    id: str
    name: str
    serial: str
    mac: str
    profiles: Mapping[str, StreamProfile]

    make = "edge-agent"
    model = "VirtualCam-1080"
    firmware = "1.0"

    @property
    def epr(self) -> str:
        """WS-Discovery endpoint reference."""
        return f"urn:uuid:{uuid5(NAMESPACE_URL, f'edge-agent-sim/{self.serial}')}"

    @property
    def scopes(self) -> tuple[str, ...]:
        """ONVIF scopes; the name is URL-encoded as real cameras do."""
        root = "onvif://www.onvif.org"
        return (
            f"{root}/type/video_encoder",
            f"{root}/Profile/Streaming",
            f"{root}/hardware/{self.model}",
            f"{root}/name/{quote(self.name)}",
            f"{root}/location/country/vietnam",
        )


def nameplate(
    number: int, name: str, seed: int, base: str, profiles: Mapping[str, StreamProfile]
) -> Nameplate:
    """The identity of camera `number` of the site with this seed and first address: the same for
    the same site, different between sites that run side by side.
    """
    mark = hashlib.sha256(f"{seed}/{base}".encode()).hexdigest()
    mac = f"02:51:{mark[0:2]}:{mark[2:4]}:{mark[4:6]}:{number:02x}"
    return Nameplate(f"cam-{number}", name, f"VC{mark[:6].upper()}{number:03d}", mac, profiles)
