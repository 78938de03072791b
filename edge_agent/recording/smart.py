"""What the disk says of its own health (SMART), where `smartctl` is installed and may be asked."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SECONDS = 20.0
_REALLOCATED = 5  # ATA attribute: sectors that were replaced
_SYS = Path("/sys/dev/block")


def smart_health(folder: Path) -> dict[str, Any] | None:
    """Health of the device under a folder; None where nobody can tell (no smartctl, no rights, a
    device without SMART).
    """
    device = device_of(folder)
    if device is None:
        return None
    command = ["smartctl", "--json", "--health", "--attributes", device]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        return figures(device, json.loads(done.stdout))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def figures(device: str, said: Mapping[str, Any]) -> dict[str, Any] | None:
    """The figures that matter of smartctl's JSON; None when it has no verdict."""
    status = said.get("smart_status")
    if not isinstance(status, Mapping) or "passed" not in status:
        return None
    table = said.get("ata_smart_attributes", {}).get("table", [])
    raw = {row["id"]: row["raw"]["value"] for row in table if "id" in row and "raw" in row}
    nvme = said.get("nvme_smart_health_information_log", {})
    return {
        "device": device,
        "passed": bool(status["passed"]),
        "temperature": said.get("temperature", {}).get("current"),
        "power_on_hours": said.get("power_on_time", {}).get("hours"),
        "reallocated_sectors": raw.get(_REALLOCATED),
        "wear_percent": nvme.get("percentage_used"),
    }


def device_of(folder: Path) -> str | None:
    """The whole disk (`/dev/sda`) that a folder is on; None for tmpfs, overlay, network."""
    try:
        number = folder.stat().st_dev
        place = (_SYS / f"{os.major(number)}:{os.minor(number)}").resolve(strict=True)
    except OSError:
        return None
    if (place / "partition").exists():
        place = place.parent
    return f"/dev/{place.name}"
