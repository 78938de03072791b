"""Verification of an export: its signatures, every file in it, the days it was taken from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from edge_agent.recording.evidence.bundle import EXPORT, SEGMENTS, SUMS
from edge_agent.recording.evidence.device_key import PUBLIC, PublicKey
from edge_agent.recording.evidence.flaws import Flaw, Kind, Report
from edge_agent.recording.evidence.hashing import hash_file
from edge_agent.recording.evidence.verify import DayCheck, Folder, Passed


def is_export(path: Path) -> bool:
    """Whether this folder is an export."""
    return (path / EXPORT).is_file() or (path / SUMS).is_file()


def verify_export(path: Path, key: PublicKey | None, passed: Passed) -> Report:
    """An export against its signatures; `passed` hears how many bytes were read."""
    report = Report(key.fingerprint if key else "")
    if key is None:
        report.flaws.append(Flaw(PUBLIC, Kind.NO_KEY))
    _Check(path, key, report, passed).run()
    return report


@dataclass(frozen=True, slots=True)
class _Check:
    place: Path
    key: PublicKey | None
    report: Report
    passed: Passed

    def run(self) -> None:
        about = self._about()
        self._signed(SUMS, "")
        if about is None:
            return
        listed = {str(one["path"]): str(one["sha256"]) for one in about["files"]}
        films = {one for one in listed if one.startswith(f"{SEGMENTS}/") and one.endswith(".mp4")}
        self._days(films, listed)
        for name in sorted(set(listed) - films):
            self._file(name, listed[name])
        own = {EXPORT, f"{EXPORT}.sig", SUMS, f"{SUMS}.sig"}
        there = {
            one.relative_to(self.place).as_posix() for one in self.place.rglob("*") if one.is_file()
        }
        # strays among the films are told with their day
        for name in sorted(there - set(listed) - own):
            if not (name.startswith(f"{SEGMENTS}/") and name.endswith(".mp4")):
                self._flaw(name, Kind.UNLISTED)

    def _about(self) -> dict[str, Any] | None:
        """The export's manifest, its signature checked."""
        try:
            told = json.loads((self.place / EXPORT).read_bytes())
            for one in told["files"]:
                _checked(one["path"])
            device = str(told["device"])
        except FileNotFoundError:
            self._flaw(EXPORT, Kind.MISSING)
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            self._flaw(EXPORT, Kind.DAMAGED_MANIFEST)
            return None
        self._signed(EXPORT, device)
        return dict(told)

    def _signed(self, name: str, device: str) -> None:
        try:
            data = (self.place / name).read_bytes()
            signature = (self.place / f"{name}.sig").read_bytes()
        except OSError:
            self._flaw(name, Kind.SIGNATURE)
            return
        if self.key is not None and not self.key.signed(data, signature):
            foreign = bool(device) and device != self.key.fingerprint
            self._flaw(
                name, Kind.FOREIGN if foreign else Kind.SIGNATURE, device[:16] if foreign else ""
            )

    def _days(self, films: set[str], listed: dict[str, str]) -> None:
        days = {film.rpartition("/")[0] for film in films}
        days |= {
            one.parent.relative_to(self.place).as_posix()
            for one in self.place.glob(f"{SEGMENTS}/*/*/*.mp4")
        }
        for day in sorted(days):
            only = {film.rpartition("/")[2] for film in films if film.startswith(f"{day}/")}
            folder = Folder(self.place / day, f"{day}/", only)
            manifest = DayCheck(folder, self.key, self.report, self.passed).run()
            if manifest is None:
                continue
            signed = {entry.file: entry.sha256 for entry in manifest.entries}
            for name in sorted(only):
                if signed.get(name) != listed[f"{day}/{name}"]:
                    self._flaw(f"{day}/{name}", Kind.UNLISTED)

    def _file(self, name: str, wanted: str) -> None:
        try:
            digest = hash_file(self.place / name, self.passed)
        except FileNotFoundError:
            self._flaw(name, Kind.MISSING)
            return
        except OSError as error:
            self._flaw(name, Kind.UNREADABLE, error.strerror or "")
            return
        self.report.files += 1
        self.report.bytes += digest.size
        if digest.sha256 != wanted:
            self._flaw(name, Kind.CHANGED)

    def _flaw(self, name: str, kind: Kind, detail: str = "") -> None:
        self.report.flaws.append(Flaw(name, kind, detail))


def _checked(path: str) -> None:
    """Raise ValueError for a path that leads out of the export."""
    if ".." in PurePosixPath(path).parts or path.startswith("/"):
        raise ValueError(path)
