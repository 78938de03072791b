"""The server of the pages: uvicorn in a thread, without signals, ended by our own stop event."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address
from threading import Event

import uvicorn
from starlette.types import ASGIApp

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.logs import log

_CONNECTIONS = 128  # at once; more are hung up on (the guard answers in words long before)
_GRACE = 3  # seconds that answers under way have when the server ends
_HEAD = 16 * 1024  # bytes of a request's head


class WebServer:
    """Serves one application on one loopback address; `run_once` is an attempt of the shell."""

    def __init__(self, app: ASGIApp, address: str, port: int) -> None:
        if not ip_address(address).is_loopback:
            raise ValueError(f"not a loopback address: {address}")
        self._app, self._address, self._port = app, address, port

    def run_once(self, stop: Event, started: Callable[[str], None]) -> None:
        """Serve until told to stop; `started` hears the URL once it answers. Port 0: a free one.

        Raises Trouble `web.port_taken`.
        """
        with self._socket() as listener:
            host = f"[{self._address}]" if ":" in self._address else self._address
            url = f"http://{host}:{listener.getsockname()[1]}"
            listener.listen(_CONNECTIONS)
            log.info("web.started", url=url)
            started(url)
            StoppableServer(self._config(), stop).run([listener])
        log.info("web.stopped", url=url)

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,  # it would write tokens; the guard writes our own line
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

    def _socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._address, self._port))
        except OSError as error:
            listener.close()
            where = f"{self._address}:{self._port}"
            raise Trouble(
                "web.port_taken",
                f"Không mở được {where} ({error.strerror}). Đổi web.port hoặc tắt chương trình "
                "đang dùng cổng này.",
                f"{where} cannot be opened ({error.strerror}). Change web.port or end the program "
                "that uses it.",
            ) from error
        return listener


class StoppableServer(uvicorn.Server):
    """Ends within a tenth of a second after `stop` is set."""

    def __init__(self, config: uvicorn.Config, stop: Event) -> None:
        super().__init__(config)
        self._stop = stop

    async def on_tick(self, counter: int) -> bool:
        """Whether to end; uvicorn asks ten times a second."""
        return await super().on_tick(counter) or self._stop.is_set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; whoever has not read its answer within the grace is cut off."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)  # the loop closes the cut connections in its next round
