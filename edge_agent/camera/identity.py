"""Who a camera is, whatever its address: MAC before serial number before EPR. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from edge_agent.camera.addresses import host_of, normal_mac
from edge_agent.camera.onvif import Description
from edge_agent.config.schema import Match
from edge_agent.core.media import Identity


def strongest(identity: Identity) -> str:
    """The most trusted mark that a camera gave; empty if none."""
    return identity.mac or identity.serial or identity.epr


def same(one: Identity, other: Identity) -> bool | None:
    """Whether two identities are one camera, by the most trusted mark both have; None if none."""
    for mine, yours in ((one.mac, other.mac), (one.serial, other.serial), (one.epr, other.epr)):
        if mine and yours:
            return mine == yours
    return None


def completed(identity: Identity, earlier: Identity) -> Identity:
    """An identity with the marks that the camera kept to itself this time."""
    return Identity(
        identity.mac or earlier.mac, identity.serial or earlier.serial, identity.epr or earlier.epr
    )


def unique(described: Iterable[Description]) -> list[Description]:
    """Each device once (it may answer twice at one address), in an order that lasts. The same
    marks at two addresses are two devices.
    """
    ordered = sorted(described, key=lambda one: (strongest(one.identity), one.host, one.xaddr))
    kept: dict[tuple[str, str], Description] = {}
    for one in ordered:
        kept.setdefault((strongest(one.identity) or one.xaddr, one.host), one)
    return list(kept.values())


def adopted_id(identity: Identity, host: str) -> str:
    """The id of a camera that no entry names: `cam-` and the last six digits of its MAC, or six
    of a hash of serial, EPR or, where it tells nothing at all, address.
    """
    if identity.mac:
        return "cam-" + identity.mac.replace(":", "")[-6:]
    return "cam-" + digest(identity.serial or identity.epr or host)


def digest(text: str) -> str:
    """Six hexadecimal digits that stay the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def recognises(match: Match, identity: Identity, host: str) -> bool:
    """Whether an entry's match means this device; the first mark that is set counts."""
    if match.mac:
        return bool(identity.mac) and normal_mac(match.mac) == identity.mac
    if match.serial:
        return match.serial == identity.serial
    if match.epr:
        return match.epr == identity.epr
    return bool(match.host) and host_of(match.host) == host


def by_address_only(match: Match) -> bool:
    """The match says where, not who."""
    return not (match.mac or match.serial or match.epr)
