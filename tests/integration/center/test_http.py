"""The center's HTTPS door: what a stranger can make it hold is bounded, and errors say nothing."""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from edge_agent.center.authority.keeper import Authority
from edge_agent.center.http import HttpsServer, Wing, answer, application
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import SystemClock
from tests.integration.broker import until
from tests.integration.center.conftest import NOW

Serve = Callable[[ASGIApp], int]


async def count(request: Request) -> Response:
    return answer(200, {"bytes": len(await request.body())})


async def slow(_request: Request) -> Response:
    await run_in_threadpool(threading.Event().wait, 2)
    return answer(200, {})


async def broken(_request: Request) -> Response:
    raise KeyError("/etc/secret-path")


ROUTES = [
    Route("/count", count, methods=["POST"]),
    Route("/slow", slow),
    Route("/broken", broken),
]


@pytest.fixture
def port(serve: Serve) -> int:
    small = Wing("/small", ROUTES, largest=1000, seconds=0.3)
    large = Wing("/large", ROUTES, largest=100_000)
    return serve(application([small, large], SystemClock()))


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.home.certificate)


def ask(
    authority: Authority, port: int, path: str, method: str = "GET", body: bytes = b""
) -> tuple[int, bytes]:
    line = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=trusting(authority))
    try:
        line.request(method, path, body)
        got = line.getresponse()
        return got.status, got.read()
    finally:
        line.close()


def test_each_wing_has_its_own_limit(authority: Authority, port: int) -> None:
    def sent(path: str, size: int) -> tuple[int, bytes]:
        return ask(authority, port, path, "POST", b"x" * size)

    assert sent("/small/count", 1000) == (200, b'{"bytes":1000}')
    assert sent("/small/count", 1001)[0] == 413
    assert sent("/large/count", 100_000)[0] == 200
    assert sent("/large/count", 100_001)[0] == 413


def test_mistakes_say_a_code_and_nothing_else(authority: Authority, port: int) -> None:
    assert ask(authority, port, "/nowhere") == (404, b'{"code":"http.404"}')
    assert ask(authority, port, "/small/nowhere") == (404, b'{"code":"http.404"}')
    assert ask(authority, port, "/small/count") == (405, b'{"code":"http.405"}')
    status, said = ask(authority, port, "/large/broken")
    assert status == 500
    assert b"secret" not in said


def test_a_request_that_takes_too_long_is_ended(authority: Authority, port: int) -> None:
    assert ask(authority, port, "/small/slow") == (408, b'{"code":"http.slow"}')


def test_a_body_that_trickles_in_is_ended(authority: Authority, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as plain:
        line = trusting(authority).wrap_socket(plain, server_hostname="127.0.0.1")
        line.sendall(b"POST /small/count HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nab")
        line.settimeout(10)
        assert b"408" in line.recv(1000)
        line.close()


def test_who_says_nothing_is_hung_up_on(
    authority: Authority, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.center.http._Server._SILENT_TICKS", 2)
    with socket.create_connection(("127.0.0.1", port)) as plain:
        line = trusting(authority).wrap_socket(plain, server_hostname="127.0.0.1")
        line.settimeout(10)
        assert line.recv(10) == b""
        line.close()
    assert ask(authority, port, "/large/count", "POST")[0] == 200


def test_strangers_without_tls_and_with_another_authority_get_nowhere(port: int) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", "/")
    with pytest.raises((http.client.BadStatusLine, ConnectionError)):
        line.getresponse()
    line.close()
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_renewed_certificate_is_taken_while_the_server_runs(
    authority: Authority, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown() -> int:
        with socket.create_connection(("127.0.0.1", port)) as plain:
            line = trusting(authority).wrap_socket(plain, server_hostname="127.0.0.1")
            found = line.getpeercert()
            line.close()
        assert found is not None
        return int(str(found["serialNumber"]), 16)

    before = shown()
    monkeypatch.setattr("edge_agent.center.http._Server._LOOK_TICKS", 1)
    authority.renew_own(NOW, ("127.0.0.1", "center.example"))
    until(lambda: shown() != before)


def test_a_port_that_is_taken_and_a_missing_identity_are_told(
    authority: Authority, port: int, tmp_path: Path, cleanup: ExitStack
) -> None:
    app = application([], SystemClock())
    with pytest.raises(Trouble) as caught:
        HttpsServer(app, authority.home.https, "127.0.0.1", port).run_once(threading.Event())
    assert caught.value.code == "center.https_port"
    with pytest.raises(Trouble) as caught:
        HttpsServer(app, tmp_path / "none.pem", "127.0.0.1", 0).run_once(threading.Event())
    assert caught.value.code == "center.https_identity"
    assert json.dumps(str(caught.value))
