"""Just enough MQTT v5 to play hundreds of sites from one process, few cycles a packet.

A bench that measures a center on the same two cores must not spend them on its own client library.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, digit = number >> 7, number & 0x7F
        out.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(out)


def _text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def _packet(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _length(len(body)) + body


def connect(client: str, keepalive: int = 30, will: tuple[str, bytes] | None = None) -> bytes:
    """CONNECT: clean start, and a last will (QoS 1, retained)."""
    flags = 0x02 | (0x04 | 0x08 | 0x20 if will else 0)
    body = _text("MQTT") + bytes([5, flags]) + struct.pack("!H", keepalive) + b"\0" + _text(client)
    if will:
        body += b"\0" + _text(will[0]) + _text(will[1])
    return _packet(0x10, body)


def subscribe(topic: str, packet_id: int = 1) -> bytes:
    """SUBSCRIBE, QoS 1."""
    return _packet(0x82, struct.pack("!H", packet_id) + b"\0" + _text(topic) + b"\x01")


def publish(
    topic: str,
    payload: bytes,
    packet_id: int,
    kind: str = "",
    labels: Mapping[str, str] | None = None,
    *,
    retain: bool = False,
) -> bytes:
    """PUBLISH: QoS 1 with a packet id, QoS 0 without."""
    properties = b"\x03" + _text(kind) if kind else b""
    for name, value in (labels or {}).items():
        properties += b"\x26" + _text(name) + _text(value)
    number = struct.pack("!H", packet_id) if packet_id else b""
    flags = (0x02 if packet_id else 0) | (0x01 if retain else 0)
    body = _text(topic) + number + _length(len(properties)) + properties + payload
    return _packet(0x30 | flags, body)


def puback(packet_id: int) -> bytes:
    """PUBACK."""
    return _packet(0x40, struct.pack("!H", packet_id))


@dataclass
class Speaker:
    """One connection; `receive` yields (kind, packet id, payload) of what is there."""

    port: int
    tls: ssl.SSLContext | None = None
    _buffer: bytearray = field(default_factory=bytearray)

    def open(self, packet: bytes, patience: float = 20.0) -> Speaker:
        """TCP, TLS, CONNECT, CONNACK."""
        raw = socket.create_connection(("127.0.0.1", self.port), patience)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line = self.tls.wrap_socket(raw, server_hostname="localhost") if self.tls else raw
        self.send(packet)
        kind, code, _payload = next(iter(self.wait()))
        if kind != CONNACK or code:
            raise ConnectionError(f"not admitted: {kind} {code:#x}")
        return self

    def send(self, packets: bytes) -> None:
        """Write; blocks while the other side does not read."""
        self.line.sendall(packets)

    def wait(self) -> Iterator[tuple[int, int, bytes]]:
        """At least one packet, however long it takes (up to the socket's patience)."""
        while True:
            found = list(self._parsed())
            if found:
                yield from found
                return
            self._more()

    def receive(self) -> Iterator[tuple[int, int, bytes]]:
        """What one read brings; the socket is known to be readable."""
        self._more()
        yield from self._parsed()

    def close(self) -> None:
        """Gone without a goodbye: the broker says the will."""
        self.line.close()

    def _more(self) -> None:
        data = self.line.recv(65536)
        if not data:
            raise ConnectionError("closed by the broker")
        self._buffer += data

    def _parsed(self) -> Iterator[tuple[int, int, bytes]]:
        while True:
            size, at = _size(self._buffer)
            if size < 0 or len(self._buffer) < at + size:
                return
            head, body = self._buffer[0], bytes(self._buffer[at : at + size])
            del self._buffer[: at + size]
            yield _said(head, body)


def _size(buffer: bytearray) -> tuple[int, int]:
    """Length of the first packet's body and where it begins; -1 when it is not there yet."""
    number = 0
    for place in range(1, min(5, len(buffer))):
        number |= (buffer[place] & 0x7F) << (7 * (place - 1))
        if not buffer[place] & 0x80:
            return number, place + 1
    return -1, 0


def _said(head: int, body: bytes) -> tuple[int, int, bytes]:
    kind = head >> 4
    if kind == CONNACK:
        return kind, body[1], b""
    if kind in (PUBACK, SUBACK):
        return kind, int.from_bytes(body[:2], "big"), b""
    if kind != PUBLISH:
        return kind, 0, b""
    at = 2 + int.from_bytes(body[:2], "big")
    packet_id = 0
    if head & 0x06:
        packet_id, at = int.from_bytes(body[at : at + 2], "big"), at + 2
    size, skip = _size(bytearray(b"\0" + body[at : at + 5]))
    return kind, packet_id, body[at + skip - 1 + size :]
