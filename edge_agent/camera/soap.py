"""The SOAP conversation with one camera: onvif-zeep, with its defects cured from outside.

Only `ONVIFService` and the WSDL files of onvif-zeep are used, never `ONVIFCamera`: that one opens a
pull-point on the camera and leaves it open, shares one time stamp between threads, believes every
address, and edits this process's environment.
"""
# mypy: allow-untyped-calls
# zeep is typed in part only.

from __future__ import annotations

import functools
import importlib.metadata
import io
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Lock
from typing import Any

import requests
from requests.auth import HTTPDigestAuth
from zeep import Client, Settings
from zeep.exceptions import Fault
from zeep.transports import Transport
from zeep.wsdl import Document
from zeep.wsse.username import UsernameToken

from edge_agent.core.secret import Credential
from edge_agent.runtime.clock import Clock


@contextmanager
def _root_logger_untouched() -> Iterator[None]:
    """Undo `logging.basicConfig`, which onvif-zeep calls while it is imported."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


with _root_logger_untouched():
    from onvif.client import ONVIFService
    from onvif.definition import SERVICES
    from onvif.exceptions import ONVIFError

TIMEOUT = 3.0  # seconds to connect, and for each piece of an answer
MAX_REFUSALS = 2  # cameras lock the sender out after 5 to 30 of them
_MAX_ANSWER = 2_000_000
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_SOAP_11 = b"http://schemas.xmlsoap.org/soap/envelope/"
_SOAP_12 = b"http://www.w3.org/2003/05/soap-envelope"
_REFUSALS = (b"NotAuthorized", b"FailedAuthentication", b"InvalidSecurityToken")
_LEFT = re.compile(rb"(\d{1,3})\s+attempt")
_parsing = Lock()


class OnvifError(Exception):
    """A question to a camera that brought no usable answer."""


class NoAnswerError(OnvifError):
    """Nobody there, or silent, or the line was dropped."""


class NotOnvifError(OnvifError):
    """Something answers, but it does not speak ONVIF at this address."""


class FaultError(OnvifError):
    """The camera understood and says no: not supported, not valid."""


class RefusedError(OnvifError):
    """User or password refused; `left` attempts before a lock-out if the camera said so, and by how
    many seconds its clock is off.
    """

    def __init__(self, left: int | None = None, clock_offset: float = 0.0) -> None:
        super().__init__("not authorized")
        self.left = left
        self.clock_offset = clock_offset


class Wire(Transport):
    """HTTP to one camera: always with timeouts, a size limit, no proxy, no netrc, no redirect, no
    cache on disk. What a camera's XML gets wrong and can be put right is put right here.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        session = requests.Session()
        session.trust_env = False
        super().__init__(None, timeout=timeout, operation_timeout=timeout, session=session)
        self.status = 0
        self.body = b""
        self.headers: Mapping[str, str] = {}

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> requests.Response:
        """The camera's answer, mended. Raises requests' errors, ValueError when it is endless."""
        self.status, self.body, self.headers = 0, b"", {}
        with self.session.post(
            address,
            data=message,
            headers=headers,
            timeout=self.operation_timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            for chunk in response.iter_content(16_384):
                self.body += chunk
                if len(self.body) > _MAX_ANSWER:
                    raise ValueError("answer too long")
            self.status, self.headers = response.status_code, response.headers
        mended = requests.Response()
        mended.status_code, mended.headers = response.status_code, response.headers
        mended.encoding = response.encoding
        mended.raw = io.BytesIO(mend(self.body))
        return mended

    def date(self) -> datetime | None:
        """The camera's clock as the last answer's HTTP Date header has it."""
        try:
            stated = parsedate_to_datetime(self.headers.get("Date", ""))
        except (TypeError, ValueError):
            return None
        return stated if stated.tzinfo else stated.replace(tzinfo=UTC)

    def offers_digest(self) -> bool:
        """The last answer asks for HTTP digest authentication."""
        return "digest" in self.headers.get("WWW-Authenticate", "").lower()


def mend(body: bytes) -> bytes:
    """XML that some cameras send, made readable: bare `&` in stream URIs, SOAP 1.1 envelopes."""
    return _BARE_AMPERSAND.sub(b"&amp;", body).replace(_SOAP_11, _SOAP_12)


class Token:
    """WS-UsernameToken with a digest, stamped anew for each request with the camera's own time.

    Nothing is kept between calls, so threads may share it; `Created` ends in `Z`, which is the only
    spelling that some cameras accept.
    """

    def __init__(self, credential: Credential, clock: Clock, offset: float) -> None:
        self._credential = credential
        self._clock = clock
        self._offset = timedelta(seconds=offset)

    def apply(self, envelope: Any, headers: Any) -> Any:
        """The envelope with a fresh security header (zeep's interface)."""
        stamp = UsernameToken(
            self._credential.user,
            self._credential.password,
            use_digest=True,
            created=self._clock.now().wall + self._offset,
            zulu_timestamp=True,
        )
        return stamp.apply(envelope, headers)

    def verify(self, envelope: Any) -> None:
        """Answers are not signed."""

    def http_digest(self) -> HTTPDigestAuth:
        """The same credential for HTTP digest authentication."""
        return HTTPDigestAuth(self._credential.user, self._credential.password)


class Conversation:
    """Questions to one camera, signed by WS-Security; where that is refused and the camera asks
    for HTTP digest, by that from then on. Counts how often the camera refused us.
    """

    def __init__(self, wire: Wire, token: Token | None = None) -> None:
        self.wire = wire
        self.refusals = 0
        self._token = token

    def ask(self, service: str, xaddr: str, operation: str, **asked: Any) -> Any:
        """The answer as zeep reads it. Raises OnvifError."""
        try:
            return self._ask(service, xaddr, operation, asked)
        except RefusedError:
            if self._token is None or not self.wire.offers_digest():
                raise
            self.wire.session.auth = self._token.http_digest()
            self._token = None
        return self._ask(service, xaddr, operation, asked)

    def _ask(self, service: str, xaddr: str, operation: str, asked: dict[str, Any]) -> Any:
        try:
            return getattr(_bound(service, xaddr, self.wire, self._token), operation)(asked)
        except ONVIFError as error:
            raise self._reason(error.__context__) from None  # the cause may quote the request

    def optional(self, service: str, xaddr: str, operation: str, **asked: Any) -> Any:
        """The same, or None where the camera cannot or will not say. Raises NoAnswerError, and
        RefusedError once there were too many refusals.
        """
        try:
            return self.ask(service, xaddr, operation, **asked)
        except RefusedError:
            if self.refusals >= MAX_REFUSALS:
                raise
        except (FaultError, NotOnvifError):
            pass
        return None

    def _reason(self, cause: BaseException | None) -> OnvifError:
        if self.wire.status in {401, 403} or any(word in self.wire.body for word in _REFUSALS):
            self.refusals += 1
            left = _LEFT.search(self.wire.body)
            return RefusedError(int(left[1]) if left else None)
        if isinstance(cause, Fault) and b"Fault" in self.wire.body:  # zeep sees faults in HTML too
            return FaultError("fault")
        if isinstance(cause, OSError):  # requests' exceptions are among them
            return NoAnswerError(type(cause).__name__)
        return NotOnvifError(type(cause).__name__)


def _bound(service: str, xaddr: str, wire: Wire, token: Token | None) -> ONVIFService:
    settings = Settings(strict=False, forbid_dtd=True, forbid_external=True)
    client = Client(_document(service), wsse=token, transport=wire, settings=settings)
    known = SERVICES[service]
    binding = f"{{{known['ns']}}}{known['binding']}"
    path = str(wsdl_folder() / known["wsdl"])
    return ONVIFService(xaddr, "", "", path, zeep_client=client, binding_name=binding)


def _document(service: str) -> Document:
    with _parsing:
        return _parsed(service)


@functools.cache
def _parsed(service: str) -> Document:
    """A WSDL read once a process (it costs 0.1 s and megabytes), then bound for each camera."""
    path = wsdl_folder() / SERVICES[service]["wsdl"]
    transport: Any = Transport(None)  # zeep's hint says the class, its code wants the object
    return Document(str(path), transport, settings=Settings(strict=False))


@functools.cache
def wsdl_folder() -> Path:
    """Where this installation of onvif-zeep put its WSDL files. Raises FileNotFoundError."""
    for file in importlib.metadata.files("onvif-zeep") or ():
        if file.name == SERVICES["devicemgmt"]["wsdl"]:
            return Path(str(file.locate())).resolve().parent
    raise FileNotFoundError("the onvif-zeep package has no WSDL files: install it again")
