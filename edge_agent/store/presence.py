"""What is true now: the recorder's beat, the cameras' states and how they are reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from edge_agent.core.media import CameraState, CameraStatus
from edge_agent.core.time import Instant
from edge_agent.store.connections import Connections
from edge_agent.store.moments import us, wall

_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life of the recorder: when, in which boot of the machine (empty when unknown; only
    there its monotonic clock means something), and by how much and at which monotonic second the
    wall clock was set back in this recorder's life, the last time.
    """

    at: Instant
    boot: str = ""
    back: timedelta = timedelta()
    back_at: float = 0.0


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

    def beat(self, beat: Beat) -> None:
        """The recorder is alive, and all that it had to say before this is written."""
        self._rows.write(
            "INSERT OR REPLACE INTO beat (one, moment, boot, mono, back, back_at) "
            "VALUES (1, ?, ?, ?, ?, ?)",
            (us(beat.at.wall), beat.boot, beat.at.mono, beat.back // _US, beat.back_at),
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

    def last_beat(self) -> Beat | None:
        """When the recorder last said that it is alive."""
        rows = self._rows.read("SELECT moment, mono, boot, back, back_at FROM beat")
        if not rows:
            return None
        moment, mono, boot, back, back_at = rows[0]
        return Beat(Instant(wall(moment), mono), boot, back * _US, back_at)

    def last_boot(self) -> str:
        """The boot that the last beat was of; empty when nobody said."""
        beat = self.last_beat()
        return "" if beat is None else beat.boot

    def transport(self, camera: str) -> str | None:
        """How this camera's stream was reached last time."""
        rows = self._rows.read("SELECT transport FROM transports WHERE camera = ?", (camera,))
        return str(rows[0][0]) if rows else None
