"""Why an export cannot be made, in words."""

from __future__ import annotations

import errno
from pathlib import Path

from edge_agent.core.trouble import Trouble
from edge_agent.recording.span import Span

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def wrong(vi: str, en: str) -> Trouble:
    """The request cannot be right."""
    return Trouble("export.wrong", f"Không trích xuất được: {vi}.", f"Cannot export: {en}.")


def empty(span: Span) -> Trouble:
    """Nothing was recorded in the span; the ledger says why."""
    reasons = ", ".join(sorted({hole.reason for hole in span.missing if hole.reason}))
    return Trouble(
        "export.empty",
        f"Camera {span.camera} không có bản ghi nào trong khoảng này "
        f"(lý do trong sổ: {reasons or 'không có'}). Chọn khoảng khác; xem edge-agent ledger.",
        f"Camera {span.camera} has no footage in this span "
        f"(reasons in the ledger: {reasons or 'none'}). Choose another; see edge-agent ledger.",
    )


def failed(output: Path, error: OSError, needed: int = 0) -> Trouble:
    """The disk did not take it."""
    if error.errno in _FULL:
        room = f" ({needed // 10**6 + 1} MB)" if needed else ""
        return Trouble(
            "export.disk_full",
            f"Không đủ chỗ trống cho bản trích xuất {output}{room}. Giải phóng chỗ hoặc chọn ổ "
            "khác; không có gì dở dang còn lại.",
            f"There is no room for the export {output}{room}. Free some space or choose another "
            "disk; nothing half-made was left.",
        )
    detail = error.strerror or type(error).__name__
    return Trouble(
        "export.failed",
        f"Không trích xuất được vào {output} ({detail}). Kiểm tra ổ đĩa và quyền ghi.",
        f"The export into {output} failed ({detail}). Check the disk and its permissions.",
    )


def told_missing(path: str) -> tuple[str, str]:
    """A file that the index knows is not on the disk."""
    return (
        f"{path}: THIẾU tệp gốc trên ổ ghi hình",
        f"{path}: the original file is MISSING from the recordings disk",
    )
