"""What can be wrong at the desk, in words for the officer."""

from __future__ import annotations

from edge_agent.core.trouble import Trouble


def not_waiting(number: int, state: str) -> Trouble:
    """There is nothing to decide under this number."""
    return Trouble(
        "enrolment.not_waiting",
        f"Phiếu {number} không chờ quyết định (tình trạng: {state}). Xem: edge-agent center "
        "enrolment list",
        f"Ticket {number} does not wait for a decision (state: {state}). See: edge-agent center "
        "enrolment list",
    )


def other_key(number: int) -> Trouble:
    """The fingerprint that was read aloud is not the one that came with this ticket."""
    return Trouble(
        "enrolment.other_key",
        f"Dấu vân tay không khớp phiếu {number}. Đọc lại từ màn hình thiết bị; nếu vẫn không khớp, "
        "từ chối phiếu này: có thể có máy khác đã dùng mã.",
        f"The fingerprint is not that of ticket {number}. Read it from the box's screen again; "
        "if it still differs, refuse this ticket: another machine may have used the code.",
    )
