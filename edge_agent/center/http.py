"""The center's HTTPS server: routes of several rooms behind one door, on uvicorn, TLS 1.2 or newer.

A `Wing` is a set of routes with its own limits: how large a body may be and how long one request
may take. What a stranger can make the server hold is bounded: connections, silent ones, heads,
bodies, time. Answers to mistakes hold a code and nothing else.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.web.server import StoppableServer

_CONNECTIONS = 256
_HEAD = 16 * 1024  # bytes of a request's head
_GRACE = 3  # seconds that answers under way have when the server ends
_SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Wing:
    """Routes below `prefix` (`/enrol`), the largest body in bytes, and the seconds that a request
    may take from its head to its answer.
    """

    prefix: str
    routes: Sequence[BaseRoute]
    largest: int = 64 * 1024
    seconds: float = 20.0


def application(wings: Sequence[Wing], clock: Clock) -> Starlette:
    """The ASGI application of these wings."""
    return Starlette(
        routes=[Mount(wing.prefix, app=_Limits(_wing(wing), wing, clock)) for wing in wings],
        exception_handlers={HTTPException: _refused},
    )


def answer(status: int, body: dict[str, object], **headers: str) -> JSONResponse:
    """JSON that no cache keeps; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse(body, status, {**_SAFE, **named})


class HttpsServer:
    """Serves one application; `run_once` is an attempt of the shell.

    `identity` holds key and certificate (PEM, mode 0600). When the file changes, new connections
    get the new certificate; nobody is disconnected.
    """

    def __init__(self, app: ASGIApp, identity: Path, address: str, port: int) -> None:
        self._app, self._identity = app, identity
        self._address, self._port = address, port

    def run_once(self, stop: Event, started: Callable[[int], None] = lambda _port: None) -> None:
        """Serve until told to stop; `started` hears the port once it answers. Port 0: a free one.

        Raises Trouble `center.https_port`, `center.https_identity`.
        """
        config = self._config()
        with self._socket() as listener:
            listener.listen(_CONNECTIONS)
            port = int(listener.getsockname()[1])
            log.info("center.https_started", address=self._address, port=port)
            started(port)
            _Server(config, stop, self._identity).run([listener])
        log.info("center.https_stopped", port=port)

    def _config(self) -> uvicorn.Config:
        config = uvicorn.Config(
            self._app,
            ssl_certfile=self._identity,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            loop="asyncio",
            http="h11",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=_GRACE,
            h11_max_incomplete_event_size=_HEAD,
        )
        try:
            config.load()
        except OSError as error:  # ssl.SSLError is one
            raise _identity(self._identity, error) from error
        return config

    def _socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._address, self._port))
        except OSError as error:
            listener.close()
            raise _port(f"{self._address}:{self._port}", error) from error
        return listener


class _Server(StoppableServer):
    """Hangs up on connections that say nothing, and takes a renewed certificate while it runs."""

    _SILENT_TICKS = 100  # tenths of a second until a first request must have come
    _LOOK_TICKS = 300

    def __init__(self, config: uvicorn.Config, stop: Event, identity: Path) -> None:
        super().__init__(config, stop)
        self._identity, self._loaded = identity, _stamp(identity)
        self._since: dict[int, tuple[object, int]] = {}

    async def on_tick(self, counter: int) -> bool:
        """Whether to end; uvicorn asks ten times a second."""
        self._hang_up_on_silent(counter)
        if counter % self._LOOK_TICKS == 0 and (now := _stamp(self._identity)) != self._loaded:
            self._loaded = now
            self._take_identity()
        return await super().on_tick(counter)

    def _hang_up_on_silent(self, counter: int) -> None:
        silent = [one for one in self.server_state.connections if one.cycle is None]  # type: ignore[union-attr]
        known = self._since
        self._since = {id(one): known.get(id(one), (one, counter)) for one in silent}
        for one in silent:
            # uvicorn counts its ticks modulo 864000: a negative age is a very old one
            age = counter - self._since[id(one)][1]
            if (age < 0 or age > self._SILENT_TICKS) and one.transport is not None:
                one.transport.abort()

    def _take_identity(self) -> None:
        context = self.config.ssl
        try:
            if context is not None:
                context.load_cert_chain(self._identity)
                log.info("center.https_renewed")
        except (ssl.SSLError, OSError) as error:
            log.error("center.https_identity", error=str(error))


class _Limits:
    """ASGI middleware: the body's size and the time of one request; one log line for each."""

    def __init__(self, app: ASGIApp, wing: Wing, clock: Clock) -> None:
        self._app, self._wing, self._clock = app, wing, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""
        if scope["type"] != "http":
            return
        began, said = self._clock.now(), _Said(send)
        try:
            async with asyncio.timeout(self._wing.seconds):
                await self._app(scope, _Counted(receive, self._wing.largest), said)
        except TimeoutError:
            if not said.status:
                await answer(408, {"code": "http.slow"}, Connection="close")(scope, receive, said)
        finally:
            client = scope.get("client") or ("", 0)
            took = round(self._clock.now().since(began) * 1000)
            path = scope["path"][:200]
            log.info("center.answered", path=path, status=said.status, source=client[0], ms=took)


class _Said:
    """Passes an answer on and remembers its status; 0 while there is none."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


class _Counted:
    """Passes a body on and ends it when it grows over the limit."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive, self._left = receive, largest

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413)
        return message


def _wing(wing: Wing) -> Starlette:
    return Starlette(routes=list(wing.routes), exception_handlers={HTTPException: _refused})


def _refused(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    close = {"Connection": "close"} if status == 413 else {}
    return answer(status, {"code": f"http.{status}"}, **close)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_ino


def _identity(path: Path, error: OSError) -> Trouble:
    return Trouble(
        "center.https_identity",
        f"Không dùng được chứng thư HTTPS {path} ({error.strerror or error}). "
        "Chạy: edge-agent center ca renew",
        f"The HTTPS certificate {path} cannot be used ({error.strerror or error}). "
        "Run: edge-agent center ca renew",
    )


def _port(where: str, error: OSError) -> Trouble:
    return Trouble(
        "center.https_port",
        f"Không mở được {where} ({error.strerror}). Đổi cổng hoặc tắt chương trình đang dùng.",
        f"{where} cannot be opened ({error.strerror}). Change the port or end what uses it.",
    )
