"""The manifest of one camera and one UTC day: what was recorded, chained and signed. Pure.

`manifest.json` is canonical JSON (sorted keys, no spaces, UTF-8); `manifest.json.sig` holds the 64
bytes of the Ed25519 signature over exactly its bytes. Every entry names the hash of the entry
before it, so that no file can be taken out, put in or moved without breaking the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.core.time import from_iso, iso
from edge_agent.recording.evidence.hashing import Digest, Piece
from edge_agent.recording.evidence.paper import canonical

NAME = "manifest.json"
SIGNATURE = "manifest.json.sig"
PIECES = "pieces.jsonl"
FORMAT = "edge-agent-manifest/1"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the day. `start` RFC 3339 UTC, `seconds` of media, `size` bytes, `sha256` of the
    bytes, `hashed` is `written` (while it was written) or `later` (read back after a crash),
    `pieces` the SHA-256 of its line in `pieces.jsonl`, `previous` the hash of the entry before.
    """

    file: str
    start: str
    seconds: float
    size: int
    sha256: str
    hashed: str
    pieces: str
    run: str
    previous: str = ""

    def values(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        return {name: getattr(self, name) for name in _FIELDS}

    def link(self) -> str:
        """SHA-256 of this entry: what the next one calls `previous`."""
        return sha256(canonical(self.values())).hexdigest()

    @property
    def began(self) -> datetime:
        """Wall time of its first picture."""
        return from_iso(self.start)

    @property
    def ended(self) -> datetime:
        """Wall time at which its last picture ends."""
        return self.began + timedelta(seconds=self.seconds)


_FIELDS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True)
class Manifest:
    """A day of a camera. `device` is the fingerprint of the key that signs; `deleted` names the
    files that retention has removed since, with the moment; `gaps` are those of the ledger.
    """

    camera: str
    day: str
    device: str
    site: str
    entries: tuple[Entry, ...]
    gaps: tuple[dict[str, Any], ...] = ()
    deleted: tuple[tuple[str, str], ...] = ()

    def to_bytes(self) -> bytes:
        """The bytes that are signed."""
        return canonical(
            {
                "format": FORMAT,
                "camera": self.camera,
                "day": self.day,
                "device": self.device,
                "site": self.site,
                "segments": [entry.values() for entry in self.entries],
                "gaps": list(self.gaps),
                "deleted": [{"file": file, "when": when} for file, when in self.deleted],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """The manifest that `to_bytes` wrote. Raises ValueError on anything else."""
        try:
            values = json.loads(data)
            if values["format"] != FORMAT:
                raise ValueError(f"format {values['format']!r}")
            entries = tuple(Entry(**entry) for entry in values["segments"])
            for entry in entries:
                _checked(entry)
            return cls(
                str(values["camera"]),
                str(values["day"]),
                str(values["device"]),
                str(values["site"]),
                entries,
                tuple(dict(gap) for gap in values["gaps"]),
                tuple((str(one["file"]), str(one["when"])) for one in values["deleted"]),
            )
        except (KeyError, TypeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"not a manifest: {error}") from error

    def closed_gaps(self) -> tuple[Gap, ...]:
        """The gaps that had ended when this was signed. Raises ValueError when one is none."""
        try:
            return tuple(
                Gap(
                    *(self.camera, from_iso(one["start"]), from_iso(one["end"])),
                    *(GapReason(one["reason"]), str(one["detail"])),
                )
                for one in self.gaps
                if one["end"] is not None
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a gap: {error}") from error

    def broken_links(self) -> tuple[str, ...]:
        """The files whose entry does not follow from the one before."""
        expected = genesis(self.camera, self.day)
        broken = []
        for entry in self.entries:
            if entry.previous != expected:
                broken.append(entry.file)
            expected = entry.link()
        return tuple(broken)


def genesis(camera: str, day: str) -> str:
    """What the first entry of a day calls `previous`."""
    return sha256(canonical({"camera": camera, "day": day})).hexdigest()


def chained(camera: str, day: str, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries in the order of their start, each naming the one before."""
    link = genesis(camera, day)
    made = []
    for entry in sorted(entries, key=lambda one: (one.start, one.file)):
        made.append(replace(entry, previous=link))
        link = made[-1].link()
    return tuple(made)


def entry_of(segment: Segment, pieces: str, *, late: bool) -> Entry:
    """The entry of an indexed file; `pieces` is the hash of its line."""
    return Entry(
        segment.path.rpartition("/")[2],
        iso(segment.start),
        round(segment.seconds, 6),
        segment.size,
        segment.sha256,
        "later" if late else "written",
        pieces,
        segment.run,
    )


def gap_words(gaps: Sequence[Gap], start: datetime, end: datetime) -> tuple[dict[str, Any], ...]:
    """The gaps inside [start, end), cut to it; `end` null while one lasts."""
    return tuple(
        {
            "start": iso(max(gap.start, start)),
            "end": None if gap.end is None else iso(min(gap.end, end)),
            "reason": gap.reason.value,
            "detail": gap.detail,
        }
        for gap in gaps
        if gap.start < end and (gap.end is None or gap.end > max(gap.start, start))
    )


def day_span(day: str) -> tuple[datetime, datetime]:
    """First and last moment of a UTC day. Raises ValueError."""
    start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    return start, start + timedelta(days=1)


def pieces_line(file: str, digest: Digest) -> bytes:
    """The line that tells a file's pieces: lengths and short hashes, in order."""
    return canonical({"file": file, "pieces": [[p.length, p.short] for p in digest.pieces]})


def read_pieces(line: bytes) -> tuple[Piece, ...]:
    """The pieces that a line tells. Raises ValueError."""
    try:
        return tuple(Piece(int(size), str(short)) for size, short in json.loads(line)["pieces"])
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a line of pieces: {error}") from error


def _checked(entry: Entry) -> None:
    """A name may not lead out of its folder, and the values are what they are called."""
    texts = (entry.file, entry.start, entry.sha256, entry.hashed, entry.pieces, entry.run)
    if not all(isinstance(text, str) for text in texts) or not isinstance(entry.size, int):
        raise ValueError(f"not an entry: {entry}")
    if "/" in entry.file or entry.file in {"", ".", ".."} or not 0 <= entry.seconds < 1e6:
        raise ValueError(f"not an entry: {entry.file!r}")
    from_iso(entry.start)
