"""A real authority in a folder, and an HTTPS server with its certificate."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from starlette.types import ASGIApp

from edge_agent.center.authority.home import Home
from edge_agent.center.authority.keeper import Authority
from edge_agent.center.http import HttpsServer
from edge_agent.runtime.supervisor import start_thread

NOW = datetime.now(UTC)


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def authority(tmp_path: Path, cleanup: ExitStack) -> Authority:
    home = Home(tmp_path / "center")
    made = Authority.create(home, "Trung tâm thử", ("127.0.0.1", "localhost"), NOW)
    cleanup.callback(made.close)
    return made


@pytest.fixture
def serve(authority: Authority, cleanup: ExitStack) -> Callable[..., int]:
    """Start a server for an application; returns its port."""

    def start(app: ASGIApp, address: str = "127.0.0.1", identity: Path | None = None) -> int:
        ports: list[int] = []
        stop, ready = Event(), Event()

        def started(port: int) -> None:
            ports.append(port)
            ready.set()

        server = HttpsServer(app, identity or authority.home.https, address, 0)
        thread = start_thread("https", lambda s: server.run_once(s, started), stop)
        cleanup.callback(thread.join, 10)
        cleanup.callback(stop.set)
        assert ready.wait(10)
        return ports[0]

    return start
