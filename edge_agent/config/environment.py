"""The environment of the process: the one place that reads or writes it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OURS_ALONE = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


def credentials_directory() -> Path | None:
    """Where systemd put the credentials of this unit (`LoadCredential=`), if it did."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    return Path(folder) if folder else None


def notify_socket() -> str:
    """The address on which systemd listens for READY and WATCHDOG; empty without systemd."""
    return os.environ.get("NOTIFY_SOCKET", "")


def watchdog_interval() -> float | None:
    """Seconds within which systemd wants a sign of life from this process; None if it wants none.

    sd_watchdog_enabled(3): a WATCHDOG_PID that is not ours means that a parent is watched.
    """
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    watched = os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    if watched and watched != str(os.getpid()):
        return None
    return int(microseconds) / 1_000_000


def for_child(*, keep_credentials: bool = True) -> dict[str, str]:
    """The environment for a child process: ours, without what systemd said to us alone."""
    kept = {"CREDENTIALS_DIRECTORY"} if keep_credentials else set()
    return {
        key: value for key, value in os.environ.items() if key not in _OURS_ALONE or key in kept
    }


def quiet_ultralytics(folder: Path) -> None:
    """Before ultralytics is imported: it stays offline, installs nothing, and keeps its settings
    in `folder` (made here), never in somebody's home.
    """
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["YOLO_OFFLINE"] = "1"
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["YOLO_CONFIG_DIR"] = str(folder)
    os.environ["YOLO_VERBOSE"] = "false"


@contextmanager
def without_proxies() -> Iterator[None]:
    """No proxy while this lasts: a camera on the site's own network is reached directly, and its
    password is shown to nobody on the way. Afterwards the environment is as it was.
    """
    names = [name for name in os.environ if name.lower() in _PROXIES]
    kept = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(kept)
