"""A moment as people write it: site time, ISO with a zone, or so long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from edge_agent.core.trouble import Trouble

_AGO = re.compile(r"-(\d{1,6})(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FORM = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)


def parse_moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The UTC moment of `2021-07-28 14:32[:05]` (time of the site), `2021-07-28T14:32:05+07:00`,
    `…Z`, or `-5m` (before `now`; s, m, h, d). Raises Trouble `time.wrong`.
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now.astimezone(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        match = _FORM.fullmatch(text)
        if not match:
            raise _wrong(text)
        wall = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ''}")
        wall = wall if wall.tzinfo else wall.replace(tzinfo=zone)
        return wall.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(text) from error


def _wrong(text: str) -> Trouble:
    shown = text[:40].encode("unicode_escape").decode("ascii") if text[:40].isascii() else "?"
    return Trouble(
        "time.wrong",
        f"không hiểu thời điểm '{shown}'; viết như '2021-07-28 14:32' (giờ của cơ sở), "
        "'2021-07-28T14:32:05+07:00' hoặc '-5m' (5 phút trước)",
        f"'{shown}' is not a moment; write '2021-07-28 14:32' (time of the site), "
        "'2021-07-28T14:32:05+07:00' or '-5m' (5 minutes ago)",
    )
