"""Verification of recordings: every file against the signed manifest of its day.

Nothing is written, no database and no configuration is needed: the folder proves itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge_agent.core.trouble import Trouble
from edge_agent.recording.evidence.damage import damaged_seconds
from edge_agent.recording.evidence.device_key import PUBLIC, PublicKey
from edge_agent.recording.evidence.flaws import Flaw, Kind, Report, moments
from edge_agent.recording.evidence.hashing import hash_file
from edge_agent.recording.evidence.manifest import NAME, Entry, Manifest, read_pieces
from edge_agent.recording.evidence.signing import Signed, lines_of, read_signed
from edge_agent.recording.names import parse_path

Passed = Callable[[int], None]
_AT_WORK = 2  # files of a camera that may be newer than its manifest: one growing, one just closed


@dataclass(frozen=True, slots=True)
class Folder:
    """A camera's day to verify: where it lies, how it is called in the report, and, in an export,
    the names of the files that were taken (None: all).
    """

    place: Path
    told: str
    only: Collection[str] | None = None

    @property
    def camera_day(self) -> tuple[str, str]:
        """What the folders' names say."""
        return self.place.parent.name, self.place.name


def days_below(path: Path) -> tuple[Folder, ...]:
    """The days of a recordings folder, a camera's folder, or a day's folder.

    Raises Trouble when there is none.
    """
    levels = (".", "*", "*/*")
    for level in levels:
        places = [path] if level == "." else sorted(path.glob(level))
        days = [place for place in places if place.is_dir() and _is_day(place)]
        if days:
            return tuple(Folder(day, _told(day, path)) for day in days)
    raise Trouble(
        "verify.nothing",
        f"Không có gì để kiểm tra trong {path}: cần thư mục bản ghi, thư mục của một camera hoặc "
        "một ngày, hoặc một bản trích xuất.",
        f"There is nothing to verify in {path}: give a recordings folder, the folder of a camera "
        "or of a day, or an export.",
    )


