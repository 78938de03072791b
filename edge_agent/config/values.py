"""Durations and byte sizes as people write them: `10s`, `2m`, `500MB`, `0.5TB`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def parse_duration(value: object) -> float:
    """Seconds of `10s`, `2m`, `1h`, `30d`, `200ms`. Raises ValueError with what is allowed."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*", str(value))
    if not match:
        raise ValueError("duration")
    return float(match[1]) * _SECONDS[match[2]]


def parse_size(value: object) -> int:
    """Bytes of `500MB`, `2GB`, `0.5TB` (powers of ten). Raises ValueError with what is allowed."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)\s*", str(value))
    if not match:
        raise ValueError("size")
    return int(float(match[1]) * _BYTES[match[2]])


def say_duration(seconds: float) -> str:
    """Seconds as people write them: `90s`, `10m`, `500ms`; what `parse_duration` reads back."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{seconds:g}s" if seconds >= 1 or not seconds else f"{seconds * 1000:g}ms"


def say_size(size: int) -> str:
    """Bytes as people write them: `2GB`, `500MB`; what `parse_size` reads back."""
    for unit in ("TB", "GB", "MB", "kB"):
        if size and size % _BYTES[unit] == 0:
            return f"{size // _BYTES[unit]}{unit}"
    return f"{size}B"


Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0)]
Bytes = Annotated[int, BeforeValidator(parse_size), Field(ge=0)]
