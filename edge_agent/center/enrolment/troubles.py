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
