"""Reading what a stranger sent: bounded, exact, and with a reason for everything refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, NoReturn, TypeVar

from edge_agent.core.delivery import HIGHEST_SEQUENCE
from edge_agent.core.event import Lane
from edge_agent.core.time import from_iso

LONGEST_EPOCH = 64
_SHOWN = 80  # characters of a bad value that a reason repeats

E = TypeVar("E", bound=Enum)


class Flaw(ValueError):
    """Why a message from outside is not taken: one sentence for a log or an officer."""


def json_object(payload: bytes, largest: int) -> dict[str, Any]:
    """The JSON object in at most `largest` bytes of UTF-8. Raises Flaw."""
    if len(payload) > largest:
        raise Flaw(f"{len(payload)} bytes, at most {largest} are read")
    try:
        said = payload.decode("utf-8")
        value = json.loads(said, parse_constant=_no_constant, parse_float=_finite)
        if "\\u" in said:
            _storable(value)
    except (ValueError, RecursionError) as error:
        raise Flaw(f"not JSON: {_short(error)}") from None
    if not isinstance(value, dict):
        raise Flaw("not a JSON object")
    return value


def text(value: Mapping[str, Any], key: str, longest: int) -> str:
    """A non-empty text. Raises Flaw, as all readers of a field here do."""
    found = value.get(key)
    if not isinstance(found, str) or not 0 < len(found) <= longest or "\0" in found:
        raise Flaw(f"{key}: not a text of 1 to {longest} characters")
    return found


def whole(value: Mapping[str, Any], key: str, least: int = 0, most: int = HIGHEST_SEQUENCE) -> int:
    """A whole number (true and 1.0 are none)."""
    found = value.get(key)
    if type(found) is not int or not least <= found <= most:
        raise Flaw(f"{key}: not a whole number from {least} to {most}: {_short(found)}")
    return found


def truth(value: Mapping[str, Any], key: str) -> bool:
    """True or false."""
    found = value.get(key)
    if not isinstance(found, bool):
        raise Flaw(f"{key}: not true or false: {_short(found)}")
    return found


def moment(value: Mapping[str, Any], key: str) -> datetime:
    """An RFC 3339 time with its zone, as UTC."""
    try:
        return from_iso(text(value, key, 40))
    except (ValueError, OverflowError):
        raise Flaw(f"{key}: not a time: {_short(value.get(key))}") from None


def word(value: Mapping[str, Any], key: str, words: type[E]) -> E:
    """One of a closed list of words."""
    try:
        return words(value.get(key))
    except ValueError:
        raise Flaw(f"{key}: unknown: {_short(value.get(key))}") from None


def lane(value: Mapping[str, Any]) -> Lane:
    """The lane that a message names."""
    return word(value, "lane", Lane)


def objects(value: Mapping[str, Any], key: str, most: int) -> Sequence[Mapping[str, Any]]:
    """A list of 1 to `most` JSON objects."""
    found = value.get(key)
    if not isinstance(found, list) or not 0 < len(found) <= most:
        raise Flaw(f"{key}: not a list of 1 to {most} objects")
    if not all(isinstance(item, dict) for item in found):
        raise Flaw(f"{key}: holds something that is no object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits:.20} is too large")
    return number


def _storable(value: object) -> None:
    """Escapes can say what no database keeps: half a character, or NUL. Raises ValueError."""
    if b"\\u0000" in json.dumps(value, ensure_ascii=False).encode("utf-8"):
        raise ValueError("holds NUL")


def _short(value: object) -> str:
    return f"{value!s:.{_SHOWN}}"
