"""The desk where commands arrive: judged, written down, carried out, answered.

Quick ones are done at the desk; those that send pictures go to a second worker, so that a ping is
answered while a clip is on its way. Both queues are bounded: a command that finds its queue full is
refused, `quota`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, Full, Queue
from threading import Event
from typing import Any

from edge_agent.core.command import Action, Answer, Command, Refusal, Reply
from edge_agent.core.trouble import Trouble
from edge_agent.link.command_judge import Policy, Standing, judge
from edge_agent.link.command_keys import CommandKeys
from edge_agent.link.command_wire import Sealed, Unreadable, unseal
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.commands import CommandEntry, CommandLog

_WAITING, _SLOW_WAITING = 32, 4
_POLL = 0.5  # seconds until `stop` is seen
_CHALLENGE_SECONDS, _CHALLENGES = 60.0, 16
_HOUR = timedelta(hours=1)
_SLOW = frozenset({Action.SNAPSHOT, Action.CLIP, Action.LIVE_START})

Arguments = Mapping[str, Any]
"""Carries a command out and says what came of it; `size` bytes were uploaded. Raises Trouble."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to: its result for the center, and the bytes that it sent."""

    result: Mapping[str, Any]
    size: int = 0


Carry = Callable[[Command, Arguments, Event], Outcome]


@dataclass(frozen=True)
class Rights:
    """By what a desk judges: who it is, whom it believes, what it allows, what it knows."""

    site: str
    keys: CommandKeys
    policy: Policy
    cameras: Callable[[], Collection[str]]
    clock_trusted: Callable[[], bool]


class CommandDesk:
    """Takes commands from any thread; `run_once` and `run_slow_once` are attempts of the shell.

    `answer` sends a reply, `told` hears of every line of the audit (an event is made of it).
    """

    def __init__(
        self,
        rights: Rights,
        book: CommandLog,
        actions: Mapping[Action, Carry],
        answer: Callable[[Reply], None],
        told: Callable[[CommandEntry], None],
        clock: Clock,
    ) -> None:
        self._rights, self._book, self._actions = rights, book, actions
        self._answer, self._told, self._clock = answer, told, clock
        self._came: Queue[tuple[str, bytes]] = Queue(_WAITING)
        self._slow: Queue[tuple[Command, Arguments]] = Queue(_SLOW_WAITING)
        self._challenges: dict[str, float] = {}

    def take(self, request: str, payload: bytes) -> None:
        """A payload of a command topic; never blocks."""
        try:
            self._came.put_nowait((request, payload))
        except Full:
            log.warning("command.crowded", request=request)

    def run_once(self, stop: Event) -> None:
        """Judge what comes, and carry out what is quick, until `stop`."""
        while not stop.is_set():
            try:
                request, payload = self._came.get(timeout=_POLL)
            except Empty:
                continue
            self._judge(request, payload, stop)

    def run_slow_once(self, stop: Event) -> None:
        """Carry out what sends pictures, one after another, until `stop`."""
        while not stop.is_set():
            try:
                command, arguments = self._slow.get(timeout=_POLL)
            except Empty:
                continue
            self._carry_out(command, arguments, stop)

    def _judge(self, request: str, payload: bytes, stop: Event) -> None:
        """Nobody but the holder of the key learns more than that it was not believed."""
        try:
            sealed = unseal(payload)
            distrust = self._rights.keys.check(sealed)
        except Unreadable as error:
            log.warning("command.unreadable", request=request, reason=error.reason, why=str(error))
            self._answer(Reply(request, Answer.REFUSED, error.reason))
            return
        if distrust is not None or sealed.command.id != request:
            reason = distrust or Refusal.SIGNATURE
            log.warning("command.distrusted", request=request, reason=reason)
            self._answer(Reply(request, Answer.REFUSED, reason))
            return
        self._consider(sealed, stop)

    def _consider(self, sealed: Sealed, stop: Event) -> None:
        command = sealed.command
        verdict = judge(command, self._standing(), self._rights.policy)
        refusal = verdict.refusal
        if refusal is None and command.action not in self._actions:
            refusal = Refusal.POLICY
        if refusal is None and not self._book.take(command.nonce, self._clock.now().wall):
            refusal = Refusal.REPLAY
        self._challenges.pop(command.challenge, None)
        if refusal is not None:
            self._refuse(command, refusal, verdict.detail)
        elif command.action not in _SLOW:
            self._note(command, Answer.ACCEPTED)
            self._carry_out(command, verdict.arguments, stop)
        elif self._slow.full():
            self._refuse(command, Refusal.QUOTA, "busy")
        else:
            self._note(command, Answer.ACCEPTED)
            self._answer(Reply(command.id, Answer.ACCEPTED))
            self._slow.put((command, verdict.arguments))

    def _carry_out(self, command: Command, arguments: Arguments, stop: Event) -> None:
        try:
            outcome = self._actions[command.action](command, arguments, stop)
        except Trouble as trouble:
            log.warning("command.failed", request=command.id, vi=trouble.vi, en=trouble.en)
            self._note(command, Answer.FAILED, trouble.code)
            said = {"vi": trouble.vi, "en": trouble.en}
            self._answer(Reply(command.id, Answer.FAILED, trouble.code, said))
        else:
            self._note(command, Answer.DONE, size=outcome.size)
            self._answer(Reply(command.id, Answer.DONE, "", outcome.result))

    def _refuse(self, command: Command, refusal: Refusal, detail: str) -> None:
        self._note(command, Answer.REFUSED, refusal)
        result = {"detail": detail} if detail else {}
        if refusal is Refusal.CLOCK:
            result["challenge"] = self._new_challenge()
        self._answer(Reply(command.id, Answer.REFUSED, refusal, result))

    def _standing(self) -> Standing:
        now = self._clock.now()
        living = {word: end for word, end in self._challenges.items() if end > now.mono}
        self._challenges = living
        return Standing(
            site=self._rights.site,
            cameras=self._rights.cameras(),
            now=now.wall,
            clock_trusted=self._rights.clock_trusted(),
            challenges=living.keys(),
            used=self._book.used(now.wall - _HOUR),
        )

    def _new_challenge(self) -> str:
        while len(self._challenges) >= _CHALLENGES:
            del self._challenges[next(iter(self._challenges))]
        word = secrets.token_hex(16)
        self._challenges[word] = self._clock.now().mono + _CHALLENGE_SECONDS
        return word

    def _note(self, command: Command, outcome: Answer, reason: str = "", size: int = 0) -> None:
        entry = CommandEntry(
            moment=self._clock.now().wall,
            request=command.id,
            who=command.user,
            role=command.role,
            action=command.action,
            camera=command.camera,
            outcome=outcome,
            reason=reason,
            bytes=size,
        )
        self._book.note(entry)
        self._told(entry)
        log.info(
            "command.noted",
            request=entry.request,
            who=entry.who,
            action=entry.action,
            camera=entry.camera,
            outcome=entry.outcome,
            reason=entry.reason,
            bytes=entry.bytes,
        )
