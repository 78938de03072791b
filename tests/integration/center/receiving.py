"""The center's uploads on a real port, as tests send to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from edge_agent.center.http import application
from edge_agent.center.upload_pages import uploads_wing
from edge_agent.center.uploads import Uploads
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import start_thread
from edge_agent.web.server import WebServer


@contextmanager
def receiving(folder: Path, largest: int) -> Iterator[tuple[str, Uploads]]:
    """The address of a server and the uploads behind it."""
    stop, ready, urls = Event(), Event(), list[str]()
    uploads = Uploads(folder, largest)

    def started(url: str) -> None:
        urls.append(url)
        ready.set()

    app = application([uploads_wing(uploads, SystemClock())], SystemClock())
    server = WebServer(app, "127.0.0.1", 0)
    thread = start_thread("uploads", lambda ended: server.run_once(ended, started), stop)
    assert ready.wait(10)
    try:
        yield urls[0], uploads
    finally:
        stop.set()
        thread.join(10)
