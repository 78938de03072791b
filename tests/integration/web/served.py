"""A site with a few minutes of footage, and its pages on a real port."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any

from edge_agent.app.layout import Layout
from edge_agent.app.web import SitePages
from edge_agent.config.schema import Config
from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.recording.names import segment_path
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import start_thread
from edge_agent.store.audit import Audit, Look
from edge_agent.store.recordings import Recordings
from tests.unit.recording.clips import fragmented

START = datetime(2021, 7, 28, 23, 59, 50, tzinfo=UTC)  # ten seconds before midnight, UTC
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stamp(seconds: float) -> str:
    return f"{at(seconds):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Site:
    """Camera `yard`: files at 0, 5 and 65 s of START, 5 s each; a gap in between."""

    def __init__(self, folder: Path, cache: str = "50MB") -> None:
        folder.mkdir(exist_ok=True)
        self.config = Config.model_validate(
            {
                "site": {"id": "test"},
                "storage": {"state": str(folder / "state"), "recordings": str(folder / "rec")},
                "web": {"enabled": True, "cache": cache},
            }
        )
        self.layout = Layout.of(self.config)
        self.layout.make()
        self.layout.recordings.mkdir()
        self.recordings = Recordings(self.layout.recordings_index)
        self.audit = Audit(self.layout.events)
        self.paths = [self.record(seconds) for seconds in (0, 5, 65)]
        gap = Gap("yard", at(10), at(65), GapReason.NETWORK, "cable")
        self.recordings.write_gap(gap)
        self.pages = SitePages(self.config, self.layout, SystemClock(), port=0)

    def record(self, seconds: float, data: bytes | None = None) -> str:
        path = segment_path("yard", at(seconds))
        place = self.layout.recordings / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(fragmented(5) if data is None else data)
        size = place.stat().st_size
        self.recordings.add_segment(Segment("yard", "run", path, at(seconds), 5.0, size))
        return path

    @contextmanager
    def serving(self) -> Iterator[None]:
        stop = Event()
        thread = start_thread("web", self.pages.run_once, stop)
        try:
            assert self.pages.ready.wait(10)
            yield
        finally:
            stop.set()
            thread.join(10)
            assert not thread.is_alive()
            self.audit.close()
            self.recordings.close()

    @cached_property
    def port(self) -> int:
        return int(self.pages.url.rpartition(":")[2])

    @property
    def key(self) -> dict[str, str]:
        """The header that opens every page."""
        return {"Authorization": f"Bearer {self.pages.token}"}

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """One request with the token; header names with `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**self.key, **sent}
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request(method, path, headers=sent)
            got = line.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            line.close()

    def looks(self) -> tuple[Look, ...]:
        return self.audit.looks(*ALWAYS)
