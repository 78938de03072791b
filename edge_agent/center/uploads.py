"""Where sites put the pictures and clips that were asked for: resumable, by token, hashed.

One upload is two files in a folder: `<request>.json` says what may come, `<request>.part` is what
has come; whole, it is renamed to `<request>.mp4` or `.jpg`. So the folder describes itself, and a
center that was killed goes on where it was. Form: see `link/upload.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from edge_agent.core.time import from_iso, iso

LARGEST = 2_000_000_000
LIFE = timedelta(days=1)
_REQUEST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")


class NotAdmitted(Exception):
    """No such upload, a wrong token, or too late: one answer for all tells a stranger nothing."""


class Conflict(Exception):
    """The part does not begin where the upload stands; `offset` says where that is."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"offset {offset}")
        self.offset = offset


class Spoiled(Exception):
    """What came is too much, or is not what was announced; the upload begins anew."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What may come for one request, until when, by whoever has the token."""

    request: str
    site: str
    camera: str
    suffix: str
    expires: datetime
    token_sha256: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is: bytes on disk, and the file's name once it is whole."""

    offset: int
    file: str = ""


class Uploads:
    """The uploads of one folder, for any number of threads. Raises OSError when the disk fails."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self._folder, self._largest = folder, largest
        self._lock = Lock()

    def expect(self, request: str, site: str, camera: str, suffix: str, now: datetime) -> str:
        """Make ready for an upload; returns the token that opens it, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        about = {
            "request": request,
            "site": site,
            "camera": camera,
            "suffix": suffix,
            "expires": iso(now + LIFE),
            "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
        }
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path(request, "json").write_text(json.dumps(about), encoding="utf-8")
        return token

    def standing(self, request: str, token: str, now: datetime) -> Progress:
        """How far this upload is. Raises NotAdmitted."""
        return self._standing(self._admit(request, token, now))

    def append(
        self, request: str, token: str, offset: int, data: bytes, digest: str, now: datetime
    ) -> Progress:
        """Append a part; with `digest` (the whole's `Repr-Digest`) it is the last.

        Raises NotAdmitted, Conflict, Spoiled.
        """
        expected = self._admit(request, token, now)
        with self._lock:
            there = self._standing(expected)
            if there.file or offset != there.offset:
                raise Conflict(there.offset)
            part = self._path(request, "part")
            if offset + len(data) > self._largest:
                part.unlink(missing_ok=True)
                raise Spoiled("too large")
            with part.open("ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if digest:
                self._finish(expected, part, digest)
            return self._standing(expected)

    def file(self, request: str) -> Path | None:
        """The whole upload, once it is whole."""
        for path in self._folder.glob(f"{request}.*"):
            if path.suffix not in {".json", ".part"}:
                return path
        return None

    def _finish(self, expected: Expected, part: Path, digest: str) -> None:
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
        match = _DIGEST.fullmatch(digest.strip())
        if match is None or base64.b64decode(match[1]) != found:
            part.unlink()
            raise Spoiled("digest")
        part.rename(self._path(expected.request, expected.suffix))

    def _standing(self, expected: Expected) -> Progress:
        whole = self._path(expected.request, expected.suffix)
        if whole.exists():
            return Progress(whole.stat().st_size, whole.name)
        part = self._path(expected.request, "part")
        return Progress(part.stat().st_size if part.exists() else 0)

    def _admit(self, request: str, token: str, now: datetime) -> Expected:
        if not _REQUEST.fullmatch(request):
            raise NotAdmitted
        try:
            about = json.loads(self._path(request, "json").read_text(encoding="utf-8"))
            expected = _expected(about)
        except (OSError, ValueError, KeyError) as error:
            raise NotAdmitted from error
        given = hashlib.sha256(token.encode()).hexdigest()
        if not hmac.compare_digest(given, expected.token_sha256) or now > expected.expires:
            raise NotAdmitted
        return expected

    def _path(self, request: str, suffix: str) -> Path:
        return self._folder / f"{request}.{suffix}"


def _expected(about: Mapping[str, str]) -> Expected:
    return Expected(
        request=about["request"],
        site=about["site"],
        camera=about["camera"],
        suffix=about["suffix"],
        expires=from_iso(about["expires"]),
        token_sha256=about["token_sha256"],
    )
