"""Reads what was recorded again, slowly and for ever: a disk that forgets is found out in time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event

from edge_agent.core.media import Segment
from edge_agent.core.time import Instant
from edge_agent.recording.evidence.hashing import Digest, hash_file
from edge_agent.recording.evidence.keeper import Tell
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.evidence import Evidence, Finding

_IDLE = 60.0  # seconds to wait where there is nothing to read
_SOON = 5.0  # seconds until a file that nobody hashed is looked for again
_ROUND = 3600.0  # seconds
_BATCH = 50


class _Stopped(Exception):
    """The scrub was told to stop in the middle of a file."""


class Scrub:
    """Hashes the files that have no hash yet, then re-hashes all others in the order of their
    paths, at most `rate` bytes a second (0: never). One thread.
    """

    def __init__(
        self,
        root: Path,
        evidence: Evidence,
        rate: int,
        clock: Clock,
        tell: Tell,
        sealed: Callable[[str, Digest], None],
    ) -> None:
        self._root, self._evidence, self._rate = root, evidence, rate
        self._clock, self._tell, self._sealed = clock, tell, sealed
        self._refused: set[str] = set()
        self._round: Instant | None = None  # when the round that is over began

    def run_once(self, stop: Event) -> None:
        """Read until told to stop. Raises Trouble (database)."""
        while not stop.is_set():
            if not self._root.is_dir():
                stop.wait(_IDLE)
                continue
            try:
                busy = self.hash_new(stop) or (self._is_time() and self.look_again(stop))
            except _Stopped:
                return
            stop.wait(0.0 if busy else _SOON)

    def hash_new(self, stop: Event) -> bool:
        """Hash what nobody has hashed: files adopted after a crash. Whether there was any."""
        found = [one for one in self._evidence.unhashed() if one.path not in self._refused]
        for segment in found:
            digest = self._digest(segment, stop)
            if digest is None:
                self._refused.add(segment.path)
                continue
            self._sealed(segment.path, digest)
            self._evidence.set_hashes([(segment.path, digest.sha256)], late=True)
            log.info("segment.hashed", path=segment.path, reason="after the fact")
        return bool(found)

    def look_again(self, stop: Event) -> bool:
        """Compare the next files with their hashes; False at the end of a round."""
        path, rounds = self._evidence.scrubbed()
        batch = self._evidence.after(path, _BATCH)
        try:
            for segment in batch:
                self._compare(segment, stop)
                path = segment.path
        finally:
            if not batch and path:
                log.info("scrub.round", rounds=rounds + 1)
                self._evidence.set_scrubbed("", rounds + 1)
            elif batch:
                self._evidence.set_scrubbed(path, rounds)
        return bool(batch)

    def _is_time(self) -> bool:
        """Small sites are through in no time: a round begins at most once an hour."""
        now = self._clock.now()
        path, _ = self._evidence.scrubbed()
        if path or self._round is None or now.since(self._round) > _ROUND:
            self._round = now if not path else self._round
            return self._rate > 0
        return False

    def _compare(self, segment: Segment, stop: Event) -> None:
        digest = self._digest(segment, stop)
        if digest is not None and digest.sha256 != segment.sha256:
            detail = f"sha256 {digest.sha256}, recorded as {segment.sha256}"
            self._say(segment, "mismatch", detail)

    def _digest(self, segment: Segment, stop: Event) -> Digest | None:
        """The hashes of a file as it lies there; None when it cannot be read, which is said."""
        began, read = self._clock.now(), 0

        def passed(portion: int) -> None:
            nonlocal read
            read += portion
            if stop.wait(self._pause(began, read)):
                raise _Stopped

        place = self._root / segment.path
        try:
            digest = hash_file(place, passed)
            _forget_cached(place)
        except FileNotFoundError:
            # retention may have taken it since the list was read
            if self._evidence.still_there(segment.path):
                self._say(segment, "missing", "the file is gone")
            return None
        except OSError as error:
            self._say(segment, "unreadable", error.strerror or type(error).__name__)
            return None
        return digest

    def _pause(self, began: Instant, read: int) -> float:
        """Seconds to wait so that so many bytes since `began` stay within the rate."""
        rate = self._rate or 5_000_000
        return max(0.0, read / rate - self._clock.now().since(began))

    def _say(self, segment: Segment, kind: str, detail: str) -> None:
        self._tell(Finding(segment.path, kind, detail, self._clock.now().wall))


def _forget_cached(path: Path) -> None:
    """Let the page cache go: other files need it, and the next round shall ask the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)
