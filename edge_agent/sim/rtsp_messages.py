"""RTSP 1.0 words (RFC 2326): requests, replies, SDP, digest authentication (RFC 2617). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from edge_agent.core.secret import Credential

REALM = "edge-agent virtual camera"
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
}
_PAIR = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')
_CHANNELS = re.compile(r"interleaved=(\d{1,3})-(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Request:
    """One RTSP request; header names are lower case."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """The URL's path without the slash at its end."""
        return urlsplit(self.url).path.rstrip("/")


def parse_request(head: bytes) -> Request:
    """The request in these bytes, empty line included. Raises ValueError if it is none."""
    lines = head.decode("utf-8", "replace").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("RTSP/1."):
        raise ValueError("not an RTSP request")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Request(words[0], words[1], headers)


def reply(
    status: int, sequence: str, headers: Mapping[str, str] | None = None, body: str = ""
) -> bytes:
    """A reply to the request of this CSeq."""
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {sequence}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def sdp(address: str, name: str, fps: int, kbit: int, sets: tuple[bytes, bytes]) -> str:
    """The description of one H.264 stream (RFC 4566, RFC 6184 section 8.2.1)."""
    sps, pps = sets
    coded = ",".join(base64.b64encode(part).decode() for part in (sps, pps))
    lines = (
        "v=0",
        f"o=- 1 1 IN IP4 {address}",
        f"s={name}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        "m=video 0 RTP/AVP 96",
        f"b=AS:{kbit}",
        "a=rtpmap:96 H264/90000",
        f"a=fmtp:96 packetization-mode=1;profile-level-id={sps[1:4].hex().upper()};"
        f"sprop-parameter-sets={coded}",
        f"a=framerate:{fps}",
        "a=control:trackID=0",
    )
    return "\r\n".join(lines) + "\r\n"


def interleaved_channels(transport: str) -> tuple[int, int] | None:
    """The channels of the first TCP transport that the client offers; None if there is none."""
    for offer in transport.split(","):
        if offer.strip().upper().startswith("RTP/AVP/TCP"):
            match = _CHANNELS.search(offer)
            pair = (int(match[1]), int(match[2])) if match else (0, 1)
            return pair if max(pair) < 256 else None
    return None


def challenge(nonce: str) -> str:
    """The WWW-Authenticate header: digest with MD5, the only algorithm that every client has."""
    return f'Digest realm="{REALM}", nonce="{nonce}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def authorized(request: Request, credential: Credential, nonce: str) -> bool:
    """Whether the request's digest was made with this user, password and nonce."""
    kind, _, rest = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "digest":
        return False
    said = {key.lower(): quoted or bare for key, quoted, bare in _PAIR.findall(rest)}
    if said.get("username") != credential.user or said.get("nonce") != nonce:
        return False
    if said.get("realm") != REALM:
        return False
    owner = _md5(f"{credential.user}:{REALM}:{credential.password}")
    asked = _md5(f"{request.method}:{said.get('uri', '')}")
    right = _md5(f"{owner}:{nonce}:{asked}")
    return hmac.compare_digest(right, said.get("response", "").lower())
