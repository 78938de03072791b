"""Who gets in, what is logged, and what the server does when it cannot go on."""

import http.client
import io
import json
import logging
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest
import structlog

from edge_agent.app.web import SitePages
from edge_agent.core.trouble import Trouble
from edge_agent.runtime import logs
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import start_thread
from edge_agent.web.token import read_or_make_token
from tests.integration.recording.site import until
from tests.integration.web.served import Site, stamp

FILM = f"/media/yard/{stamp(0)}/{stamp(70)}.mp4"


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer \xff\xfe"])
def test_without_the_token_nothing_is_shown(site: Site, given: str) -> None:
    for path in ("/api/cameras", FILM, "/", f"/segments/{site.paths[0]}"):
        answer = site.ask(path, Authorization=given)
        assert (answer.status, answer.json["code"]) == (401, "web.no_token")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_in_the_address_the_token_opens_media_only(site: Site) -> None:
    token = f"token={site.pages.token}"
    assert site.ask(f"{FILM}?{token}", Authorization="").status == 200
    assert site.ask(f"/segments/{site.paths[0]}?{token}", Authorization="").status == 200
    assert site.ask(f"/api/cameras?{token}", Authorization="").status == 401
    assert site.ask(f"{FILM}?token=", Authorization="").status == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::ffff:1.2.3.4]"])
def test_under_another_name_nothing_is_shown(site: Site, host: str) -> None:
    assert site.ask("/api/cameras", Host=host).json["code"] == "web.wrong_host"


@pytest.mark.parametrize("host", ["localhost:8088", "[::1]:8088", "127.0.0.1"])
def test_the_box_may_be_called_by_its_own_names(site: Site, host: str) -> None:
    assert site.ask("/api/cameras", Host=host).status == 200


@pytest.fixture
def log_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if type(one).__module__ != logs.__name__]


@pytest.mark.usefixtures("log_as_before")
def test_the_token_is_in_no_log_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = io.StringIO()  # reading pytest's capture while the server writes to it loses lines
    monkeypatch.setattr(sys, "stdout", stdout)
    logs.configure("json", "debug")
    site.ask(f"{FILM}?token={site.pages.token}", Authorization="")
    site.ask(f"/media/{site.pages.token}/x/y.mp4")
    site.ask("/api/cameras", Authorization=f"Bearer {site.pages.token}x")
    until(lambda: stdout.getvalue().count("web.answered") == 3)
    said = stdout.getvalue()
    answered = [json.loads(line) for line in said.splitlines()]
    paths = {line["path"]: line["status"] for line in answered if line["event"] == "web.answered"}
    assert paths[FILM] == 200
    assert site.pages.token not in said


def test_bytes_that_are_no_http_do_not_harm(site: Site) -> None:
    for sent in (
        b"\x00" * 100,
        b"GET /" + b"a" * 10**6,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9999,
    ):
        with socket.create_connection(("127.0.0.1", site.port), timeout=10) as line:
            try:
                line.sendall(sent + b"\r\n\r\n")
                line.recv(100)
            except ConnectionError:
                pass  # hanging up on it is an answer
    assert site.ask("/api/cameras").status == 200


def test_the_token_is_random_private_and_kept(tmp_path: Path) -> None:
    hidden: list[str] = []
    path = tmp_path / "web.token"
    token = read_or_make_token(path, hidden.extend)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(token) == 43
    assert read_or_make_token(path, hidden.extend) == token
    assert hidden == [token, token]


def test_a_token_that_others_could_read_or_that_is_damaged_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "web.token"
    token = read_or_make_token(path, lambda _: None)
    path.chmod(0o644)
    fresh = read_or_make_token(path, lambda _: None)
    assert fresh != token
    path.write_bytes(b"\xff\n")
    assert read_or_make_token(path, lambda _: None) not in (fresh, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_footage_is_shown_when_the_look_cannot_be_written_down(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.serving():
        assert site.ask(FILM).status == 200
        with site.audit._rows.transaction() as connection:
            connection.execute("DROP TABLE looks")
        answer = site.ask(f"/media/yard/{stamp(0)}/{stamp(4)}.mp4")
        assert (answer.status, answer.json["code"]) == (503, "store.unavailable")


def test_too_many_at_once_are_told_to_come_back(tmp_path: Path) -> None:
    site = Site(tmp_path)
    path = site.record(200, b"x" * 30_000_000)
    with site.serving(), ExitStack() as readers:
        for _ in range(32):  # they ask and do not read
            line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
            readers.callback(line.close)
            line.request("GET", f"/segments/{path}", headers=site.key)
            readers.enter_context(line.getresponse())
        answer = site.ask("/api/cameras")
        assert (answer.status, answer.json["code"]) == (503, "web.busy")
        assert answer.headers["retry-after"] == "10"
        readers.close()
        until(lambda: site.ask("/api/cameras").status == 200)


def test_a_port_that_is_taken_is_a_trouble_and_is_tried_again(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        pages = SitePages(site.config, site.layout, SystemClock(), port)
        with pytest.raises(Trouble, match=f"127.0.0.1:{port}"):
            pages.run_once(Event())
        stop = Event()
        thread = start_thread("web", pages.run_once, stop)
    assert pages.ready.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    site.audit.close()
    site.recordings.close()


def test_a_reader_that_stops_reading_does_not_hold_up_the_end(tmp_path: Path) -> None:
    site = Site(tmp_path)
    path = site.record(200, b"x" * 30_000_000)
    with site.serving():
        line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        line.request("GET", f"/segments/{path}", headers=site.key)
        assert line.getresponse().status == 200
    line.close()
