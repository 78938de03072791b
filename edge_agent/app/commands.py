"""The command side of a site: what the center may ask, composed from the configuration."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge_agent.app.command_actions import QuickActions
from edge_agent.app.command_desk import CommandDesk, Rights
from edge_agent.app.command_media import Eyes, MediaActions
from edge_agent.app.footage import SiteFootage
from edge_agent.app.layout import Layout
from edge_agent.config.schema import Commands, Config
from edge_agent.core.command import Action, Reply, Role
from edge_agent.core.event import Event, Lane
from edge_agent.core.perception import LivePiece, Snapshot
from edge_agent.core.time import iso
from edge_agent.link.command_judge import Policy
from edge_agent.link.command_keys import CommandKeys
from edge_agent.link.command_wire import reply_payload
from edge_agent.link.session import Link
from edge_agent.link.upload import Uploader
from edge_agent.link.wire import event_message
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.health import clock_synchronised
from edge_agent.runtime.logs import log
from edge_agent.runtime.supervisor import Attempt
from edge_agent.store.audit import Audit
from edge_agent.store.commands import CommandEntry, CommandLog
from edge_agent.store.holds import Holds
from edge_agent.store.journal import Journal
from edge_agent.store.recordings import Recordings
from edge_agent.store.verdicts import Verdicts

AUDITED = "vn.qcam.command.v1"
_URGENT = (Lane.ALARM, Lane.STATE)
_MOST_AGAIN = 20_000  # facts a command may ask for once more: a busy week


@dataclass(frozen=True)
class House:
    """What commands reach into."""

    config: Config
    config_path: Path
    layout: Layout
    journal: Journal
    recordings: Recordings
    eyes: Eyes
    cameras: Callable[[], Collection[str]]
    clock: Clock
    clock_trusted: Callable[[], bool] = lambda: clock_synchronised() is not False


class SiteCommands:
    """Takes what the link hands over (`arrived`), answers over it (`link`, set once it is made)."""

    def __init__(self, house: House) -> None:
        self._house, self._clock = house, house.clock
        self._book = CommandLog(house.layout.events)
        self._audit = Audit(house.layout.events)
        self._media = self._media_actions()
        quick = QuickActions(
            Holds(house.recordings.rows),
            house.config_path,
            house.layout.state / "proposals",
            self._again,
            Verdicts(house.layout.events),
            house.clock,
        )
        self._desk = CommandDesk(
            self._rights(),
            self._book,
            {**quick.table, **self._media.table},
            self._answer,
            self._tell,
            house.clock,
        )
        self.link: Link | None = None

    @property
    def attempts(self) -> Mapping[str, Attempt]:
        """The two workers, for the shell."""
        return {"commands": self._desk.run_once, "uploads": self._desk.run_slow_once}

    def arrived(self, topic: str, payload: bytes, _properties: Mapping[str, str]) -> None:
        """A message on a command topic; its last level names the request."""
        self._desk.take(topic.rpartition("/")[2], payload)

    def shown(self, what: Snapshot | LivePiece) -> None:
        """From vision: a picture that was asked for."""
        self._media.shown(what)

    def _rights(self) -> Rights:
        settings = self._house.config.commands
        return Rights(
            site=self._house.config.site.id,
            keys=CommandKeys.read(settings.keys),
            policy=policy_of(settings),
            cameras=self._house.cameras,
            clock_trusted=self._house.clock_trusted,
        )

    def _media_actions(self) -> MediaActions:
        house, settings = self._house, self._house.config.commands
        footage = SiteFootage.of(
            house.config, house.layout, house.recordings, self._audit, house.clock
        )
        uploader = Uploader(settings.upload_rate, self._urgent, lambda _size: None, house.clock)
        return MediaActions(
            house.config, house.eyes, lambda: footage, self._book, uploader, house.clock
        )

    def _urgent(self) -> bool:
        """Whether facts wait that must go before any picture that somebody asked for."""
        backlog = self._house.journal.outbox.backlog()
        return any(backlog[lane].count for lane in _URGENT)

    def _again(self, start: datetime, end: datetime) -> int:
        """Every fact of the span is told once more; the center knows them by their ids."""
        journal, link = self._house.journal, self.link
        if link is None:
            return 0
        facts = journal.between(start, end, _MOST_AGAIN)
        for fact in facts:
            message = event_message(fact, journal.epoch, link.topics, Lane.BULK)
            journal.tell_again(fact, [message])
        link.notify()
        return len(facts)

    def _answer(self, reply: Reply) -> None:
        payload = reply_payload(reply, self._clock.now().wall)
        if self.link is None or not self.link.reply(reply.request, payload):
            log.warning("command.unheard", request=reply.request, state=reply.state)

    def _tell(self, entry: CommandEntry) -> None:
        """The audit is a fact too: the center hears what its commands came to, even later."""
        if self.link is None:
            return
        event = _audit_event(self._house.config.site.id, entry)
        journal, topics = self._house.journal, self.link.topics
        journal.record(event, [event_message(event, journal.epoch, topics, Lane.BULK)])
        self.link.notify()


def policy_of(settings: Commands) -> Policy:
    """What the configuration allows."""
    by_role = {
        Role.DUTY: settings.allow.duty,
        Role.HEALTH: settings.allow.health,
        Role.ADMIN: settings.allow.admin,
    }
    allow = {
        action: frozenset(role for role, actions in by_role.items() if action in actions)
        for action in Action
    }
    per_hour = {
        Action.SNAPSHOT: settings.snapshots_per_hour,
        Action.CLIP: settings.clips_per_hour,
        Action.LIVE_START: settings.lives_per_hour,
    }
    return Policy(allow, per_hour, settings.clip)


def _audit_event(site: str, entry: CommandEntry) -> Event:
    return Event(
        id=f"command.{entry.request}.{entry.outcome}",
        source=f"qcam/{site}",
        type=AUDITED,
        subject=entry.camera or site,
        time=entry.moment,
        severity="info",
        data={
            "request": entry.request,
            "who": entry.who,
            "role": entry.role,
            "action": entry.action,
            "outcome": entry.outcome.value,
            "reason": entry.reason,
            "bytes": entry.bytes,
            "time": iso(entry.moment),
        },
    )
