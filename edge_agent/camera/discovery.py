"""WS-Discovery: who on these networks says that it is a camera (ONVIF Core §7, WS-Discovery 2005).

One probe for multicast and unicast, on our own sockets: docs/decisions/0005-own-probe.md.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from urllib.parse import unquote
from uuid import uuid4

import psutil
from lxml import etree

from edge_agent.camera import addresses
from edge_agent.camera.addresses import printable
from edge_agent.camera.device_port import answers_onvif
from edge_agent.config.schema import Discovery
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log

MULTICAST = ("239.255.255.250", 3702)
_MAX_DATAGRAM = 65_535
_MAX_REPLIES = 4096  # of one pass; a flood beyond it is dropped and said
_MAX_WORDS = 100  # scopes or addresses of one reply
_REPEAT_AFTER = 0.5  # seconds; UDP loses packets, cameras answer within APP_MAX_DELAY = 500 ms

_WSA = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
_WSD = "{http://schemas.xmlsoap.org/ws/2005/04/discovery}"
_TYPES = (
    'xmlns:t="http://www.onvif.org/ver10/network/wsdl">t:NetworkVideoTransmitter',
    'xmlns:t="http://www.onvif.org/ver10/device/wsdl">t:Device',
    None,  # some cameras answer only when no type is asked for
)
_PROBE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header>'
    "<w:MessageID>uuid:{id}</w:MessageID>"
    '<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>'
    '<w:Action e:mustUnderstand="true">'
    "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>"
    "</e:Header><e:Body><d:Probe>{types}</d:Probe></e:Body></e:Envelope>"
)


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A device that answered: its endpoint reference (empty when only its device service was
    found), device service addresses with the likeliest first, scopes, and the address the answer
    came from.
    """

    epr: str
    xaddrs: tuple[str, ...]
    scopes: tuple[str, ...]
    source: str

    @property
    def key(self) -> str:
        """What tells this device from others before it has been asked anything."""
        return self.epr or self.xaddrs[0]

    @property
    def is_camera(self) -> bool:
        """It says itself that it speaks ONVIF (not every camera does)."""
        return any(scope.startswith("onvif://") for scope in self.scopes)


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface that probes leave by."""

    name: str
    address: str
    network: IPv4Network


def present() -> tuple[str, ...]:
    """The names of all interfaces of this machine."""
    return tuple(sorted(psutil.net_if_addrs()))


def interfaces(names: Sequence[str]) -> tuple[Interface, ...]:
    """IPv4 interfaces that are up: the named ones, or all but loopback when none is named."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    rows = [
        Interface(name, row.address, IPv4Interface(f"{row.address}/{row.netmask or 32}").network)
        for name, rows in sorted(psutil.net_if_addrs().items())
        for row in rows
        if row.family == socket.AF_INET and name in up
    ]
    return tuple(
        row
        for row in rows
        if (row.name in names if names else not IPv4Address(row.address).is_loopback)
    )


def resolved(host: str) -> tuple[str, int] | None:
    """IPv4 address and port of a configured `address[:port]`; None (and a log line) for a name
    that nothing here knows.
    """
    name, port = addresses.host_and_port(host, MULTICAST[1])
    try:
        return socket.gethostbyname(name), port
    except (OSError, UnicodeError) as error:
        log.warning("discovery.host_unknown", host=host, error=str(error))
        return None


def discover(config: Discovery, clock: Clock) -> tuple[Found, ...]:
    """Every device that answers on the configured interfaces and hosts, sorted.

    Takes `config.wait` seconds, plus up to two for hosts that are silent on WS-Discovery. Raises
    nothing for what the network does; a socket that fails is logged and left out.
    """
    chosen = interfaces(config.interfaces)
    networks = [interface.network for interface in chosen]
    hosts = [place for host in config.hosts if (place := resolved(host))]
    with ExitStack() as stack:
        lines = [_multicast_line(stack, interface) for interface in chosen]
        lines.append(_unicast_line(stack, hosts))
        found = list(_listen([line for line in lines if line], config.wait, clock))
    answered = {device.source for device in found}
    silent = [(host, port) for host, port in hosts if host not in answered]
    found += [
        Found("", (xaddr,), (), addresses.host_of(xaddr)) for xaddr in answers_onvif(silent, clock)
    ]
    return merge(found, networks)


# ------------------------------------------------------------------------------ sockets
@dataclass(frozen=True, slots=True)
class _Line:
    sock: socket.socket
    targets: tuple[tuple[str, int], ...]

    def probe(self) -> None:
        for types in _TYPES:
            for target in self.targets:
                try:
                    self.sock.sendto(probe(types), target)
                except OSError as error:
                    log.warning("discovery.send_failed", target=target[0], error=str(error))


def probe(types: str | None) -> bytes:
    """One WS-Discovery Probe with a message id of its own."""
    element = f"<d:Types {types}</d:Types>" if types else ""
    return _PROBE.format(id=uuid4(), types=element).encode()


