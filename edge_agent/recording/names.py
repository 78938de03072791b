"""Where a segment lies: its folder and name say camera, stream and UTC start."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from edge_agent.core.media import Role

_NAME = re.compile(
    r"(?P<camera>[a-z0-9][a-z0-9-]*)_main_(?P<seconds>\d{8}T\d{6})\.(?P<ms>\d{3})Z\.mp4"
)


def segment_path(camera: str, start: datetime) -> str:
    """`<camera>/<day>/<camera>_main_<start>.mp4`, relative to the recordings folder; UTC."""
    utc = start.astimezone(UTC)
    stamp = f"{utc:%Y%m%dT%H%M%S}.{utc.microsecond // 1000:03d}Z"
    return f"{camera}/{utc:%Y-%m-%d}/{camera}_{Role.MAIN.value}_{stamp}.mp4"


def parse_path(path: str) -> tuple[str, datetime] | None:
    """Camera and start that a segment's path says; None when it is not one of ours."""
    match = _NAME.fullmatch(path.rpartition("/")[2])
    if not match:
        return None
    try:
        start = datetime.fromisoformat(match["seconds"]).replace(tzinfo=UTC)
    except ValueError:
        return None
    start += timedelta(milliseconds=int(match["ms"]))
    return (match["camera"], start) if segment_path(match["camera"], start) == path else None
