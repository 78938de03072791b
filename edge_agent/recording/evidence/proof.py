"""The proof's part of the recorder process: what signs, what scrubs, and who hears of findings."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from edge_agent.core.trouble import Trouble
from edge_agent.recording.evidence.hashing import Digest
from edge_agent.recording.evidence.keeper import ManifestKeeper, Place
from edge_agent.recording.evidence.scrub import Scrub
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.runtime.supervisor import Backoff, start_thread
from edge_agent.store.evidence import Evidence, Finding
from edge_agent.store.recordings import Recordings

_PATIENT = Backoff(first=5.0, ceiling=300.0)


class Proof:
    """Two threads beside the recording; nothing waits for them."""

    def __init__(
        self,
        place: Place,
        recordings: Recordings,
        scrub_rate: int,
        clock: Clock,
        event: Callable[[Finding], None] | None = None,
    ) -> None:
        self._evidence = Evidence(recordings.path)
        self._event = event
        self._keeper = ManifestKeeper(place, self._evidence, recordings, clock, self._tell)
        self._scrub = Scrub(
            place.root, self._evidence, scrub_rate, clock, self._tell, self._keeper.sealed
        )

    def sealed(self, path: str, digest: Digest) -> None:
        """A file is complete and these are its hashes; returns at once."""
        self._keeper.sealed(path, digest)

    def start(self, stop: Event) -> list[Thread]:
        """The threads, running."""
        return [
            start_thread("manifests", self._keeper.run_once, stop, _PATIENT),
            start_thread("scrub", self._scrub.run_once, stop, _PATIENT),
        ]

    def finish(self) -> None:
        """Sign what the last files changed, once the threads have ended, and let go."""
        try:
            self._keeper.sign_due()
        except Trouble as trouble:
            log.error("evidence.trouble", code=trouble.code, vi=trouble.vi, en=trouble.en)
        finally:
            self._evidence.close()

    def _tell(self, finding: Finding) -> None:
        """Each finding once: a row, a line in the log, and whoever listens."""
        if not self._evidence.add_finding(finding):
            return
        log.error("evidence.finding", path=finding.path, kind=finding.kind, detail=finding.detail)
        if self._event is not None:
            self._event(finding)
