"""Keeps the signed manifest of every camera and day in step with the index.

Recording never waits for it: the index itself remembers which days have changed (triggers of the
database), and one thread signs them, about a second after each file is closed.
"""

from __future__ import annotations

import fcntl
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from threading import Event, Lock

from edge_agent.core.media import Segment
from edge_agent.core.time import Instant, iso
from edge_agent.recording.evidence.device_key import PUBLIC, DeviceKey, device_key
from edge_agent.recording.evidence.hashing import Digest, hash_file
from edge_agent.recording.evidence.manifest import (
    PIECES,
    Entry,
    Manifest,
    chained,
    day_span,
    entry_of,
    gap_words,
    pieces_line,
)
from edge_agent.recording.evidence.paper import append_lines, put_file
from edge_agent.recording.evidence.signing import (
    read_signed,
    remove_signed,
    set_aside,
    write_signed,
)
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.evidence import Day, Evidence, Finding
from edge_agent.store.recordings import Recordings

Tell = Callable[[Finding], None]

_EVERY = 1.0
_AGAIN = 60.0  # seconds until a day whose folder did not take its manifest is tried again
_PENDING = 5_000  # digests that wait for their row; the oldest is dropped and read back from disk
_CACHED = 64  # manifests that are kept in memory


@dataclass(frozen=True, slots=True)
class Place:
    """Where the proof of a site lives: recordings folder, state folder, site id."""

    root: Path
    state: Path
    site: str