def _multicast_line(stack: ExitStack, interface: Interface) -> _Line | None:
    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    own = socket.inet_aton(interface.address)
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.bind((interface.address, 0))
    except OSError as error:
        log.warning("discovery.interface_failed", interface=interface.name, error=str(error))
        return None
    return _Line(sock, (MULTICAST,))


def _unicast_line(stack: ExitStack, hosts: Sequence[tuple[str, int]]) -> _Line | None:
    if not hosts:
        return None
    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sock.bind(("", 0))
    return _Line(sock, tuple(hosts))


def _listen(lines: Sequence[_Line], wait: float, clock: Clock) -> Iterator[Found]:
    with selectors.DefaultSelector() as selector:
        for line in lines:
            line.sock.setblocking(False)
            selector.register(line.sock, selectors.EVENT_READ)
            line.probe()
        began, repeated, replies = clock.now(), False, 0
        while lines and (passed := clock.now().since(began)) < wait:
            if not repeated and passed >= min(_REPEAT_AFTER, wait / 3):
                repeated = True
                for line in lines:
                    line.probe()
            pause = wait - passed if repeated else min(_REPEAT_AFTER, wait / 3) - passed
            for key, _ in selector.select(pause):
                for found in _receive(key.fileobj):
                    replies += 1
                    if replies <= _MAX_REPLIES:
                        yield found
        if replies > _MAX_REPLIES:
            log.warning("discovery.flood", replies=replies, kept=_MAX_REPLIES)


def _receive(sock: object) -> tuple[Found, ...]:
    assert isinstance(sock, socket.socket)
    with suppress(OSError):  # an ICMP error of an earlier probe; the host is just silent
        data, (source, *_) = sock.recvfrom(_MAX_DATAGRAM)
        return read_reply(data, source)
    return ()


# ------------------------------------------------------------------------------ replies
def read_reply(data: bytes, source: str) -> tuple[Found, ...]:
    """The cameras that one datagram announces; none for whatever is not a ProbeMatches.

    The bytes are hostile: no entity is resolved, nothing is fetched, a DOCTYPE is refused.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    try:
        root = etree.fromstring(data[:_MAX_DATAGRAM], parser)
    except (etree.XMLSyntaxError, ValueError):
        return ()
    if root is None or root.getroottree().docinfo.doctype:
        return ()
    found = (_read_match(match, source) for match in root.iter(f"{_WSD}ProbeMatch"))
    return tuple(device for device in found if device)


def _read_match(match: etree._Element, source: str) -> Found | None:
    epr = printable(match.findtext(f"{_WSA}EndpointReference/{_WSA}Address") or "")
    scopes = tuple(printable(unquote(word)) for word in _words(match.findtext(f"{_WSD}Scopes")))
    xaddrs = tuple(url for url in _words(match.findtext(f"{_WSD}XAddrs")) if addresses.split(url))
    types = match.find(f"{_WSD}Types")
    claims = any(scope.startswith("onvif://") for scope in scopes) or _names_a_camera(types)
    if not claims and types is not None and (types.text or "").strip():
        return None  # a printer, a NAS, a computer: it answers a probe without a type
    if not xaddrs and claims:
        xaddrs = (f"http://{source}{addresses.DEVICE_PATH}",)
    return Found(epr, xaddrs, scopes, source) if xaddrs else None


def _names_a_camera(types: etree._Element | None) -> bool:
    if types is None:
        return False
    for name in (types.text or "").split()[:_MAX_WORDS]:
        prefix, _, local = name.rpartition(":")
        namespace = types.nsmap.get(prefix or None, "")
        if local == "NetworkVideoTransmitter" or namespace.startswith("http://www.onvif.org/"):
            return True
    return False


def _words(text: str | None) -> tuple[str, ...]:
    words = (printable(word, 500) for word in (text or "").split()[:_MAX_WORDS])
    return tuple(word for word in words if word)


def merge(found: Iterable[Found], networks: Sequence[IPv4Network] = ()) -> tuple[Found, ...]:
    """One entry a device, however often and from wherever it answered; sorted, so that the same
    answers in any order give the same list.
    """
    answers: dict[str, list[Found]] = {}
    for answer in sorted(set(found)):
        answers.setdefault(answer.key, []).append(answer)
    devices = (_merged(group, networks) for group in answers.values())
    return tuple(sorted(device for device in devices if device))


def _merged(group: Sequence[Found], networks: Sequence[IPv4Network]) -> Found | None:
    source = min((device.source for device in group), key=socket.inet_aton)
    stated = dict.fromkeys(url for device in group for url in device.xaddrs)
    scopes = tuple(sorted({scope for device in group for scope in device.scopes}))
    ranked = addresses.rank(stated, source, networks)
    return Found(group[0].epr, ranked, scopes, source) if ranked else None
