"""Uploads over real HTTP: resumed where they stopped, opened by their token alone, hashed."""

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Event

import pytest
import requests

from edge_agent.center.http import application
from edge_agent.center.upload_pages import uploads_wing
from edge_agent.center.uploads import NotAdmitted, Spoiled, Uploads
from edge_agent.config.schema import Mqtt
from edge_agent.core.trouble import Trouble
from edge_agent.link.upload import PART, Destination, Uploader, append, standing
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import start_thread
from edge_agent.web.server import WebServer
from tests.integration.center.receiving import receiving

FILM = os.urandom(2 * PART + 1000)
NOW = datetime.now(UTC)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Uploads]]:
    with receiving(tmp_path / "uploads", 4 * PART) as found:
        yield found


@pytest.fixture
def center(served: tuple[str, Uploads]) -> str:
    return served[0]


@pytest.fixture
def uploads(served: tuple[str, Uploads]) -> Uploads:
    return served[1]


@pytest.fixture
def to(center: str, uploads: Uploads) -> Destination:
    token = uploads.expect("r1", "site-1", "cam-1", "mp4", NOW)
    return Destination(center, "r1", Mqtt(), token)


def uploader(
    busy: Callable[[], bool] = lambda: False, sent: Callable[[int], None] = lambda _size: None
) -> Uploader:
    return Uploader(100_000_000, busy, sent, SystemClock())


def test_a_film_arrives_whole_and_is_named_by_its_hash(to: Destination, uploads: Uploads) -> None:
    counted: list[int] = []
    done = uploader(sent=counted.append).send(BytesIO(FILM), to, Event())
    assert (done.size, done.sha256) == (len(FILM), hashlib.sha256(FILM).hexdigest())
    assert sum(counted) == len(FILM)
    arrived = uploads.file("r1")
    assert arrived is not None
    assert arrived.read_bytes() == FILM
    assert arrived.suffix == ".mp4"


def test_it_goes_on_where_the_center_stands(to: Destination, uploads: Uploads) -> None:
    with to.session() as session:
        assert append(session, to, 0, FILM[:PART], None) == PART
        assert append(session, to, 0, FILM[:PART], None) == PART  # told where it stands
        assert standing(session, to) == PART
    counted: list[int] = []
    uploader(sent=counted.append).send(BytesIO(FILM), to, Event())
    assert sum(counted) == len(FILM) - PART
    arrived = uploads.file("r1")
    assert arrived is not None
    assert arrived.read_bytes() == FILM


def test_sending_what_has_arrived_sends_nothing(to: Destination) -> None:
    uploader().send(BytesIO(FILM), to, Event())
    counted: list[int] = []
    uploader(sent=counted.append).send(BytesIO(FILM), to, Event())
    assert counted == []


def test_a_wrong_token_and_a_wrong_name_get_the_same_answer(to: Destination, center: str) -> None:
    for stranger in (
        Destination(center, "r1", Mqtt(), "y" * 43),
        Destination(center, "r2", Mqtt(), to.token),
        Destination(center, "..%2Fr1", Mqtt(), to.token),
    ):
        with pytest.raises(Trouble, match="HTTP 404") as caught:
            uploader().send(BytesIO(FILM), stranger, Event())
        assert caught.value.code == "upload.refused"
        assert stranger.token not in str(caught.value)
        assert stranger.token not in repr(stranger)


def test_an_upload_closes_after_a_day(uploads: Uploads) -> None:
    token = uploads.expect("r1", "site-1", "cam-1", "mp4", NOW)
    uploads.standing("r1", token, NOW + timedelta(hours=23))
    with pytest.raises(NotAdmitted):
        uploads.standing("r1", token, NOW + timedelta(hours=25))


def test_what_is_not_what_was_announced_is_thrown_away(uploads: Uploads) -> None:
    token = uploads.expect("r1", "site-1", "cam-1", "jpg", NOW)
    for digest in ("sha-256=:" + "A" * 43 + "=:", "md5=:AAAA:", "nonsense"):
        with pytest.raises(Spoiled):
            uploads.append("r1", token, 0, b"picture", digest, NOW)
        assert uploads.standing("r1", token, NOW).offset == 0
        assert uploads.file("r1") is None


def test_too_much_is_thrown_away(uploads: Uploads) -> None:
    token = uploads.expect("r1", "site-1", "cam-1", "mp4", NOW)
    for number in range(4):
        uploads.append("r1", token, number * PART, FILM[:PART], "", NOW)
    with pytest.raises(Spoiled):
        uploads.append("r1", token, 4 * PART, b"x", "", NOW)
    assert uploads.standing("r1", token, NOW).offset == 0


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, b"x", 415),
        ({"Upload-Offset": "-1"}, b"x", 400),
        ({"Upload-Offset": "1e3"}, b"x", 400),
        ({"Upload-Complete": "?1"}, b"x", 400),  # without the digest of the whole
        ({}, b"x" * (PART + 1), 413),
    ],
)
def test_what_is_no_part_is_refused(
    to: Destination, headers: dict[str, str], body: bytes, status: int
) -> None:
    good = {"Content-Type": "application/partial-upload", "Upload-Offset": "0"}
    with to.session() as session:
        got = session.patch(to.address, data=body, headers=good | headers, timeout=10)
    assert got.status_code == status


def test_what_is_more_urgent_goes_first(to: Destination) -> None:
    answers = iter([True, False, False, False])
    counted: list[int] = []
    uploader(busy=lambda: next(answers), sent=counted.append).send(BytesIO(FILM), to, Event())
    assert len(counted) == 3
    assert next(answers, None) is None


def test_stopping_ends_it_in_words(to: Destination) -> None:
    stop = Event()

    def busy() -> bool:
        stop.set()
        return True

    with pytest.raises(Trouble) as caught:
        uploader(busy=busy).send(BytesIO(FILM), to, stop)
    assert caught.value.code == "upload.stopped"


def test_a_center_that_comes_back_gets_the_rest(uploads: Uploads) -> None:
    """The server is not there at first; the uploader tries again by itself."""
    token = uploads.expect("r1", "site-1", "cam-1", "mp4", NOW)
    app = application([uploads_wing(uploads, SystemClock())], SystemClock())
    first = WebServer(app, "127.0.0.1", 0)
    urls: list[str] = []
    stop = Event()

    def once(url: str) -> None:
        urls.append(url)
        stop.set()  # only to learn a free port

    first.run_once(stop, once)
    to = Destination(urls[0], "r1", Mqtt(), token)
    with pytest.raises(requests.ConnectionError), to.session() as session:
        standing(session, to)
    again = Event()
    port = int(urls[0].rpartition(":")[2])
    server = WebServer(app, "127.0.0.1", port)

    def later(ended: Event) -> None:
        ended.wait(1.5)
        server.run_once(ended, lambda _url: None)

    thread = start_thread("later", later, again)
    assert uploader().send(BytesIO(FILM), to, Event()).size == len(FILM)
    again.set()
    thread.join(10)
