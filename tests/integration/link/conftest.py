"""A broker, a journal, a subscriber and a link, all real; each test takes what it needs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge_agent.config.schema import Mqtt
from edge_agent.core.event import Event, Lane, Message
from edge_agent.core.media import CameraState, CameraStatus
from edge_agent.core.secret import Credential
from edge_agent.link.publisher import Received
from edge_agent.link.session import Link
from edge_agent.link.watch import watch
from edge_agent.link.wire import Topics, event_message
from edge_agent.runtime.supervisor import Backoff, start_thread
from edge_agent.store.journal import Journal
from tests import contract
from tests.integration.broker import Broker, until

SITE = "khu-a"
TOPICS = Topics(SITE)
NOON = datetime(2021, 7, 28, 5, 0, tzinfo=UTC)
QUICK = Backoff(first=0.05, ceiling=0.2)


class Center:
    """An outsider that subscribes, as a center would, and comes back when the broker does."""

    def __init__(self, url: str, credential: Credential | None, settings: Mqtt | None) -> None:
        self.got: list[Received] = []
        self.wrong: list[str] = []
        self.judges = True  # by the contract page
        self.ready = threading.Event()
        self.stop = threading.Event()

        def attempt(stop: threading.Event) -> None:
            watch(
                url,
                ["qcam/v1/#"],
                credential,
                self._take,
                stop,
                settings=settings,
                ready=self.ready.set,
            )

        self.thread = start_thread("center", attempt, self.stop, QUICK)

    def _take(self, message: Received) -> None:
        self.got.append(message)
        try:
            contract.check(message)
        except AssertionError as error:
            self.wrong.append(str(error))

    def keeps_to_the_contract(self) -> None:
        assert self.wrong == [] or not self.judges

    def ids(self) -> set[str]:
        return {m.labels["lane"] + m.labels["sequence"] for m in self.got if m.labels}

    def last(self, topic: str) -> Received | None:
        return next((m for m in reversed(self.got) if m.topic == topic), None)


class Site:
    """A link with its journal and thread."""

    def __init__(self, folder: Path, url: str, **more: Any) -> None:
        self.journal = Journal(folder / "events.db")
        self.cameras = [CameraStatus("cam-1", CameraState.RECORDING, "", NOON)]
        settings = more.pop("settings", Mqtt(url=url, keepalive="5s", ack="broker"))
        self.link = Link(
            settings.model_copy(update={"url": url}),
            SITE,
            more.pop("credential", None),
            self.journal,
            lambda: {"version": "0.1"},
            lambda: self.cameras,
            **more,
        )
        self.stop = threading.Event()
        self.thread: threading.Thread | None = None

    def start(self) -> "Site":
        self.thread = start_thread("link", self.link.run_once, self.stop, QUICK)
        return self

    def end(self) -> None:
        self.stop.set()
        self.link.notify()
        if self.thread:
            self.thread.join(15)
            assert not self.thread.is_alive()
        self.journal.close()

    def make(self, number: int, lane: Lane = Lane.ALARM, messages: int = 1) -> str:
        event = Event(
            id=f"e{number}.opened",
            source=f"qcam/{SITE}",
            type="vn.qcam.episode.opened.v1",
            subject="cam-1",
            time=NOON,
            severity="warning",
            data={"number": number},
        )
        notes: list[Message] = [event_message(event, self.journal.epoch, TOPICS, lane)] * messages
        self.journal.record(event, notes)
        self.link.notify()
        return event.id


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def make_broker(tmp_path: Path, cleanup: ExitStack) -> Callable[..., Broker]:
    def make(**settings: Any) -> Broker:
        broker = Broker(tmp_path, **settings)
        cleanup.callback(broker.kill)
        return broker.start()

    return make


@pytest.fixture
def make_center(cleanup: ExitStack) -> Callable[..., Center]:
    def make(
        url: str, credential: Credential | None = None, settings: Mqtt | None = None
    ) -> Center:
        center = Center(url, credential, settings)
        cleanup.callback(center.keeps_to_the_contract)
        cleanup.callback(center.thread.join, 10)
        cleanup.callback(center.stop.set)
        until(center.ready.is_set, what="subscriber")
        return center

    return make


@pytest.fixture
def make_site(tmp_path: Path, cleanup: ExitStack) -> Callable[..., Site]:
    def make(url: str, **more: Any) -> Site:
        site = Site(tmp_path, url, **more)
        cleanup.callback(site.end)
        return site

    return make
