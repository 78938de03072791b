"""Which bytes of a file a request wants: `Range` of RFC 9110, section 14, one range at a time."""

from __future__ import annotations

import re

_ONE = re.compile(r"\s*(\d{1,18})?\s*-\s*(\d{1,18})?\s*", re.ASCII)


class NotSatisfiable(Exception):
    """The answer is 416: nothing of the file is in this range, or it is no single range."""


def wanted_bytes(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte (both included) that `header` asks of a file of `size` bytes.

    None for the whole file: no header, or a unit that is not bytes, which a server must ignore.
    Several ranges in one request are refused. Raises NotSatisfiable.
    """
    unit, equals, ranges = (header or "").partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    match = _ONE.fullmatch(ranges)
    if not match or (match[1] is None and match[2] is None):
        raise NotSatisfiable
    if match[1] is None:  # the last so many bytes
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first = int(match[1])
        last = size - 1 if match[2] is None else int(match[2])
        if last < first:
            raise NotSatisfiable
    if first >= size:
        raise NotSatisfiable
    return first, min(last, size - 1)
