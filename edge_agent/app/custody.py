"""Custody of what belongs to an episode: its footage held by rule, its stills kept as long."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from edge_agent.config.schema import Recording
from edge_agent.core.event import Event
from edge_agent.core.ledger import Deletion, Hold, Why
from edge_agent.core.time import from_iso
from edge_agent.core.trouble import Trouble
from edge_agent.link.episodes import CLOSED, OPENED
from edge_agent.recording.retention import ClockWatch, Held, plausible
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.health import clock_synchronised
from edge_agent.runtime.logs import log
from edge_agent.store.holds import Holds
from edge_agent.store.journal import Journal
from edge_agent.store.ledger import Ledger
from edge_agent.store.recordings import Recordings

_AROUND = timedelta(seconds=10)
_RECENT = 1000  # events looked back over
_BY_RULE = "rule hold_episodes"


class Custody:
    """Writes the holds of episodes, deletes stills past the ceiling; never a held one."""

    def __init__(
        self,
        recordings: Recordings,
        journal: Journal,
        stills: Path,
        settings: Recording,
        clock: Clock,
    ) -> None:
        self._recordings, self._journal, self._stills = recordings, journal, stills
        self._settings, self._clock = settings, clock
        self._holds, self._ledger = Holds(recordings.rows), Ledger(recordings.rows)
        self._watch = ClockWatch()

    def note(self, event: Event) -> None:
        """Hold the footage of an episode, from 10 s before to 10 s after it.

        An event is never lost for this: when the database does not answer, that is logged.
        """
        if not self._settings.hold_episodes or event.type not in {OPENED, CLOSED}:
            return
        episode = str(event.data["episode"])
        kept = timedelta(days=self._settings.ceiling_days, seconds=self._settings.hold_episodes)
        closed = event.type == CLOSED
        hold = Hold(
            id=f"episode.{episode}",
            camera=event.subject,
            start=from_iso(str(event.data["t0"])) - _AROUND,
            end=from_iso(str(event.data["t1"])) + _AROUND if closed else None,
            reason=f"episode {episode}",
            who=_BY_RULE,
            made=event.time,
            until=event.time + kept,
        )
        try:
            self._holds.put(hold)
        except Trouble as trouble:
            log.error("hold.not_written", id=hold.id, code=trouble.code, en=trouble.en)

    def mend(self) -> None:
        """Write the holds that recent episodes should have and have not: the recordings database
        did not answer, or the agent died between hold and event.
        """
        try:
            known = {hold.id: hold for hold in self._holds.all()}
            for event in reversed(self._journal.recent(_RECENT)):
                hold = known.get(f"episode.{event.data.get('episode')}")
                if hold is None or (hold.end is None and event.type == CLOSED):
                    self.note(event)
        except Trouble as trouble:
            log.error("holds.not_mended", code=trouble.code, en=trouble.en)

    def drop_orphans(self) -> None:
        """End the holds of episodes that never became an event; only while nothing is recorded,
        since a hold is written just before its event.
        """
        now = self._clock.now().wall
        try:
            for hold in self._holds.active(now):
                episode = hold.id.removeprefix("episode.")
                mine = hold.who == _BY_RULE and hold.end is None and episode != hold.id
                if mine and self._journal.event(f"{episode}.opened") is None:
                    self._holds.release(hold.id, now, _BY_RULE)
        except Trouble as trouble:
            log.error("holds.not_mended", code=trouble.code, en=trouble.en)

    def sweep(self) -> int:
        """Delete the stills past the ceiling that no hold covers; how many.

        Nothing while the clock is implausible. Raises nothing: what failed is tried again later.
        """
        try:
            return self._sweep()
        except (Trouble, OSError) as error:
            log.error("stills.not_swept", error=str(error))
            return 0

    def _sweep(self) -> int:
        now = self._clock.now()
        newest = {name: total.last for name, total in self._recordings.totals().items()}
        believed = self._watch.look(now.wall, now.mono, clock_synchronised())
        if not believed or not plausible(newest, now.wall):
            log.warning("clock.suspect", deletion="stills paused")
            return 0
        settings = self._settings
        border = now.wall - timedelta(days=max(settings.ceiling_days, settings.floor_days))
        held, gone = Held(self._holds.active(now.wall), now.wall), 0
        for folder in sorted(self._stills.iterdir()) if self._stills.is_dir() else ():
            end = _end_of(folder.name)
            if end is not None and end < border:
                gone += self._empty(folder, held, now.wall)
        return gone

    def _empty(self, folder: Path, held: Held, now: datetime) -> int:
        deleted: dict[str, list[tuple[datetime, int]]] = {}
        for still in sorted(folder.glob("*.jpg")):
            event = self._journal.event(".".join(still.stem.split(".")[:2]))  # all its shots
            camera = event.subject if event is not None else ""
            moment = event.time if event is not None else _end_of(folder.name) or now
            if not held.covers(camera, moment, moment + timedelta(seconds=1)):
                deleted.setdefault(camera, []).append((moment, still.stat().st_size))
                still.unlink()
        for camera, stills in deleted.items():
            moments = [moment for moment, _size in stills]
            size = sum(size for _moment, size in stills)
            log.info("stills.deleted", camera=camera, day=folder.name, stills=len(stills))
            self._ledger.note_deletions(
                [Deletion(now, camera, min(moments), max(moments), len(stills), size, Why.STILLS)]
            )
        if not any(folder.iterdir()):
            folder.rmdir()
        return sum(len(stills) for stills in deleted.values())


def _end_of(name: str) -> datetime | None:
    """The end of the UTC day that a stills folder is named after; None for another folder."""
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return None
    return datetime.combine(day, time(), UTC) + timedelta(days=1)
