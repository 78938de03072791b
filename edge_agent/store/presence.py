"""What is true now: the recorder's beat, the cameras' states and how they are reached."""

from __future__ import annotations

from datetime import datetime

from edge_agent.core.media import CameraState, CameraStatus
from edge_agent.store.connections import Connections
from edge_agent.store.moments import us, wall


class Presence:
    """The rows of the recordings database that only the newest value counts of."""

    _rows: Connections

    def write_status(self, status: CameraStatus) -> None:
        """The newest state of a camera; latest wins."""
        self._rows.write(
            "INSERT INTO statuses (camera, state, reason, since) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (camera) DO UPDATE SET state = excluded.state, "
            "reason = excluded.reason, since = excluded.since",
            (status.camera, status.state.value, status.reason, us(status.since)),
        )

    def forget_status(self, camera: str) -> None:
        """The camera is no longer ours to record."""
        self._rows.write("DELETE FROM statuses WHERE camera = ?", (camera,))

    def beat(self, moment: datetime, boot: str = "") -> None:
        """The recorder is alive, in this boot of the machine."""
        self._rows.write(
            "INSERT INTO beat (one, moment, boot) VALUES (1, ?, ?) "
            "ON CONFLICT (one) DO UPDATE SET moment = excluded.moment, boot = excluded.boot",
            (us(moment), boot),
        )

    def remember_transport(self, camera: str, transport: str) -> None:
        """How this camera's stream was reached: `tcp` or `udp`."""
        self._rows.write(
            "INSERT INTO transports (camera, transport) VALUES (?, ?) "
            "ON CONFLICT (camera) DO UPDATE SET transport = excluded.transport",
            (camera, transport),
        )

    def statuses(self) -> tuple[CameraStatus, ...]:
        """The state of every camera that the recorder knows, by name."""
        rows = self._rows.read("SELECT camera, state, reason, since FROM statuses ORDER BY camera")
        return tuple(
            CameraStatus(camera, CameraState(state), reason, wall(since))
            for camera, state, reason, since in rows
        )

    def last_beat(self) -> datetime | None:
        """When the recorder last said that it is alive."""
        rows = self._rows.read("SELECT moment FROM beat")
        return wall(rows[0][0]) if rows else None

    def last_boot(self) -> str:
        """The boot that the last beat was of; empty when nobody said."""
        rows = self._rows.read("SELECT boot FROM beat")
        return str(rows[0][0]) if rows else ""

    def transport(self, camera: str) -> str | None:
        """How this camera's stream was reached last time."""
        rows = self._rows.read("SELECT transport FROM transports WHERE camera = ?", (camera,))
        return str(rows[0][0]) if rows else None
