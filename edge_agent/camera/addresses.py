"""Addresses as cameras state them, and as they can really be reached. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network
from urllib.parse import SplitResult, urlsplit, urlunsplit

DEVICE_PATH = "/onvif/device_service"
RTSP_PORT = 554
_SECRET_FIELD = re.compile(r"(?i)(?<![a-z0-9])(?:user|username|password|passwd|pwd)=[^&_/?]*[&_]?")


def split(url: str) -> SplitResult | None:
    """The parts of an absolute URL with a host, or None where a camera wrote something else."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and parts.hostname else None


def host_of(address: str) -> str:
    """The host of a URL or of `address[:port]`; empty when there is none."""
    parts = split(address if "://" in address else f"any://{address}")
    return (parts.hostname or "") if parts else ""


def host_and_port(address: str, default: int) -> tuple[str, int]:
    """`address[:port]` of the configuration, with the port that is meant when none is named."""
    parts = split(f"any://{address}")
    return (parts.hostname or "", parts.port or default) if parts else ("", default)


def ip_of(host: str) -> IPv4Address | None:
    """The host as an IPv4 address, None for names and everything else."""
    try:
        return IPv4Address(host)
    except ValueError:
        return None


def moved(url: str, host: str, port: int | None) -> str:
    """The same URL at another host and port, without user and password."""
    parts = urlsplit(url)
    place = host if port is None else f"{host}:{port}"
    return urlunsplit((parts.scheme, place, parts.path, parts.query, ""))


def rank(
    xaddrs: Iterable[str], source: str, networks: Sequence[IPv4Network] = ()
) -> tuple[str, ...]:
    """Device service addresses, the likeliest first: at the address the reply came from, in one of
    our subnets, not link-local, http before https, then as stated.

    Addresses that are neither the sender's nor in our subnets are left out: a reply must not send
    our packets, or a password digest, to a stranger. Where the sender's own address is not among
    them (NAT, a factory address) the first one is also tried there.
    """
    usable = [url for url in dict.fromkeys(xaddrs) if _is_http(url)]
    near = [url for url in usable if host_of(url) == source or _inside(host_of(url), networks)]
    if source and usable and all(host_of(url) != source for url in near):
        near.append(moved(usable[0], source, urlsplit(usable[0]).port))
    order = {url: place for place, url in enumerate(near)}
    return tuple(sorted(order, key=lambda url: (*_distance(url, source, networks), order[url])))


def _is_http(url: str) -> bool:
    parts = split(url)
    return parts is not None and parts.scheme in {"http", "https"}


def _inside(host: str, networks: Sequence[IPv4Network]) -> bool:
    address = ip_of(host)
    return address is not None and any(address in network for network in networks)


def _distance(
    url: str, source: str, networks: Sequence[IPv4Network]
) -> tuple[bool, bool, bool, bool]:
    host = host_of(url)
    address = ip_of(host)
    local = address is None or address.is_link_local or host == "127.0.0.1"
    same = _inside(host, networks)
    return host != source, not same, local, not url.startswith("http:")


def service_address(stated: str, device: str) -> str:
    """A service's XAddr at the host and port that answered, when it names another host (NAT,
    127.0.0.1, an old address); `device` is the device service that answered.
    """
    parts, reached = split(stated), urlsplit(device)
    if parts is None or parts.scheme not in {"http", "https"}:
        return device
    if parts.hostname == reached.hostname:
        return stated.strip()
    return moved(stated.strip(), reached.hostname or "", reached.port)


def stream_address(stated: str, device: str, rtsp_ports: Sequence[int] = ()) -> str:
    """A stream URI at the reachable host, without any user or password; empty if it is no RTSP.

    A URI that names the web port is moved to the port of GetNetworkProtocols, else to 554.
    """
    parts, reached = split(stated), urlsplit(device)
    if parts is None or parts.scheme.lower() not in {"rtsp", "rtsps"}:
        return ""
    port, web = parts.port, reached.port or 80
    if port == web and port not in rtsp_ports:
        port = rtsp_ports[0] if rtsp_ports else RTSP_PORT
    return _without_secret_fields(moved(stated.strip(), reached.hostname or "", port))


def _without_secret_fields(url: str) -> str:
    parts = urlsplit(url)
    path, query = _SECRET_FIELD.sub("", parts.path), _SECRET_FIELD.sub("", parts.query)
    return urlunsplit((parts.scheme, parts.netloc, path, query.rstrip("&"), ""))


def normal_mac(text: str) -> str:
    """A MAC as lower case with colons (`4A-6B-…`, `4a6b.…`), empty for anything that is none."""
    digits = re.sub(r"[^0-9a-f]", "", text.lower())
    if len(digits) != 12 or digits in {"0" * 12, "f" * 12}:
        return ""
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def printable(text: str, limit: int = 200) -> str:
    """A camera's own words made fit for a log line: one line, not endless."""
    return "".join(sign for sign in text if sign.isprintable()).strip()[:limit]
