"""The token that opens the pages of this box: random, in a file for our user alone."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes
_MODE = 0o600


def read_or_make_token(path: Path, hide: Callable[[Iterable[str]], None]) -> str:
    """The token in this file; a new one where there is none, or where others could have read it.

    It is given to `hide` before anything else happens with it. Raises OSError.
    """
    token = _kept(path) or _made(path)
    hide([token])
    return token


def right_token(given: str, token: str) -> bool:
    """Whether they are equal, in a time that says nothing about where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _kept(path: Path) -> str | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        private = os.fstat(file.fileno()).st_mode & 0o077 == 0
        text = file.read(200).decode("ascii", "replace").strip()
    return text if private and _TOKEN.fullmatch(text) else None


def _made(path: Path) -> str:
    token = secrets.token_urlsafe(32)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    with os.fdopen(handle, "w") as file:
        file.write(f"{token}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return token
