"""What the recorder has to tell, made into events: facts of the journal on their way out.

The recorder speaks to nobody: it leaves notices in its database, whether an agent runs or not.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Stop

from edge_agent.core.event import Event, Lane
from edge_agent.core.ledger import Notice
from edge_agent.link.wire import Topics, event_message
from edge_agent.runtime.logs import log
from edge_agent.store.journal import Journal
from edge_agent.store.ledger import Ledger

_POLL_SECONDS = 2.0


def notice_event(site: str, notice: Notice) -> Event:
    """The notice as a fact of this site; it keeps its id, so that it is told once."""
    return Event(
        id=notice.id,
        source=f"qcam/{site}",
        type=notice.type,
        subject=notice.subject,
        time=notice.time,
        severity=notice.severity,
        data=notice.data,
    )


class NoticeBoard:
    """Reads notices and records them as events; `topics` None when there is no link."""

    def __init__(
        self,
        site: str,
        ledger: Ledger,
        journal: Journal,
        topics: Topics | None,
        wake: Callable[[], None],
    ) -> None:
        self._site, self._ledger, self._journal = site, ledger, journal
        self._topics, self._wake = topics, wake

    def run_once(self, stop: Stop) -> None:
        """Tell until stopped. Raises Trouble when a database does not answer."""
        while not stop.is_set():
            self.tell()
            stop.wait(_POLL_SECONDS)

    def tell(self) -> int:
        """Record what waits; how many were new. First the event, then the mark: a crash in between
        records the same id again, which changes nothing.
        """
        fresh = 0
        for notice in self._ledger.untold():
            event = notice_event(self._site, notice)
            lane = Lane.STATE if notice.severity == "info" else Lane.ALARM
            notes = (
                (event_message(event, self._journal.epoch, self._topics, lane),)
                if self._topics is not None
                else ()
            )
            if self._journal.record(event, notes):
                fresh += 1
                log.info("notice.recorded", id=event.id, type=event.type, subject=event.subject)
            self._ledger.told(notice.id)
        if fresh:
            self._wake()
        return fresh
