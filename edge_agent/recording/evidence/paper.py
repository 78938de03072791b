"""Documents that must be whole or not there: canonical JSON, and files that appear at once."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge_agent.recording.files import sync_folder

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: Any) -> bytes:
    """JSON with one spelling: sorted keys, no spaces, UTF-8; so that hashes can be compared."""
    return _JSON.encode(value).encode()


def put_file(path: Path, data: bytes, mode: int = 0o640) -> None:
    """Write a file beside, sync it, rename it, sync the folder: after a cut the old one or the new
    one lies there. Raises OSError; nothing half-written stays.
    """
    beside = path.with_name(f".{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        handle = os.open(beside, flags, mode)
        with open(handle, "wb") as file:  # noqa: PTH123 - a handle, not a path
            os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(handle)
        beside.replace(path)
        sync_folder(path.parent)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def append_lines(path: Path, lines: Sequence[bytes], mode: int = 0o640) -> None:
    """Add lines to a file and sync it; a torn line before them is closed first. Raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, mode)
    with open(handle, "r+b", buffering=0) as file:  # noqa: PTH123 - a handle, not a path
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        file.write((b"\n" if torn else b"") + b"".join(line + b"\n" for line in lines))
        os.fsync(handle)
