"""From an officer's wish to the site's answer over a real broker: signed, judged, audited."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_agent.app.commands import AUDITED, House, SiteCommands
from edge_agent.center.asking import Asker
from edge_agent.center.commands import Wish, command_key
from edge_agent.center.uploads import Uploads
from edge_agent.config.schema import BrokerLine, Commands, Mqtt
from edge_agent.core.command import Action, Answer, Command, Refusal, Reply, Role
from edge_agent.core.perception import Snapshot
from edge_agent.link.session import RECONNECT, Link
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import start_thread
from edge_agent.store.holds import Holds
from edge_agent.store.journal import Journal
from tests.integration.broker import Broker
from tests.integration.center.receiving import receiving
from tests.integration.web.served import ALWAYS, Site, at

CLOCK = SystemClock()


class Eyes:
    """Vision that shows one picture at once."""

    def __init__(self) -> None:
        self.commands: SiteCommands | None = None

    def snapshot(self, request: str, camera: str) -> None:
        assert self.commands
        self.commands.shown(Snapshot(request, camera, CLOCK.now(), b"\xff\xd8picture"))

    def live(self, request: str, camera: str, seconds: float) -> None:
        pass


class District:
    """A center with its key and uploads, a broker, and a site that trusts the center."""

    def __init__(self, folder: Path, broker: Broker, url: str, uploads: Uploads) -> None:
        self.trusted = True
        self.uploads, self.key = uploads, command_key(folder / "center")
        self.site, self.stop = Site(folder / "site"), threading.Event()
        public = folder / "center" / "command-public.pem"
        mqtt = Mqtt(url=broker.url)
        # the schema wants https; the server of this test has no certificate
        commands = Commands().model_copy(update={"keys": (public,), "upload": url})
        config = self.site.config.model_copy(update={"commands": commands, "mqtt": mqtt})
        self.journal, eyes = Journal(self.site.layout.events), Eyes()
        house = House(
            config,
            folder / "site.yaml",
            self.site.layout,
            self.journal,
            self.site.recordings,
            eyes,
            lambda: {"yard"},
            CLOCK,
            lambda: self.trusted,
        )
        self.commands = eyes.commands = SiteCommands(house)
        link = Link(
            mqtt,
            "test",
            None,
            self.journal,
            dict,
            tuple,
            CLOCK,
            on_command=self.commands.arrived,
        )
        self.commands.link = link
        self.threads = [
            start_thread(name, work, self.stop) for name, work in self.commands.attempts.items()
        ]
        self.threads.append(start_thread("link", link.run_once, self.stop, RECONNECT))
        while not link.connected:
            self.stop.wait(0.05)
        self.asker = Asker(BrokerLine(url=broker.url), None, self.key, uploads, CLOCK)

    def wish(self, action: Action, role: Role = Role.DUTY, **arguments: Any) -> Command:
        return self.asker.prepare(Wish("test", "yard", action, arguments, "trực ban", role))

    def ask(self, command: Command) -> Reply:
        reply = self.asker.ask(command, 20.0, self.stop)
        assert reply is not None
        return reply

    def end(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(15)
        self.site.audit.close()
        self.site.recordings.close()
        self.journal.close()


@pytest.fixture
def district(tmp_path: Path) -> Iterator[District]:
    broker = Broker(tmp_path).start()
    with receiving(tmp_path / "uploads", 10_000_000) as (url, uploads):
        made = District(tmp_path, broker, url, uploads)
        yield made
        made.end()
    broker.kill()


def test_a_ping_is_answered(district: District) -> None:
    assert district.ask(district.wish(Action.PING)).state is Answer.DONE


def test_a_site_that_cannot_tell_the_time_is_asked_with_its_challenge(district: District) -> None:
    district.trusted = False
    told: list[Reply] = []
    ping = district.wish(Action.PING)
    done = district.asker.ask(ping, 20.0, district.stop, told.append)
    assert done is not None
    assert done.state is Answer.DONE
    assert [reply.reason for reply in told] == [Refusal.CLOCK, ""]


def test_a_clip_and_a_snapshot_come_whole(district: District) -> None:
    span = {"from": at(0).isoformat(), "to": at(8).isoformat()}
    for command in (district.wish(Action.CLIP, **span), district.wish(Action.SNAPSHOT)):
        reply = district.ask(command)
        assert reply.state is Answer.DONE, reply
        arrived = district.uploads.file(command.id)
        assert arrived is not None
        assert hashlib.sha256(arrived.read_bytes()).hexdigest() == reply.result["sha256"]
    looks = district.site.audit.looks(*ALWAYS)
    assert [look.what for look in looks] == ["film", "snapshot"]


def test_what_is_refused_is_refused_with_a_reason(district: District) -> None:
    """Replay, expiry, a wrong signature and a role that may not."""
    ping = district.wish(Action.PING)
    assert district.ask(ping).state is Answer.DONE
    assert district.ask(ping).reason == Refusal.REPLAY
    assert district.ask(district.wish(Action.HOLD, Role.ADMIN)).reason == Refusal.ROLE
    stranger = Asker(
        BrokerLine(url=district.asker._settings.url),
        None,
        command_key(district.site.layout.state / "stranger"),
        district.uploads,
        CLOCK,
    )
    reply = stranger.ask(district.wish(Action.PING), 20.0, district.stop)
    assert reply is not None
    assert reply.reason == Refusal.UNKNOWN_KEY


def test_a_hold_is_kept_and_the_audit_becomes_a_fact(district: District) -> None:
    arguments = {
        "from": at(0).isoformat(),
        "to": at(8).isoformat(),
        "until": None,
        "reason": "Xác minh",
    }
    command = district.wish(Action.HOLD, **arguments)
    assert district.ask(command).state is Answer.DONE
    (hold,) = Holds(district.site.recordings.rows).all()
    assert hold.who == "trực ban (duty)"
    facts = [fact for fact in district.journal.recent(10) if fact.type == AUDITED]
    assert {fact.data["outcome"] for fact in facts} == {"accepted", "done"}
    assert all(fact.data["who"] == "trực ban" for fact in facts)


def test_resync_tells_the_facts_of_a_span_once_more(district: District) -> None:
    assert district.ask(district.wish(Action.PING)).state is Answer.DONE
    now = CLOCK.now().wall
    given = {
        "from": (now - timedelta(minutes=5)).isoformat(),
        "to": (now + timedelta(minutes=5)).isoformat(),
    }
    before = sum(district.journal.outbox.high_water().values())
    told = district.ask(district.wish(Action.RESYNC, **given)).result["events"]
    assert told >= 2
    assert sum(district.journal.outbox.high_water().values()) >= before + told


def test_a_site_that_is_not_there_does_not_answer(district: District) -> None:
    wish = Wish("nowhere", "", Action.PING, {}, "trực ban", Role.DUTY)
    command = district.asker.prepare(wish)
    assert district.asker.ask(command, 1.0, district.stop) is None
