"""Where the broker is, read from `mqtt.url`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from edge_agent.link import troubles

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Address:
    """Host, port, and whether TLS is spoken there."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def broker_address(url: str) -> Address:
    """The address of `mqtt://host[:port]` (this box only) or `mqtts://host[:port]`.

    Raises Trouble `link.url`, or `link.plain_refused` for a remote host without TLS. A user or a
    password in the URL is an error that does not repeat it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise troubles.url(url.rpartition("@")[2]) from None
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or not host or parts.path not in {"", "/"} or "@" in url:
        raise troubles.url(url.rpartition("@")[2])
    tls = parts.scheme == "mqtts"
    if not tls and not _is_loopback(host):
        raise troubles.plain_refused(host)
    return Address(host, port or _PORTS[parts.scheme], tls)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
