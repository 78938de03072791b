"""A real browser plays what the agent serves: Debian's chromium, without a screen."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest

from tests.integration.web.served import Site, stamp

# plays for a second, then jumps over the gap, and says what it saw
PAGE = """<!doctype html><video id="film" muted></video><script>
const film = document.getElementById("film"), told = {{}};
const report = () => fetch("/report", {{method: "POST", body: JSON.stringify(told)}});
film.onerror = () => {{ told.error = film.error.message; report(); }};
film.onloadedmetadata = () => {{ told.duration = film.duration; told.width = film.videoWidth; }};
let jumped = false;
film.requestVideoFrameCallback(function seen(_now, frame) {{
    if (!jumped && frame.mediaTime > 1) {{ told.played = frame.mediaTime; jumped = true;
        film.currentTime = 66; }}
    if (jumped && frame.mediaTime > 60) {{ told.jumped = frame.mediaTime; return report(); }}
    film.requestVideoFrameCallback(seen);
}});
film.src = {url};
film.play();
</script>"""


@contextmanager
def page(url: str, told: "Queue[dict[str, Any]]") -> Iterator[str]:
    """A web page with the film in it, and an ear for what it reports."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.format(url=json.dumps(url)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join(5)


@contextmanager
def browser(address: str, profile: Path) -> Iterator[None]:
    command = [
        *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-dev-shm-usage", "--mute-audio"),
        *("--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}", address),
    ]
    with (profile.parent / "browser.log").open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        child.wait(20)


def test_chromium_plays_a_film_and_jumps_over_its_gap(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    told: Queue[dict[str, Any]] = Queue()
    with site.serving():
        path = f"/media/yard/{stamp(0)}/{stamp(70)}.mp4?token={site.pages.token}"
        with page(site.pages.url + path, told) as address, browser(address, tmp_path / "profile"):
            seen = told.get(timeout=60)
        assert [(one.who, one.what) for one in site.looks()] == [("web", "film")]
    assert "error" not in seen
    assert (seen["width"], seen["duration"]) == (160, pytest.approx(70, abs=0.1))
    assert 1 < seen["played"] < 5
    assert 65.9 < seen["jumped"] < 70
