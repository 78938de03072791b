"""The audit of commands, and the nonces that make each work once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from edge_agent.core.command import Action, Answer
from edge_agent.store.connections import Connections
from edge_agent.store.moments import us, wall

_REMEMBERED = timedelta(hours=1)  # a command lives for a minute; a clock may be set back
KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """One line of the audit; `outcome` is `accepted` when the work began, then how it ended."""

    moment: datetime
    request: str
    who: str
    role: str
    action: str
    camera: str
    outcome: Answer
    reason: str = ""
    bytes: int = 0


class CommandLog:
    """Commands in the events database, for any number of threads.

    Every method raises Trouble when the database does not answer: then nothing is carried out.
    """

    def __init__(self, path: Path) -> None:
        self._rows = Connections(path, "events")

    def close(self) -> None:
        """Close the connections of all threads; no method may be running or follow."""
        self._rows.close()

    def take(self, nonce: str, now: datetime) -> bool:
        """Use up a nonce; False when it was used before."""
        with self._rows.transaction() as connection:
            connection.execute("DELETE FROM nonces WHERE forget < ?", (us(now),))
            done = connection.execute(
                "INSERT INTO nonces (nonce, forget) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (nonce, us(now + _REMEMBERED)),
            )
            return done.rowcount > 0

    def note(self, entry: CommandEntry) -> None:
        """Write a line of the audit; durable when this returns. Lines of 400 days ago go."""
        with self._rows.transaction() as connection:
            connection.execute("DELETE FROM commands WHERE moment < ?", (us(entry.moment - KEPT),))
            connection.execute(
                "INSERT INTO commands "
                "(moment, request, who, role, action, camera, outcome, reason, bytes) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(us(entry.moment), entry.request, entry.who, entry.role, entry.action),
                    *(entry.camera, entry.outcome.value, entry.reason, entry.bytes),
                ),
            )

    def used(self, since: datetime) -> dict[Action, int]:
        """How often each action was begun since then."""
        rows = self._rows.read(
            "SELECT action, count(*) FROM commands WHERE moment >= ? AND outcome = 'accepted' "
            "GROUP BY action",
            (us(since),),
        )
        return {Action(name): count for name, count in rows if name in list(Action)}

    def uploaded(self, since: datetime) -> int:
        """Bytes uploaded for commands since then."""
        ((size,),) = self._rows.read(
            "SELECT coalesce(sum(bytes), 0) FROM commands WHERE moment >= ?", (us(since),)
        )
        return int(size)

    def entries(self, start: datetime, end: datetime) -> tuple[CommandEntry, ...]:
        """The lines of [start, end), oldest first."""
        rows = self._rows.read(
            "SELECT moment, request, who, role, action, camera, outcome, reason, bytes "
            "FROM commands WHERE moment >= ? AND moment < ? ORDER BY position",
            (us(start), us(end)),
        )
        return tuple(
            CommandEntry(
                wall(moment), request, who, role, action, camera, Answer(outcome), reason, size
            )
            for moment, request, who, role, action, camera, outcome, reason, size in rows
        )