class ManifestKeeper:
    """Signs the days that have changed. `sealed` may be called by any thread, the rest by one."""

    def __init__(
        self, place: Place, evidence: Evidence, recordings: Recordings, clock: Clock, tell: Tell
    ) -> None:
        self._place, self._evidence, self._recordings = place, evidence, recordings
        self._clock, self._tell = clock, tell
        self._digests: OrderedDict[str, Digest] = OrderedDict()
        self._lock = Lock()
        self._cache: OrderedDict[tuple[str, str], Manifest] = OrderedDict()
        self._postponed: dict[tuple[str, str], Instant] = {}
        self._key: DeviceKey | None = None

    def sealed(self, path: str, digest: Digest) -> None:
        """A file is complete and these are its hashes; returns at once."""
        with self._lock:
            self._digests[path] = digest
            if len(self._digests) > _PENDING:
                self._digests.popitem(last=False)

    def run_once(self, stop: Event) -> None:
        """Sign until told to stop. Raises Trouble (key, database)."""
        while not stop.is_set():
            self.sign_due()
            stop.wait(_EVERY)

    def sign_due(self) -> int:
        """Bring every changed day up to date; returns how many manifests were written or removed.

        A folder that refuses is logged and tried again in a minute. Raises Trouble.
        """
        done = 0
        for day in self._evidence.due_days():
            later = self._postponed.get((day.camera, day.day))
            if later is not None and self._clock.now().since(later) < _AGAIN:
                continue
            try:
                done += self.sign(day)
            except OSError as error:
                self._postponed[day.camera, day.day] = self._clock.now()
                log.error(
                    "manifest.not_written", camera=day.camera, day=day.day, error=error.strerror
                )
        return done

    def sign(self, day: Day) -> bool:
        """Bring one day's manifest up to date; whether that took a write.

        Raises Trouble, OSError.
        """
        key = self.key()
        folder = self._place.root / day.camera / day.day
        try:
            day_span(day.day)
        except ValueError:  # a row whose path is not one of ours has no day
            self._evidence.day_signed(day)
            return False
        with _alone(self._place.state):
            if not self._place.root.is_dir():
                raise FileNotFoundError(2, "the recordings folder is missing")
            if not folder.is_dir():
                return self._without_folder(day)
            return self._refresh(day, folder, key)

    def key(self) -> DeviceKey:
        """The device's key, made when there is none; its public half is laid beside the
        recordings. Raises Trouble.
        """
        if self._key is None:
            self._key = device_key(self._place.state)
        beside, pem = self._place.root / PUBLIC, self._key.public.pem()
        try:
            if self._place.root.is_dir() and (not beside.exists() or beside.read_bytes() != pem):
                put_file(beside, pem, 0o644)
        except OSError as error:
            log.warning("evidence.public_key_not_written", error=error.strerror)
        return self._key

    def _without_folder(self, day: Day) -> bool:
        if not self._evidence.of_day(day):
            self._evidence.day_gone(day)
            return False
        raise FileNotFoundError(2, "the day's folder is missing")

    def _refresh(self, day: Day, folder: Path, key: DeviceKey) -> bool:
        before = self._before(day, folder, key)
        rows = self._evidence.of_day(day)
        removed = self._evidence.removed(day)
        known = {entry.file: entry for entry in before.entries} if before else {}
        kept = {name: entry for name, entry in known.items() if name not in removed}
        if not rows and not kept:
            remove_signed(folder)
            self._forget(day)
            self._evidence.day_gone(day)
            return before is not None
        rows = self._inherit(rows, kept)
        made, lines = self._entries(rows, kept)
        now = iso(self._clock.now().wall)
        gone = [(name, now) for name in known if name in removed]
        span = day_span(day.day)
        manifest = Manifest(
            day.camera,
            day.day,
            key.public.fingerprint,
            self._place.site,
            chained(day.camera, day.day, made),
            gap_words(self._recordings.gaps(day.camera, *span), *span),
            (*(before.deleted if before else ()), *gone),
        )
        if manifest != before:
            if lines:
                append_lines(folder / PIECES, lines)
            write_signed(folder, manifest.to_bytes(), key)
            self._remember(day, manifest)
        self._forget_digests(rows)
        self._evidence.day_signed(day)
        return manifest != before

    def _before(self, day: Day, folder: Path, key: DeviceKey) -> Manifest | None:
        """The manifest that we signed last; another's is kept aside and said."""
        cached = self._cache.get((day.camera, day.day))
        if cached is not None:
            return cached
        signed = read_signed(folder, key.public)
        if signed is None:
            return None
        manifest = signed.manifest
        if manifest and signed.by(key.public) and (manifest.camera, manifest.day) == _name(day):
            self._remember(day, manifest)
            return manifest
        name = set_aside(folder, signed)
        self._say(
            f"{day.camera}/{day.day}/{name}",
            "foreign_manifest",
            "the manifest was not signed by this device for this camera and day; kept aside",
        )
        return None

    def _inherit(
        self, rows: tuple[tuple[Segment, bool], ...], kept: dict[str, Entry]
    ) -> tuple[tuple[Segment, bool], ...]:
        """A rebuilt index knows no hashes: those that were signed are taken over."""
        found: list[tuple[Segment, bool]] = []
        for segment, late in rows:
            entry = kept.get(_file(segment))
            if segment.sha256 or entry is None or entry.size != segment.size:
                found.append((segment, late))
                continue
            later = entry.hashed == "later"
            self._evidence.set_hashes([(segment.path, entry.sha256)], late=later)
            found.append((replace(segment, sha256=entry.sha256), later))
        return tuple(found)

    def _entries(
        self, rows: tuple[tuple[Segment, bool], ...], kept: dict[str, Entry]
    ) -> tuple[list[Entry], list[bytes]]:
        """All entries of the day, and the lines of pieces of those that are new. What was signed
        once is never changed.
        """
        entries, lines = dict(kept), []
        for segment, late in rows:
            entry = kept.get(_file(segment))
            if entry is not None and segment.sha256 not in {"", entry.sha256}:
                self._say(segment.path, "mismatch", "the index has another hash than was signed")
            if entry is not None or not segment.sha256:
                continue
            line = self._line(segment)
            lines += [line] if line else []
            pieces = sha256(line).hexdigest() if line else ""
            entries[_file(segment)] = entry_of(segment, pieces, late=late)
        return list(entries.values()), lines

    def _line(self, segment: Segment) -> bytes:
        """The line of pieces of a file; read back from the disk when its digest was lost with an
        earlier process; empty when that is not possible any more.
        """
        with self._lock:
            digest = self._digests.get(segment.path)
        if digest is None or digest.sha256 != segment.sha256:
            try:
                digest = hash_file(self._place.root / segment.path)
            except OSError as error:
                self._say(segment.path, "unreadable", error.strerror or type(error).__name__)
                return b""
        if digest.sha256 != segment.sha256:
            self._say(segment.path, "mismatch", "the file has another hash than when it was closed")
            return b""
        return pieces_line(_file(segment), digest)

    def _say(self, path: str, kind: str, detail: str) -> None:
        self._tell(Finding(path, kind, detail, self._clock.now().wall))

    def _forget_digests(self, rows: tuple[tuple[Segment, bool], ...]) -> None:
        with self._lock:
            for segment, _ in rows:
                self._digests.pop(segment.path, None)

    def _remember(self, day: Day, manifest: Manifest) -> None:
        self._cache[day.camera, day.day] = manifest
        self._cache.move_to_end((day.camera, day.day))
        if len(self._cache) > _CACHED:
            self._cache.popitem(last=False)

    def _forget(self, day: Day) -> None:
        self._cache.pop((day.camera, day.day), None)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """One process signs at a time: the recorder, or an export while it does not run."""
    handle = os.open(state / "evidence.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _file(segment: Segment) -> str:
    return segment.path.rpartition("/")[2]


def _name(day: Day) -> tuple[str, str]:
    return day.camera, day.day
