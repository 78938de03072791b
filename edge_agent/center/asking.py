"""Asking a site: one command over one connection of its own, until its last answer or too late."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from queue import Empty, SimpleQueue

from edge_agent.center.commands import CommandKey, Wish, answering, new_command
from edge_agent.center.uploads import Uploads
from edge_agent.config.schema import BrokerLine
from edge_agent.core.command import Action, Answer, Command, Refusal, Reply
from edge_agent.core.secret import Credential
from edge_agent.core.trouble import Trouble
from edge_agent.link.command_wire import LONGEST_LIFE, Unreadable, read_reply
from edge_agent.link.mqtt import MqttLink
from edge_agent.link.publisher import Received
from edge_agent.link.wire import Topics
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log

_LOOK = 0.2  # seconds until `stop` and the deadline are looked at
_EXPIRY = round(LONGEST_LIFE.total_seconds())


class Asker:
    """Signs and sends; `uploads` is made ready for what will come. `SUFFIX`: what comes by file."""

    SUFFIX: Mapping[Action, str] = {
        Action.SNAPSHOT: "jpg",
        Action.CLIP: "mp4",
        Action.LIVE_START: "mp4",
    }

    def __init__(
        self,
        settings: BrokerLine,
        credential: Credential | None,
        key: CommandKey,
        uploads: Uploads,
        clock: Clock,
    ) -> None:
        self._settings, self._credential = settings, credential
        self._key, self._uploads, self._clock = key, uploads, clock

    def prepare(self, wish: Wish) -> Command:
        """The command of a wish, and a place for the picture that it asks for."""
        now = self._clock.now().wall
        command = new_command(wish, now)
        if (suffix := self.SUFFIX.get(wish.action)) is None:
            return command
        token = self._uploads.expect(command.id, wish.site, wish.camera, suffix, now)
        return replace(command, arguments={**wish.arguments, "upload": token})

    def ask(
        self,
        command: Command,
        seconds: float,
        stop: threading.Event,
        told: Callable[[Reply], None] = lambda _reply: None,
    ) -> Reply | None:
        """The last answer; None when `seconds` pass without one. A site that cannot tell the time
        is asked again with its challenge, once. Raises Trouble: no connection, not admitted.
        """
        inbox: SimpleQueue[Received] = SimpleQueue()
        name = f"qcam-ask-{secrets.token_hex(4)}"
        line = MqttLink(self._settings, name, self._credential, on_message=inbox.put)
        topics = Topics(command.site)
        try:
            line.connect(stop)
            line.subscribe([topics.reply(command.id)], stop)
            self._send(line, topics, command)
            return self._answers(line, topics, command, inbox, seconds, stop, told)
        finally:
            line.close()

    def _answers(
        self,
        line: MqttLink,
        topics: Topics,
        command: Command,
        inbox: SimpleQueue[Received],
        seconds: float,
        stop: threading.Event,
        told: Callable[[Reply], None],
    ) -> Reply | None:
        began, challenged = self._clock.now(), False
        while not stop.is_set() and self._clock.now().since(began) < seconds:
            reply = _next(inbox)
            if reply is None and not line.connected:
                raise line.trouble()
            if reply is None or reply.request != command.id:
                continue
            told(reply)
            challenge = str(reply.result.get("challenge", ""))
            if reply.reason == Refusal.CLOCK and challenge and not challenged:
                challenged = True
                again = answering(command, challenge, self._clock.now().wall)
                self._send(line, topics, again)
            elif reply.final:
                return reply
        return None

    def _send(self, line: MqttLink, topics: Topics, command: Command) -> None:
        receipt = line.publish(
            topics.command(command.id),
            self._key.seal(command),
            content_type="application/json",
            expiry=_EXPIRY,
        ).result(_EXPIRY)
        log.info("command.sent", request=command.id, site=command.site, outcome=receipt.outcome)
        if receipt.outcome not in {"accepted", "unheard"}:
            raise _not_sent(command, receipt.reason)


def _next(inbox: SimpleQueue[Received]) -> Reply | None:
    try:
        received = inbox.get(timeout=_LOOK)
        return read_reply(received.payload)
    except Empty:
        return None
    except Unreadable as error:
        log.warning("command.reply_unreadable", why=str(error))
        return None


def failed(reply: Reply | None) -> bool:
    """Whether the wish was not fulfilled."""
    return reply is None or reply.state is not Answer.DONE


def _not_sent(command: Command, reason: str) -> Trouble:
    return Trouble(
        "center.not_sent",
        f"Máy chủ MQTT không nhận lệnh cho cơ sở {command.site} ({reason}). Kiểm tra quyền của "
        "trung tâm trong tệp acl.",
        f"The broker does not take the command for site {command.site} ({reason}). Check the "
        "center's rights in the acl file.",
    )
