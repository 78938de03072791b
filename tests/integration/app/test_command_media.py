"""Pictures for the center: each is a look in the audit, within the budget, whole by its hash."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import av
import pytest

from edge_agent.app.command_desk import Outcome
from edge_agent.app.command_media import MediaActions
from edge_agent.app.footage import SiteFootage
from edge_agent.center.commands import Wish, new_command
from edge_agent.center.uploads import Uploads
from edge_agent.config.schema import Commands
from edge_agent.core.command import Action, Answer, Role
from edge_agent.core.perception import LivePiece, Snapshot
from edge_agent.core.trouble import Trouble
from edge_agent.link.command_arguments import read_arguments
from edge_agent.link.upload import Uploader
from edge_agent.runtime.clock import SystemClock
from edge_agent.store.commands import CommandEntry, CommandLog
from tests.integration.center.receiving import receiving
from tests.integration.web.served import ALWAYS, Site, at

CLOCK = SystemClock()


class Eyes:
    """Vision as the agent hears it: what it is asked for comes over `shown` at once."""

    def __init__(self) -> None:
        self.show: Callable[[Snapshot | LivePiece], None] = lambda _shown: None
        self.picture, self.pieces = b"\xff\xd8picture", [b"abc", b"def"]
        self.looks: list[tuple[str, float]] = []

    def snapshot(self, request: str, camera: str) -> None:
        at_ = CLOCK.now() if self.picture else None
        self.show(Snapshot("an older request", camera, CLOCK.now(), b"old"))
        self.show(Snapshot(request, camera, at_, self.picture))

    def live(self, request: str, camera: str, seconds: float) -> None:
        self.looks.append((camera, seconds))
        for number, piece in enumerate(self.pieces if seconds else (), start=1):
            self.show(LivePiece(request, piece, last=number == len(self.pieces)))


class Box:
    """A site with footage, and a center that receives."""

    def __init__(self, folder: Path, url: str, uploads: Uploads, budget: int) -> None:
        self.site, self.uploads, self.eyes = Site(folder / "site"), uploads, Eyes()
        # the schema wants https; the server of this test has no certificate
        commands = Commands().model_copy(update={"upload": url, "upload_per_day": budget})
        config = self.site.config.model_copy(update={"commands": commands})
        footage = SiteFootage.of(
            config, self.site.layout, self.site.recordings, self.site.audit, CLOCK
        )
        self.book = CommandLog(self.site.layout.events)
        uploader = Uploader(100_000_000, lambda: False, lambda _size: None, CLOCK)
        self.media = MediaActions(config, self.eyes, lambda: footage, self.book, uploader, CLOCK)
        self.eyes.show = self.media.shown

    def ask(self, action: Action, suffix: str, **arguments: Any) -> tuple[str, Outcome]:
        wish = Wish("test", "yard", action, arguments, "y tế", Role.HEALTH)
        command = new_command(wish, CLOCK.now().wall)
        token = self.uploads.expect(command.id, "test", "yard", suffix, CLOCK.now().wall)
        given = {**arguments, "upload": token}
        read: Mapping[str, Any] = read_arguments(action, given)
        return command.id, self.media.table[action](command, read, Event())

    def spent(self, size: int, when: datetime) -> None:
        entry = CommandEntry(when, "r", "x", "duty", "clip", "yard", Answer.DONE)
        self.book.note(replace(entry, bytes=size))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with receiving(tmp_path / "uploads", 10_000_000) as (url, uploads):
        made = Box(tmp_path, url, uploads, 1_000_000)
        yield made
        made.book.close()
        made.site.audit.close()
        made.site.recordings.close()


def test_a_snapshot_arrives_and_is_a_look(box: Box) -> None:
    request, outcome = box.ask(Action.SNAPSHOT, "jpg")
    arrived = box.uploads.file(request)
    assert arrived is not None
    assert arrived.read_bytes() == box.eyes.picture
    assert outcome.result["sha256"] == hashlib.sha256(box.eyes.picture).hexdigest()
    assert outcome.size == len(box.eyes.picture)
    (look,) = box.site.audit.looks(*ALWAYS)
    assert (look.who, look.what, look.camera) == ("y tế (health)", "snapshot", "yard")


def test_without_a_fresh_picture_nothing_is_sent_and_it_is_said(box: Box) -> None:
    box.eyes.picture = b""
    with pytest.raises(Trouble) as caught:
        box.ask(Action.SNAPSHOT, "jpg")
    assert caught.value.code == "commands.no_picture"
    assert box.site.audit.looks(*ALWAYS) == ()


def test_a_clip_arrives_and_plays(box: Box) -> None:
    span = {"from": at(0).isoformat(), "to": at(8).isoformat()}
    request, outcome = box.ask(Action.CLIP, "mp4", **span)
    arrived = box.uploads.file(request)
    assert arrived is not None
    with av.open(str(arrived)) as container:
        assert len(list(container.decode(video=0))) >= 7 * 25
    assert outcome.result["sha256"] == hashlib.sha256(arrived.read_bytes()).hexdigest()
    (look,) = box.site.audit.looks(*ALWAYS)
    assert (look.what, look.start, look.end) == ("film", at(0), at(8))


def test_a_clip_of_nothing_says_so(box: Box) -> None:
    with pytest.raises(Trouble) as caught:
        box.ask(Action.CLIP, "mp4", **{"from": at(20).isoformat(), "to": at(30).isoformat()})
    assert caught.value.code == "play.nothing"


def test_a_live_look_arrives_piece_by_piece(box: Box) -> None:
    request, outcome = box.ask(Action.LIVE_START, "mp4", seconds=30)
    arrived = box.uploads.file(request)
    assert arrived is not None
    assert arrived.read_bytes() == b"abcdef"
    assert outcome.size == 6
    assert box.eyes.looks == [("yard", 30.0), ("yard", 0.0)]
    (look,) = box.site.audit.looks(*ALWAYS)
    assert look.what == "live"


def test_the_day_has_a_budget(box: Box) -> None:
    box.spent(1_000_000, CLOCK.now().wall - timedelta(days=2))
    box.ask(Action.SNAPSHOT, "jpg")
    box.spent(1_000_000, CLOCK.now().wall)
    for action, suffix, arguments in (
        (Action.SNAPSHOT, "jpg", {}),
        (Action.LIVE_START, "mp4", {"seconds": 5}),
        (Action.CLIP, "mp4", {"from": at(0).isoformat(), "to": at(8).isoformat()}),
    ):
        with pytest.raises(Trouble) as caught:
            box.ask(action, suffix, **arguments)
        assert caught.value.code == "commands.over_budget"
