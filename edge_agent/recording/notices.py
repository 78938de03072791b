"""What the recorder tells people through the agent: one constructor for each kind of notice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from edge_agent.core.ledger import Deletion, Notice, Promise, RetentionStatus
from edge_agent.core.time import iso
from edge_agent.store.evidence import Finding

DISK = "disk"
_SEVERITY = {Promise.MET: "info", Promise.AT_RISK: "warning", Promise.BROKEN: "critical"}


def retention_changed(status: RetentionStatus, floor_days: int, choice: str) -> Notice:
    """A camera's promise has another state; `choice` is what will be done when the disk is full."""
    return Notice(
        id=f"retention.{status.camera}.{status.state.value}.{iso(status.since)}",
        type=f"vn.qcam.retention.{status.state.value}.v1",
        subject=status.camera,
        time=status.since,
        severity=_SEVERITY[status.state],
        data={
            "floor_days": floor_days,
            "days_held": round(status.days_held, 2),
            "risk_days": None if status.risk_days is None else round(status.risk_days, 1),
            "bytes_per_day": status.bytes_per_day,
            "held_bytes": status.held_bytes,
            "capacity_bytes": status.capacity,
            "when_full": choice,
        },
    )


def deleted_early(deletion: Deletion, floor_days: int) -> Notice:
    """Footage inside the floor was deleted; at most one notice a camera and hour."""
    hour = deletion.at.replace(minute=0, second=0, microsecond=0)
    return Notice(
        id=f"deleted_early.{deletion.camera}.{iso(hour)}",
        type="vn.qcam.retention.deleted_early.v1",
        subject=deletion.camera,
        time=deletion.at,
        severity="critical",
        data={
            "floor_days": floor_days,
            "from": iso(deletion.start),
            "to": iso(deletion.end),
            "files": deletion.files,
            "bytes": deletion.size,
            "when_full": "delete_oldest",
        },
    )


def evidence_finding(finding: Finding) -> Notice:
    """A recorded file is no longer what was signed, or is gone; `subject` is the camera."""
    return Notice(
        id=f"evidence.{finding.kind}.{finding.path.replace('/', '.')}",
        type="vn.qcam.evidence.finding.v1",
        subject=finding.path.split("/")[0],
        time=finding.found,
        severity="critical",
        data={"path": finding.path, "kind": finding.kind, "detail": finding.detail},
    )


def disk_full(now: datetime, free: int, choice: str) -> Notice:
    """The disk is full and nothing more may be deleted: recording has stopped, or will."""
    data = {"free_bytes": free, "when_full": choice}
    return _disk("full", now, "critical", data)


def disk_state(state: str, now: datetime, detail: str) -> Notice:
    """The recordings disk is missing, or another one is there, or it is back (`ok`)."""
    return _disk(state, now, "info" if state == "ok" else "critical", {"detail": detail})


def disk_failing(now: datetime, smart: dict[str, Any]) -> Notice:
    """SMART says that the disk fails; once a day."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _disk("failing", day, "critical", smart)


def clock_suspect(now: datetime) -> Notice:
    """The clock stepped or leapt and nothing confirms it: nothing is deleted until that ends."""
    return Notice(
        id=f"clock.suspect.{iso(now)}",
        type="vn.qcam.clock.suspect.v1",
        subject="clock",
        time=now,
        severity="warning",
        data={"deletion": "paused"},
    )


def _disk(state: str, now: datetime, severity: str, data: dict[str, Any]) -> Notice:
    name, kind = f"disk.{state}.{iso(now)}", f"vn.qcam.disk.{state}.v1"
    return Notice(name, kind, DISK, now, severity, data)
