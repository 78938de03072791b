"""A CloudEvent from outside → a fact that can be stored. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edge_agent.center import flaws
from edge_agent.center.flaws import Flawed
from edge_agent.link import strict

DEEPEST = 32
LARGEST_DATA = 128 * 1024
_NAME = 200
_TYPE = re.compile(r"vn\.qcam(?:\.[a-z][a-z0-9_-]*)+\.v(\d{1,4})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Fact:
    """An event of a site with its place in the lane; `data` is JSON text."""

    sequence: int
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    severity: str
    data: str


def fact(event: Mapping[str, Any], site: str, sequence: int, newest: int) -> Fact:
    """The fact in a CloudEvent of this site; schemas v(newest) and v(newest - 1) are read.

    Raises Flawed, or the link's Flaw for a field that is missing or wrong.
    """
    kind = _line(event, "type")
    match = _TYPE.fullmatch(kind)
    if not match or not max(1, newest - 1) <= int(match[1]) <= newest:
        raise Flawed(flaws.version(kind, newest))
    source = _line(event, "source")
    if source != f"qcam/{site}":
        raise Flawed(flaws.stranger(site, source))
    return Fact(
        sequence,
        _line(event, "id"),
        source,
        kind,
        _line(event, "subject") if event.get("subject") else "",
        strict.moment(event, "time"),
        _line(event, "severitytext") if event.get("severitytext") else "info",
        _data(event.get("data")),
    )


def _line(event: Mapping[str, Any], key: str) -> str:
    """A text of one line, as names are."""
    found = strict.text(event, key, _NAME)
    if _CONTROL.search(found):
        raise strict.Flaw(f"{key}: not one line of text")
    return found


def _data(value: object) -> str:
    if value is not None and not isinstance(value, dict):
        raise strict.Flaw("data: not an object")
    if not _shallow(value, DEEPEST):
        raise Flawed(flaws.deep(DEEPEST))
    text = json.dumps(value or {}, ensure_ascii=False, separators=(",", ":"))
    if len(text) > LARGEST_DATA:
        raise Flawed(flaws.oversize(len(text), LARGEST_DATA))
    return text


def _shallow(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return levels > 0 and all(_shallow(inner, levels - 1) for inner in value.values())
    if isinstance(value, list):
        return levels > 0 and all(_shallow(inner, levels - 1) for inner in value)
    return True
