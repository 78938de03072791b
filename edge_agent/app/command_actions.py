"""What commands do without a picture: ping, resync, hold, a proposed configuration, a verdict."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import edge_agent
from edge_agent.app.command_desk import Arguments, Carry, Outcome
from edge_agent.config.document import read
from edge_agent.config.loader import judge, render
from edge_agent.core.command import Action, Command
from edge_agent.core.ledger import Hold
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.core.verdict import Judgement, Verdict
from edge_agent.runtime.clock import Clock
from edge_agent.store.durable import replace_file
from edge_agent.store.holds import Holds
from edge_agent.store.verdicts import Verdicts

_LONGEST_HOLD = timedelta(days=400)
_PROPOSALS = 20  # kept at most; the oldest goes
_LINES = 20  # errors that a reply names


class QuickActions:
    """Carries out what is done at once. `config` is the site.yaml at work; `again` puts the
    facts of a span into the outbox once more and says how many.
    """

    def __init__(
        self,
        holds: Holds,
        config: Path,
        proposals: Path,
        again: Callable[[datetime, datetime], int],
        verdicts: Verdicts,
        clock: Clock,
    ) -> None:
        self._holds, self._clock = holds, clock
        self._config, self._proposals = config, proposals
        self._again, self._verdicts = again, verdicts

    @property
    def table(self) -> dict[Action, Carry]:
        """Which action is carried out by what."""
        return {
            Action.PING: self._ping,
            Action.RESYNC: self._resync,
            Action.HOLD: self._hold,
            Action.CONFIG_PROPOSE: self._propose,
            Action.VERDICT: self._verdict,
        }

    def _ping(self, _command: Command, _arguments: Arguments, _stop: Event) -> Outcome:
        return Outcome({"version": edge_agent.__version__, "time": iso(self._clock.now().wall)})

    def _resync(self, _command: Command, arguments: Arguments, _stop: Event) -> Outcome:
        return Outcome({"events": self._again(arguments["from"], arguments["to"])})

    def _hold(self, command: Command, arguments: Arguments, _stop: Event) -> Outcome:
        now = self._clock.now().wall
        until = min(arguments["until"] or now + _LONGEST_HOLD, now + _LONGEST_HOLD)
        hold = Hold(
            id=f"command.{command.id}",
            camera=command.camera,
            start=arguments["from"],
            end=arguments["to"],
            reason=arguments["reason"],
            who=f"{command.user} ({command.role})",
            made=now,
            until=until,
        )
        self._holds.put(hold)
        return Outcome({"hold": hold.id, "until": iso(until)})

    def _propose(self, command: Command, arguments: Arguments, _stop: Event) -> Outcome:
        """Checked and laid beside, never put to work: that is done by a person at the site."""
        stamp = self._clock.now().wall.strftime("%Y%m%dT%H%M%SZ")
        path = self._proposals / f"{stamp}-{command.id}.yaml"
        try:
            self._proposals.mkdir(mode=0o700, parents=True, exist_ok=True)
            for old in sorted(self._proposals.glob("*.yaml"))[:-_PROPOSALS]:
                old.unlink()
            replace_file(path, str(arguments["yaml"]).encode(), 0o600)
        except OSError as error:
            raise _not_kept(path, error) from error
        document = read(path)
        config, findings = judge(document, self._config.absolute().parent)
        lines = render(Path(path.name), document, findings)[:_LINES]
        valid = config is not None and not findings
        return Outcome({"valid": valid, "file": path.name, "errors": list(lines)})

    def _verdict(self, command: Command, arguments: Arguments, _stop: Event) -> Outcome:
        judgement = Judgement(
            episode=arguments["event"],
            verdict=Verdict(arguments["verdict"]),
            who=f"{command.user} ({command.role})",
            at=self._clock.now().wall,
            note=arguments["note"] or "",
        )
        self._verdicts.give(judgement)
        return Outcome({"event": judgement.episode, "verdict": judgement.verdict.value})


def _not_kept(path: Path, error: OSError) -> Trouble:
    return Trouble(
        "commands.not_kept",
        f"Không ghi được cấu hình đề xuất {path.name} ({error.strerror}). Kiểm tra ổ đĩa tại "
        "cơ sở.",
        f"The proposed configuration {path.name} cannot be written ({error.strerror}). Check the "
        "site's disk.",
    )
