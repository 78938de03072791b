"""The ledger as a picture: a strip a day and camera, green where recorded, a colour a reason.

SVG 1.1 without scripts, fonts or links: any browser shows and prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from html import escape

from edge_agent.core.ledger import Day
from edge_agent.core.media import GapReason
from edge_agent.recording.coverage import day_bounds

LEGEND: dict[GapReason, tuple[str, str, str]] = {
    GapReason.CAMERA_OFFLINE: ("#d32f2f", "camera không trả lời", "camera offline"),
    GapReason.NETWORK: ("#f57c00", "mất mạng", "network"),
    GapReason.PASSWORD_REFUSED: ("#8e24aa", "sai mật khẩu", "password refused"),
    GapReason.CODEC_NOT_SUPPORTED: ("#6d4c41", "bộ mã không hỗ trợ", "codec not supported"),
    GapReason.TOO_MANY_SESSIONS: ("#ec407a", "hết phiên xem", "too many sessions"),
    GapReason.DISK_FULL: ("#212121", "đĩa đầy", "disk full"),
    GapReason.DISK_SLOW: ("#616161", "đĩa chậm", "disk too slow"),
    GapReason.DISK_MISSING: ("#4a148c", "mất đĩa", "disk missing"),
    GapReason.RECORDER_RESTARTED: ("#1565c0", "khởi động lại bộ ghi", "recorder restarted"),
    GapReason.POWER_LOSS: ("#fbc02d", "mất điện", "power loss"),
    GapReason.CLOCK_STEPPED: ("#00acc1", "đồng hồ bị chỉnh", "clock stepped"),
    GapReason.PLANNED: ("#90a4ae", "có kế hoạch", "planned"),
    GapReason.UNKNOWN: ("#ff00c8", "chưa rõ", "unknown"),
}
_RECORDED, _NOT_DUE, _INK, _FAINT = "#43a047", "#eceff1", "#263238", "#90a4ae"
_LEFT, _WIDE, _RIGHT = 120, 960, 200
_ROW, _BAR, _HEAD = 24, 18, 46
_COLUMNS = 3
_LEAST = 1.5  # pixels: a gap of seconds must still be seen


def picture(days: Iterable[Day], zone: tzinfo, title: str) -> str:
    """The SVG of these days, grouped by camera in the order given; times in the site's zone."""
    groups: dict[str, list[Day]] = {}
    for day in days:
        groups.setdefault(day.camera, []).append(day)
    body, top = [_text(20, 30, title, size=18, weight="bold")], 50
    for camera, rows in groups.items():
        body += _camera(camera, rows, zone, top)
        top += _HEAD + _ROW * len(rows) + 10
    if not groups:
        body.append(
            _text(20, top + 10, "Không có gì phải ghi trong khoảng này. / Nothing was due.")
        )
        top += 30
    body += _legend(top + 14)
    wide, high = _LEFT + _WIDE + _RIGHT, top + 34 + 24 * (-(-(len(LEGEND) + 2) // _COLUMNS))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
        f'width="{wide}" height="{high}" font-family="sans-serif">'
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>'
    )
    return "\n".join([head, *body, "</svg>"]) + "\n"


def _camera(camera: str, rows: Sequence[Day], zone: tzinfo, top: int) -> Iterator[str]:
    yield _text(20, top + 16, camera, size=15, weight="bold")
    due = sum((day.due for day in rows), timedelta())
    recorded = sum((day.recorded for day in rows), timedelta())
    yield _text(_LEFT + _WIDE + 10, top + 16, percent(recorded, due), size=15, weight="bold")
    bottom = top + _HEAD + _ROW * len(rows)
    for hour in range(0, 25, 3):
        x = _LEFT + _WIDE * hour / 24
        yield (
            f'<line x1="{x:.1f}" y1="{top + _HEAD - 8}" x2="{x:.1f}" y2="{bottom - 4}" '
            f'stroke="{_FAINT}" stroke-width="0.5"/>'
        )
        yield _text(x, top + _HEAD - 12, f"{hour:02d}:00", size=11, anchor="middle")
    for at, day in enumerate(rows):
        yield from _row(day, zone, top + _HEAD + _ROW * at)


def _row(day: Day, zone: tzinfo, top: int) -> Iterator[str]:
    start, end = day_bounds(day.day, zone)

    def bar(first: datetime, last: datetime, colour: str, said: str) -> str:
        x = _LEFT + _WIDE * ((first - start) / (end - start))
        wide = max(_LEAST, _WIDE * ((last - first) / (end - start)))
        return (
            f'<rect x="{min(x, _LEFT + _WIDE - wide):.2f}" y="{top}" width="{wide:.2f}" '
            f'height="{_BAR}" fill="{colour}"><title>{escape(said)}</title></rect>'
        )

    yield _text(20, top + 14, f"{day.day:%d/%m/%Y}", size=13)
    yield bar(start, end, _NOT_DUE, "không phải ghi / not due")
    if day.due:
        yield bar(day.start, day.end, _RECORDED, "đã ghi / recorded")
    for gap in day.gaps:
        colour, vi, en = LEGEND[gap.reason]
        last = gap.end or day.end
        times = " – ".join(f"{at.astimezone(zone):%H:%M:%S}" for at in (gap.start, last))
        detail = f" ({gap.detail})" if gap.detail else ""
        yield bar(gap.start, last, colour, f"{times} {vi} / {en}{detail}")
    lost = f"  −{say(day.lost)}" if day.lost else ""
    yield _text(_LEFT + _WIDE + 10, top + 14, percent(day.recorded, day.due) + lost, size=13)


def _legend(top: int) -> Iterator[str]:
    entries = [
        (_RECORDED, "đã ghi", "recorded"),
        *LEGEND.values(),
        (_NOT_DUE, "không phải ghi", "not due"),
    ]
    for at, (colour, vi, en) in enumerate(entries):
        x, y = 20 + 400 * (at % _COLUMNS), top + 24 * (at // _COLUMNS)
        yield f'<rect x="{x}" y="{y}" width="26" height="16" fill="{colour}"/>'
        yield _text(x + 34, y + 13, f"{vi} / {en}", size=13)


def percent(part: timedelta, whole: timedelta) -> str:
    """A share that never rounds up to 100: `99.99 %` with one lost second, `100 %` with none."""
    if not whole:
        return "–"
    if part >= whole:
        return "100 %"
    return f"{min(99.99, int(part / whole * 10_000) / 100):.2f} %"


def say(length: timedelta) -> str:
    """A length for people: `2 h 05 min`, `3 min 10 s`, `4.2 s`."""
    seconds = length.total_seconds()
    if seconds >= 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"
    if seconds >= 60:
        return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    return f"{seconds:.1f} s"


def clock(length: timedelta) -> str:
    """A length as `17:38:03`; a part of a second is never rounded away: `0:00:00.4`."""
    seconds = length.total_seconds()
    whole = int(seconds)
    part = f"{seconds - whole:.1f}"[1:] if 0 < seconds < 60 and seconds != whole else ""
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}{part}"


def _text(
    x: float, y: float, words: str, size: int = 13, weight: str = "normal", anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{_INK}">{escape(words)}</text>'
    )