def bytes_below(path: Path) -> int:
    """How much there is to read."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def key_for(path: Path, given: Path | None) -> PublicKey | None:
    """The key to check with: the one that was given, or the one that lies with the recordings.

    Raises Trouble when it cannot be read.
    """
    if given is not None:
        return PublicKey.read(given)
    for folder in (path.resolve(), *path.resolve().parents[:2]):
        if (folder / PUBLIC).is_file():
            return PublicKey.read(folder / PUBLIC)
    return None


def verify_recordings(path: Path, key: PublicKey | None, passed: Passed) -> Report:
    """Every day below `path`; `passed` hears how many bytes were read. Raises Trouble."""
    report = Report(key.fingerprint if key else "")
    if key is None:
        report.flaws.append(Flaw(PUBLIC, Kind.NO_KEY))
    for folder in days_below(path):
        DayCheck(folder, key, report, passed).run()
    return report


class DayCheck:
    """One day: its manifest, then every file that stands in it or lies beside it."""

    def __init__(
        self, folder: Folder, key: PublicKey | None, report: Report, passed: Passed
    ) -> None:
        self._folder, self._key, self._report, self._passed = folder, key, report, passed
        self._hashes: dict[str, str] = {}  # of the files that lie there

    def run(self) -> Manifest | None:
        """Put what is wrong into the report; the manifest, if there is one."""
        self._report.days += 1
        try:
            signed = read_signed(self._folder.place, self._key)
        except OSError as error:
            self._flaw(NAME, Kind.UNREADABLE, error.strerror or "")
            return None
        names = sorted(file.name for file in self._folder.place.glob("*.mp4"))
        if signed is None:
            self._unsigned(names)
            return None
        manifest = self._judged(signed)
        if manifest is None:
            return None
        for name in names:
            self._hash(name)
        listed = {entry.file: entry for entry in manifest.entries}
        strays = {name for name in self._hashes if name not in listed}
        for entry in manifest.entries:
            if self._folder.only is None or entry.file in self._folder.only:
                self._compare(entry, listed, strays)
        self._strays(strays, manifest)
        return manifest

    def _judged(self, signed: Signed) -> Manifest | None:
        manifest, key = signed.manifest, self._key
        if manifest is None:
            self._flaw(NAME, Kind.DAMAGED_MANIFEST)
            return None
        if key is not None and not signed.by(key):
            other = manifest.device != key.fingerprint
            self._flaw(
                NAME,
                Kind.FOREIGN if other else Kind.SIGNATURE,
                manifest.device[:16] if other else "",
            )
        if (manifest.camera, manifest.day) != self._folder.camera_day:
            self._flaw(NAME, Kind.MISPLACED, f"{manifest.camera} {manifest.day}")
        for file in manifest.broken_links():
            self._flaw(file, Kind.CHAIN)
        return manifest

    def _hash(self, name: str) -> None:
        try:
            digest = hash_file(self._folder.place / name, self._passed)
        except OSError as error:
            self._hashes[name] = ""
            self._flaw(name, Kind.UNREADABLE, error.strerror or "")
            return
        self._hashes[name] = digest.sha256
        self._report.files += 1
        self._report.bytes += digest.size

    def _compare(self, entry: Entry, listed: dict[str, Entry], strays: set[str]) -> None:
        found = self._hashes.get(entry.file)
        if found in {entry.sha256, ""}:
            return
        if found is None:
            now = next((name for name in strays if self._hashes[name] == entry.sha256), "")
            strays.discard(now)
            kind = Kind.RENAMED if now else Kind.MISSING
            self._flaw(entry.file, kind, now, _whole(entry))
            return
        other = next((name for name, one in listed.items() if one.sha256 == found), "")
        if other:
            self._flaw(entry.file, Kind.SWAPPED, other, _whole(entry))
        else:
            self._flaw(entry.file, Kind.CHANGED, "", self._located(entry))

    def _located(self, entry: Entry) -> tuple[tuple[float, float], ...]:
        """The seconds of a changed file that are changed; all of it when nothing can tell."""
        line = lines_of(self._folder.place).get(entry.pieces)
        try:
            pieces = () if line is None else read_pieces(line)
            place = self._folder.place / entry.file
            found = tuple(damaged_seconds(place, pieces, entry.seconds))
        except (OSError, ValueError):
            found = ()
        return found or _whole(entry)

    def _strays(self, strays: set[str], manifest: Manifest) -> None:
        """Files that no entry names: put in by somebody, or too new to be signed."""
        end = max((entry.began for entry in manifest.entries), default=None)
        for number, name in enumerate(sorted(strays, reverse=True)):
            began = _began(self._folder, name)
            new = end is None or (began is not None and began > end)
            if new and self._folder.only is None and number < _AT_WORK:
                self._report.pending += 1
            else:
                self._flaw(name, Kind.UNLISTED)

    def _unsigned(self, names: list[str]) -> None:
        if self._folder.only is None and len(names) <= _AT_WORK:
            self._report.pending += len(names)
        else:
            self._flaw(NAME, Kind.NO_MANIFEST)

    def _flaw(
        self,
        name: str,
        kind: Kind,
        detail: str = "",
        seconds: tuple[tuple[float, float], ...] = (),
    ) -> None:
        began = _began(self._folder, name)
        spans = moments(began, seconds) if began is not None else ()
        self._report.flaws.append(Flaw(f"{self._folder.told}{name}", kind, detail, spans))


def _began(folder: Folder, name: str) -> datetime | None:
    parsed = parse_path("/".join((*folder.camera_day, name)))
    return None if parsed is None else parsed[1]


def _whole(entry: Entry) -> tuple[tuple[float, float], ...]:
    return ((0.0, entry.seconds),)


def _is_day(place: Path) -> bool:
    return (place / NAME).is_file() or any(
        parse_path(f"{place.parent.name}/{place.name}/{name}") for name in _names(place)
    )


def _names(place: Path) -> Iterator[str]:
    return (file.name for file in place.glob("*.mp4"))


def _told(day: Path, path: Path) -> str:
    inside = day.relative_to(path).as_posix()
    return "" if inside == "." else f"{inside}/"
