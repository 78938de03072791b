"""HTTPS to the center and to nobody else: pinned to the authority whose fingerprint is known."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.link.enrol import keys, troubles
from edge_agent.link.enrol.slip import host_and_port

AUTHORITY = "/enrol/v1/authority"
CERTIFICATE = "/enrol/v1/certificate"
RENEWAL = "/enrol/v1/renewal"

_SECONDS = 20.0  # for TCP, TLS, and each read
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """The status and the JSON object of an answer; `wait` seconds if it says Retry-After."""

    status: int
    body: Mapping[str, Any]
    wait: int = 0


class PinnedLine:
    """Asks the center's HTTPS server; `authority` (PEM) is the one root that counts, and the name
    in the certificate must be `center`'s host. Methods raise Trouble `enrol.…`.
    """

    def __init__(self, center: str, authority: str) -> None:
        self.center = center
        self.authority = authority
        # a second certificate in the text would be a second root: only the first one is taken
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.load_verify_locations(cadata=keys.der(authority))

    @classmethod
    def pinned(cls, center: str, digest: str) -> PinnedLine:
        """A line to the center whose authority has this SHA-256 (hex).

        The authority's certificate is fetched from whoever answers, in a connection of its own in
        which nothing is sent; it counts only when its fingerprint is the right one.
        """
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname = False
        anybody.verify_mode = ssl.CERT_NONE
        got = _ask(center, anybody, "GET", AUTHORITY, b"")
        authority = str(got.body.get("authority", ""))
        try:
            found = keys.digest(authority)
        except ValueError as error:
            raise troubles.impostor(center, "không có chứng thư CA / no CA certificate") from error
        if found != digest:
            raise troubles.impostor(center, f"CA SHA-256 {keys.short(found)}…")
        return cls(center, authority)

    def ask(self, path: str, body: Mapping[str, str]) -> Reply:
        """Post a JSON object; whatever the status, the answer is a JSON object."""
        return _ask(self.center, self._context, "POST", path, json.dumps(body).encode())


def _ask(center: str, context: ssl.SSLContext, method: str, path: str, body: bytes) -> Reply:
    host, port = host_and_port(center)
    line = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)
    try:
        line.request(method, path, body or None, {"Content-Type": "application/json"})
        got = line.getresponse()
        data = got.read(_LARGEST + 1)
        return Reply(got.status, _object(center, data), _seconds(got.getheader("Retry-After")))
    except ssl.SSLCertVerificationError as error:
        raise troubles.impostor(center, error.verify_message) from error
    except http.client.HTTPException as error:
        raise troubles.strange(center, type(error).__name__) from error
    except OSError as error:
        cause = error.strerror or str(error) or type(error).__name__
        raise troubles.unreachable(center, cause) from error
    finally:
        line.close()


def _object(center: str, data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data) if len(data) <= _LARGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise troubles.strange(center, "JSON")
    return found


def _seconds(text: str | None) -> int:
    return min(int(text), 3600) if text and text.isascii() and text.isdecimal() else 0
