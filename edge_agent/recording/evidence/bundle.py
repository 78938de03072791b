"""The folder of an export as it grows: copies, hashes, signatures; appears whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from edge_agent.recording.evidence.device_key import PUBLIC, DeviceKey
from edge_agent.recording.evidence.hashing import hash_file
from edge_agent.recording.evidence.manifest import NAME, PIECES, SIGNATURE
from edge_agent.recording.evidence.paper import put_file
from edge_agent.recording.evidence.signing import read_signed

SUMS = "SHA256SUMS"
EXPORT = "export.json"
SEGMENTS = "segments"
_CHUNK = 2**20

Passed = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """A file of the bundle: path inside it, bytes, SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(slots=True)
class Bundle:
    """Grows in `making`, beside where it will be; `files` in the order in which they came."""

    making: Path
    key: DeviceKey
    files: list[Copied] = field(default_factory=list)

    def copy(self, source: Path, path: str, passed: Passed) -> Copied:
        """Copy byte for byte, hashing what was read. Raises OSError."""
        place = self._place(path)
        running, size = sha256(), 0
        with source.open("rb", buffering=0) as old, place.open("xb", buffering=0) as new:
            while portion := old.read(_CHUNK):
                new.write(portion)
                running.update(portion)
                size += len(portion)
                passed(len(portion))
        return self._noted(path, size, running.hexdigest())

    def copy_day(self, source: Path, path: str) -> bool:
        """A day's manifest, its signature and its pieces; False when the day has none."""
        signed = read_signed(source, self.key.public)
        if signed is None:
            return False
        self.put(f"{path}/{NAME}", signed.data)
        self.put(f"{path}/{SIGNATURE}", signed.signature)
        if (source / PIECES).is_file():
            self.copy(source / PIECES, f"{path}/{PIECES}", lambda _: None)
        return True

    def put(self, path: str, data: bytes, mode: int = 0o640) -> Copied:
        """Write a document."""
        place = self._place(path)
        put_file(place, data, mode)
        return self._noted(path, len(data), sha256(data).hexdigest())

    def adopt(self, path: str) -> Copied:
        """A file that somebody else wrote into the bundle."""
        digest = hash_file(self.making / path)
        return self._noted(path, digest.size, digest.sha256)

    def put_signed(self, path: str, data: bytes) -> None:
        """Write a document and its signature beside it."""
        self.put(path, data)
        self.put(f"{path}.sig", self.key.sign(data))

    def seal(self, about: dict[str, Any], output: Path) -> None:
        """Key, export manifest and sums, all signed; then the bundle appears. Raises OSError."""
        self.put(PUBLIC, self.key.public.pem(), 0o644)
        listed = [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in self.files]
        told = {**about, "device": self.key.public.fingerprint, "files": listed}
        text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
        self.put_signed(EXPORT, f"{text}\n".encode())
        sums = "".join(f"{one.sha256}  {one.path}\n" for one in self.files)
        self.put_signed(SUMS, sums.encode())
        self.making.rename(output)

    def abandon(self) -> None:
        """Remove what there is."""
        shutil.rmtree(self.making, ignore_errors=True)

    def _place(self, path: str) -> Path:
        place = self.making / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _noted(self, path: str, size: int, digest: str) -> Copied:
        copied = Copied(path, size, digest)
        self.files.append(copied)
        return copied
