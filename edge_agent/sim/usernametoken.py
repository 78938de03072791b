"""WS-UsernameToken with a digest (OASIS WSS 1.0), checked as strictly as cameras do."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from edge_agent.core.secret import Credential
from edge_agent.sim.soap_envelope import WSSE, WSU, SoapFault

TOLERANCE = timedelta(seconds=5)  # between Created and the camera's clock
REMEMBERED = 4096  # nonces; the oldest is forgotten first


class TokenGuard:
    """Says no to a wrong password, a stale stamp, and a nonce that was used before."""

    def __init__(self, credential: Credential, camera_time: Callable[[], datetime]) -> None:
        self._credential, self._camera_time = credential, camera_time
        self._lock = Lock()
        self._nonces: deque[str] = deque(maxlen=REMEMBERED)
        self.refused = 0

    def check(self, header: Any, *, nobody: bool = False) -> None:
        """Raises SoapFault ter:NotAuthorized unless the header holds a good token; `nobody` makes
        every token a bad one.
        """
        try:
            self._check(header, self._secret(nobody))
        except ValueError as error:
            with self._lock:
                self.refused += 1
            raise SoapFault("ter:NotAuthorized", "Sender not authorized") from error

    def _secret(self, nobody: bool) -> str:
        return secrets.token_hex(16) if nobody else self._credential.password

    def _check(self, header: Any, secret: str) -> None:
        token = header.find(f".//{{{WSSE}}}UsernameToken") if header is not None else None
        if token is None:
            raise ValueError("no token")
        user = _text(token, WSSE, "Username")
        password, nonce = _text(token, WSSE, "Password"), _text(token, WSSE, "Nonce")
        created = _text(token, WSU, "Created")
        raw = nonce.encode() + b"\0" + created.encode()
        if not hmac.compare_digest(user.encode(), self._credential.user.encode()):
            raise ValueError("user")
        right = digest(nonce, created, secret)
        if not hmac.compare_digest(right.encode(), password.encode()):
            raise ValueError("password")
        if abs(_instant(created) - self._camera_time()) > TOLERANCE:
            raise ValueError("Created is stale or early")
        with self._lock:
            if raw.hex() in self._nonces:
                raise ValueError("nonce used before")
            self._nonces.append(raw.hex())


def digest(nonce: str, created: str, password: str) -> str:
    """Base64 of SHA-1 over nonce, created and password. Raises ValueError on a bad nonce."""
    try:
        raw = base64.b64decode(nonce, validate=True)
    except binascii.Error as error:
        raise ValueError("nonce is not base64") from error
    made = hashlib.sha1(raw + created.encode() + password.encode(), usedforsecurity=False)
    return base64.b64encode(made.digest()).decode()


def _instant(created: str) -> datetime:
    """The stamp's moment; raises ValueError when it is none or names no zone."""
    moment = datetime.fromisoformat(created)
    if moment.tzinfo is None:
        raise ValueError("Created without a zone")
    return moment


def _text(token: Any, namespace: str, name: str) -> str:
    return (token.findtext(f"{{{namespace}}}{name}") or "").strip()
