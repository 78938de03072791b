"""Facts on their way to disk: still, event, hold and outbox rows, and no fact is dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

from edge_agent.app.custody import Custody
from edge_agent.core.event import Event as Fact
from edge_agent.core.event import Sighting
from edge_agent.core.trouble import Trouble
from edge_agent.link.episodes import closed_by_interruption, episode_event, record_event
from edge_agent.link.wire import Topics
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.journal import Journal
from edge_agent.store.stills import save_still

_RETRY_SECONDS = 2.0


class Facts:
    """Makes durable what vision saw. `topics` is None where nobody is told: an outbox that nobody
    empties would grow for ever.
    """

    def __init__(
        self,
        site: str,
        journal: Journal,
        stills: Path,
        custody: Custody,
        topics: Topics | None,
        notify: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._site, self._journal, self._stills, self._custody = site, journal, stills, custody
        self._topics, self._notify, self._clock = topics, notify, clock
        self.ending = Event()

    def sighted(self, sighting: Sighting) -> None:
        """An episode opened or closed: still, event and outbox rows become durable together."""
        name = f"{sighting.change.episode}.{sighting.change.phase}"
        shots = {
            shot: self._keep_still(sighting, f"{name}.{shot}", picture)
            for shot, picture in sighting.shots.items()
        }
        still = self._keep_still(sighting, name, sighting.still)
        event = episode_event(self._site, sighting, still, shots)
        self._record(event, sighting.thumbnail)

    def interrupted(self, reason: str) -> None:
        """Close what a dead process left open, so that every opened has exactly one closed."""
        for opened in self._journal.open_episodes():
            self._record(closed_by_interruption(opened, self._clock.now(), reason), b"")

    def _keep_still(self, sighting: Sighting, name: str, picture: bytes) -> str:
        """The still's path; empty when there is none, or no room: the fact matters more."""
        if not picture:
            return ""
        try:
            return save_still(self._stills, name, sighting.change.t1, picture)
        except OSError as error:
            log.error("still.lost", id=name, error=error.strerror)
            return ""

    def _record(self, event: Fact, thumbnail: bytes) -> None:
        """Store a fact. A database that does not answer (a full disk) delays it and what comes
        after it: vision's pipe fills and analysis waits. Raises Trouble only once `ending` is set.
        """
        self._custody.note(event)
        while True:
            try:
                return self._record_once(event, thumbnail)
            except Trouble as trouble:
                log.error("journal.waits", id=event.id, vi=trouble.vi, en=trouble.en)
                if self.ending.wait(_RETRY_SECONDS):
                    raise

    def _record_once(self, event: Fact, thumbnail: bytes) -> None:
        if self._topics is not None:
            record_event(self._journal, self._topics, event, thumbnail, self._notify)
        else:
            self._journal.record(event, ())
