"""A small RTSP camera for these tests: one H.264 clip in a loop, TCP interleaved, digest MD5.

Written apart from the virtual cameras on purpose: two servers that agree say more than one.
It counts what it sent, so that a test knows what was lost.
"""

import base64
import hashlib
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from threading import Event, Thread

import av

from tests.unit.recording.clips import clip

FPS = 25
_PAYLOAD = 1400
_START = b"\x00\x00\x01"


def _nal_units(unit: bytes) -> list[bytes]:
    return [nal.rstrip(b"\x00") for nal in unit.split(_START)[1:]]


def _pieces(nal: bytes, hevc: bool = False) -> Iterator[bytes]:
    """RTP payloads of a NAL unit: itself, or fragments (RFC 6184, RFC 7798)."""
    if len(nal) <= _PAYLOAD:
        yield nal
        return
    body = nal[2:] if hevc else nal[1:]
    for at in range(0, len(body), _PAYLOAD):
        first, last = at == 0, at + _PAYLOAD >= len(body)
        if hevc:
            mark = ((nal[0] >> 1) & 0x3F) | (0x80 if first else 0) | (0x40 if last else 0)
            yield bytes([(nal[0] & 0x81) | 49 << 1, nal[1], mark]) + body[at : at + _PAYLOAD]
            continue
        head = (nal[0] & 0x1F) | (0x80 if first else 0) | (0x40 if last else 0)
        yield bytes([(nal[0] & 0xE0) | 28, head]) + body[at : at + _PAYLOAD]


@dataclass
class Camera:
    """Serve with `with Camera(...) as camera:`; `vanish` and `come_back` keep the port."""

    password: str = ""
    gop: int = FPS
    port: int = 0
    udp: bool = False
    codec: str = "libx264"
    refused: int = 0
    sent: list[int] = field(default_factory=list)  # pictures per session that was played

    def __post_init__(self) -> None:
        with av.open(BytesIO(clip("mpegts", 4, self.gop, codec=self.codec))) as container:
            units = [bytes(packet) for packet in container.demux(video=0) if packet.size]
        self._units = [_nal_units(unit) for unit in units]
        self._gone = Event()
        self._client = 0
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._connections: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/main"

    def __enter__(self) -> "Camera":
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.vanish()
        self._datagrams.close()

    def come_back(self) -> None:
        self._gone = Event()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        Thread(target=self._accept, args=(self._listener, self._gone), daemon=True).start()

    def vanish(self) -> None:
        self._gone.set()
        for one in [self._listener, *self._connections]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._connections.clear()

    def _accept(self, listener: socket.socket, gone: Event) -> None:
        with suppress(OSError):
            while not gone.is_set():
                connection = listener.accept()[0]
                self._connections.append(connection)
                Thread(target=self._serve, args=(connection, gone), daemon=True).start()

    def _serve(self, connection: socket.socket, gone: Event) -> None:
        lines = connection.makefile("rb")
        with suppress(OSError, ValueError), lines:
            while line := lines.readline():
                if line.startswith(b"$"):
                    return  # receiver reports are not read; nobody sends them this early
                method, uri = line.decode().split()[:2]
                headers = dict(_headers(lines))
                reply = self._answer(method, uri, headers)
                text = f"RTSP/1.0 {reply[0]}\r\nCSeq: {headers['cseq']}\r\nSession: 1\r\n"
                connection.sendall(f"{text}{reply[1]}\r\n{reply[2]}".encode())
                if method == "PLAY" and reply[0] == "200 OK":
                    self._play(connection, gone)
                    return

    def _answer(self, method: str, uri: str, headers: dict[str, str]) -> tuple[str, str, str]:
        if method != "OPTIONS" and self.password and not self._allowed(method, headers):
            challenge = 'WWW-Authenticate: Digest realm="r", nonce="abc"\r\n'
            return "401 Unauthorized", challenge, ""
        if method == "DESCRIBE":
            body = self._describe()
            head = f"Content-Type: application/sdp\r\nContent-Base: {uri}/\r\n"
            return "200 OK", f"{head}Content-Length: {len(body)}\r\n", body
        if method == "SETUP" and self.udp:
            ports = re.search(r"RTP/AVP(?:/UDP)?;unicast;client_port=(\d+)", headers["transport"])
            if not ports:
                return "461 Unsupported Transport", "", ""
            self._client = int(ports[1])
            return "200 OK", f"Transport: {headers['transport']};server_port=5000-5001\r\n", ""
        if method == "SETUP":
            return "200 OK", f"Transport: {headers['transport']}\r\n", ""
        return "200 OK", "", ""

    def _allowed(self, method: str, headers: dict[str, str]) -> bool:
        given = dict(re.findall(r'(\w+)="([^"]*)"', headers.get("authorization", "")))
        if not given:
            return False
        first = hashlib.md5(f"admin:r:{self.password}".encode()).hexdigest()
        second = hashlib.md5(f"{method}:{given['uri']}".encode()).hexdigest()
        right = hashlib.md5(f"{first}:abc:{second}".encode()).hexdigest() == given["response"]
        self.refused += not right
        return right

    def _describe(self) -> str:
        if self.codec == "libx265":
            found = {(nal[0] >> 1) & 0x3F: base64.b64encode(nal).decode() for nal in self._units[0]}
            form = f"sprop-vps={found[32]}; sprop-sps={found[33]}; sprop-pps={found[34]}"
            return self._sdp("H265", form)
        sets = [nal for nal in self._units[0] if nal[0] & 0x1F in {7, 8}]
        coded = ",".join(base64.b64encode(nal).decode() for nal in sets)
        return self._sdp("H264", f"packetization-mode=1; sprop-parameter-sets={coded}")

    def _sdp(self, codec: str, form: str) -> str:
        return (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
            f"a=rtpmap:96 {codec}/90000\r\na=control:track0\r\na=fmtp:96 {form}\r\n"
        )

    def _send(self, connection: socket.socket, packet: bytes) -> None:
        if self.udp:
            self._datagrams.sendto(packet, ("127.0.0.1", self._client))
        else:
            connection.sendall(b"$\x00" + struct.pack("!H", len(packet)) + packet)

    def _play(self, connection: socket.socket, gone: Event) -> None:
        session, sequence, began = len(self.sent), 0, time.monotonic()
        self.sent.append(0)
        for number in range(10**6):
            pieces = [
                p
                for nal in self._units[number % len(self._units)]
                for p in _pieces(nal, self.codec == "libx265")
            ]
            for index, piece in enumerate(pieces):
                marker = 0x80 if index == len(pieces) - 1 else 0
                stamp = number * 90_000 // FPS
                head = struct.pack("!BBHII", 0x80, 96 | marker, sequence & 0xFFFF, stamp, 7)
                self._send(connection, head + piece)
                sequence += 1
            self.sent[session] = number + 1
            if gone.wait(max(0.0, began + (number + 1) / FPS - time.monotonic())):
                return


def _headers(lines: "socket.SocketIO | object") -> Iterator[tuple[str, str]]:
    while line := lines.readline().decode().strip():  # type: ignore[attr-defined]
        key, _, value = line.partition(":")
        yield key.lower(), value.strip()
