"""What each action takes: a table, so that a site reads nothing that is not written here (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from edge_agent.core.command import Action
from edge_agent.core.time import from_iso
from edge_agent.core.verdict import Verdict

LONGEST_REASON = 500
LARGEST_CONFIG = 64 * 1024
LONGEST_SPAN = timedelta(days=40)
TOKEN = re.compile(r"[A-Za-z0-9_-]{22,128}")

Reader = Callable[[Any], Any]


def read_arguments(action: Action, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an action, read: times as datetimes, everything else as itself.

    Raises ValueError (naming the argument) for one that is missing, unknown, or out of bounds.
    """
    wanted = _TABLE[action]
    if unknown := set(given) - set(wanted):
        raise ValueError(f"unknown: {', '.join(sorted(unknown))[:80]}")
    read = {name: _one(name, reader, given) for name, reader in wanted.items()}
    _span(read)
    return read


def needs_camera(action: Action) -> bool:
    """Whether the action is about one camera."""
    return action in {Action.SNAPSHOT, Action.CLIP, Action.HOLD, Action.LIVE_START}


def _one(name: str, reader: Reader, given: Mapping[str, Any]) -> Any:
    try:
        return reader(given.get(name))
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{name}: {error}") from error


def _span(read: Mapping[str, Any]) -> None:
    start, end = read.get("from"), read.get("to")
    if start is not None and end is not None and not start < end <= start + LONGEST_SPAN:
        raise ValueError(f"from, to: not a span of at most {LONGEST_SPAN.days} days")


def _time(value: Any) -> datetime:
    if not isinstance(value, str):
        raise TypeError("no time")
    return from_iso(value)


def _text(longest: int) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise ValueError(f"text of 1 to {longest} characters")
        return value

    return read


def _seconds(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 5 <= value <= 120:
        raise ValueError("5 to 120 seconds")
    return value


def _token(value: Any) -> str:
    if not isinstance(value, str) or not TOKEN.fullmatch(value):
        raise ValueError("no upload token")
    return value


def _verdict(value: Any) -> str:
    if value not in list(Verdict):
        raise ValueError(" | ".join(Verdict))
    return str(value)


def _optional(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


_TABLE: Mapping[Action, Mapping[str, Reader]] = {
    Action.PING: {},
    Action.RESYNC: {"from": _time, "to": _time},
    Action.SNAPSHOT: {"upload": _token},
    Action.CLIP: {"from": _time, "to": _time, "upload": _token},
    Action.HOLD: {
        "from": _time,
        "to": _optional(_time),
        "until": _optional(_time),
        "reason": _text(LONGEST_REASON),
    },
    Action.CONFIG_PROPOSE: {"yaml": _text(LARGEST_CONFIG), "reason": _text(LONGEST_REASON)},
    Action.LIVE_START: {"seconds": _seconds, "upload": _token},
    Action.LIVE_STOP: {},
    Action.VERDICT: {
        "event": _text(200),
        "verdict": _verdict,
        "note": _optional(_text(LONGEST_REASON)),
    },
}
