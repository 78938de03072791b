"""A virtual camera's WS-Discovery: Hello, Bye, answers to Probe and Resolve (WS-Discovery 2005/04).

Two sockets: one in the multicast group on the camera's interface, one at the camera's own address
(for unicast probes); every answer leaves by the second, so it comes from the camera's address.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from threading import Event, Thread
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from edge_agent.runtime.logs import log
from edge_agent.sim.identity import Nameplate
from edge_agent.sim.soap_envelope import DEVICE, ENVELOPE, parse_xml

GROUP = "239.255.255.250"
PORT = 3702
WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSD = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
NETWORK = "http://www.onvif.org/ver10/network/wsdl"
TYPES = {(NETWORK, "NetworkVideoTransmitter"), (DEVICE, "Device")}
_EVERYBODY = "urn:schemas-xmlsoap-org:ws:2005:04:discovery"
_ANONYMOUS = f"{WSA}/role/anonymous"
_MULTICAST_ALL = 49  # IP_MULTICAST_ALL of Linux; Python has no name for it


def _envelope(action: str, to: str, relates: str, body: str) -> bytes:
    related = f"<a:RelatesTo>{escape(relates)}</a:RelatesTo>" if relates else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<s:Envelope xmlns:s="{ENVELOPE}" xmlns:a="{WSA}" xmlns:d="{WSD}"'
        f' xmlns:dn="{NETWORK}" xmlns:tds="{DEVICE}"><s:Header>'
        f"<a:MessageID>urn:uuid:{uuid4()}</a:MessageID>{related}"
        f"<a:To>{to}</a:To><a:Action>{WSD}/{action}</a:Action>"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


class Announcer:
    """What one camera says about itself on WS-Discovery; bytes in, bytes out."""

    def __init__(self, plate: Nameplate, xaddr: str) -> None:
        self._plate, self._xaddr = plate, xaddr

    def hello(self) -> bytes:
        """Said once when the camera comes up."""
        return _envelope("Hello", _EVERYBODY, "", f"<d:Hello>{self._self()}</d:Hello>")

    def bye(self) -> bytes:
        """Said once when it goes down in order."""
        return _envelope("Bye", _EVERYBODY, "", f"<d:Bye>{self._reference()}</d:Bye>")

    def reply(self, data: bytes) -> bytes | None:
        """The answer to one datagram; None when it is no probe for us, or nothing readable."""
        try:
            root = parse_xml(data)
        except ValueError:
            return None
        asked = root.findtext(f"{{{ENVELOPE}}}Header/{{{WSA}}}MessageID") or ""
        probe = root.find(f"{{{ENVELOPE}}}Body/{{{WSD}}}Probe")
        if probe is not None and self._matches(probe):
            inner = f"<d:ProbeMatch>{self._self()}</d:ProbeMatch>"
            body = f"<d:ProbeMatches>{inner}</d:ProbeMatches>"
            return _envelope("ProbeMatches", _ANONYMOUS, asked.strip(), body)
        resolve = root.find(f"{{{ENVELOPE}}}Body/{{{WSD}}}Resolve")
        path = f"{{{WSA}}}EndpointReference/{{{WSA}}}Address"
        if resolve is not None and (resolve.findtext(path) or "").strip() == self._plate.epr:
            inner = f"<d:ResolveMatch>{self._self()}</d:ResolveMatch>"
            body = f"<d:ResolveMatches>{inner}</d:ResolveMatches>"
            return _envelope("ResolveMatches", _ANONYMOUS, asked.strip(), body)
        return None

    def _matches(self, probe: Any) -> bool:
        types = probe.find(f"{{{WSD}}}Types")
        wanted = (types.text or "").split() if types is not None else []
        for name in wanted:
            prefix, _, local = name.rpartition(":")
            if (types.nsmap.get(prefix or None), local) not in TYPES:
                return False
        scopes = (probe.findtext(f"{{{WSD}}}Scopes") or "").split()
        return all(any(own.startswith(scope) for own in self._plate.scopes) for scope in scopes)

    def _reference(self) -> str:
        epr = escape(self._plate.epr)
        return f"<a:EndpointReference><a:Address>{epr}</a:Address></a:EndpointReference>"

    def _self(self) -> str:
        return (
            f"{self._reference()}<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>"
            f"<d:Scopes>{escape(' '.join(self._plate.scopes))}</d:Scopes>"
            f"<d:XAddrs>{escape(self._xaddr)}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>"
        )


class DiscoveryResponder:
    """Answers probes in a thread of its own between `open` and `close`."""

    def __init__(self, plate: Nameplate, address: str, port: int = PORT) -> None:
        self._plate, self._address, self._port = plate, address, port
        self._stop = Event()
        self._thread: Thread | None = None

    def open(self, xaddr: str) -> None:
        """Join the group and say Hello. Raises OSError when the port is taken."""
        announcer = Announcer(self._plate, xaddr)
        self._stop.clear()
        with contextlib.ExitStack() as stack:
            own = stack.enter_context(self._own_socket())
            group = stack.enter_context(self._group_socket())
            self._say(own, announcer.hello())
            stack.pop_all()
        self._thread = Thread(
            target=self._answer,
            args=(announcer, own, group),
            name=f"discovery-{self._plate.id}",
            daemon=True,
        )
        self._thread.start()

    def close(self, *, bye: bool = True) -> None:
        """Leave the group, with a Bye unless the camera loses its power."""
        if self._thread is None:
            return
        if bye:
            with self._own_socket(port=0) as sock:
                self._say(sock, Announcer(self._plate, "").bye())
        self._stop.set()
        self._thread.join()
        self._thread = None

    def _own_socket(self, port: int | None = None) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            own = socket.inet_aton(self._address)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            sock.bind((self._address, self._port if port is None else port))
        except OSError:
            sock.close()
            raise
        return sock

    def _group_socket(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.IPPROTO_IP, _MULTICAST_ALL, 0)
            member = socket.inet_aton(GROUP) + socket.inet_aton(self._address)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            sock.bind((GROUP, self._port))
        except OSError:
            sock.close()
            raise
        return sock

    def _say(self, sock: socket.socket, message: bytes) -> None:
        try:
            sock.sendto(message, (GROUP, self._port))
        except OSError as error:  # no route for multicast: probes by address still work
            log.warning("sim.announce_failed", camera=self._plate.id, error=str(error))

    def _answer(self, announcer: Announcer, own: socket.socket, group: socket.socket) -> None:
        with own, group, selectors.DefaultSelector() as selector:
            for sock in (own, group):
                sock.setblocking(False)
                selector.register(sock, selectors.EVENT_READ, sock)
            while not self._stop.is_set():
                for key, _events in selector.select(0.2):
                    with contextlib.suppress(OSError):  # an asker that is gone again
                        data, asker = key.data.recvfrom(65_535)
                        message = announcer.reply(data)
                        if message:
                            own.sendto(message, asker)
