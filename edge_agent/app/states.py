"""A camera's state for the center: what the recorder says, and whether anybody looks at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from edge_agent.core.media import CameraState, CameraStatus, GapReason
from edge_agent.core.perception import VisionStatus
from edge_agent.core.time import Instant

BLIND_AFTER = 15.0
SILENT_AFTER = 15.0
NOT_LOOKED_AT = "not_looked_at"


class CameraStates:
    """Recorded but not analysed for 15 s is `blind`: silence must never read as compliance."""

    def __init__(self, vision_wanted: bool) -> None:
        self._vision_wanted = vision_wanted
        self._unseen: dict[str, Instant] = {}

    def judge(
        self,
        recorded: Iterable[CameraStatus],
        beat: datetime | None,
        looked: Iterable[VisionStatus],
        now: Instant,
    ) -> tuple[CameraStatus, ...]:
        """The states of this moment, one per camera that the recorder speaks of.

        A recorder whose last `beat` is 15 s old is dead, whatever it said last.
        """
        if beat is None or abs((now.wall - beat).total_seconds()) > SILENT_AFTER:
            return tuple(_dead(status, beat) for status in recorded)
        fresh = {
            status.camera
            for status in looked
            if status.fps > 0 and now.since(status.at) < BLIND_AFTER
        }
        return tuple(self._one(status, status.camera in fresh, now) for status in recorded)

    def _one(self, status: CameraStatus, looked_at: bool, now: Instant) -> CameraStatus:
        if looked_at or not self._vision_wanted or status.state is not CameraState.RECORDING:
            self._unseen.pop(status.camera, None)
            return status
        since = self._unseen.setdefault(status.camera, now)
        if now.since(since) < BLIND_AFTER:
            return status
        return replace(status, state=CameraState.BLIND, reason=NOT_LOOKED_AT, since=since.wall)


def _dead(status: CameraStatus, beat: datetime | None) -> CameraStatus:
    if status.state is CameraState.OFFLINE:
        return status
    reason, since = GapReason.RECORDER_RESTARTED.value, beat or status.since
    return replace(status, state=CameraState.OFFLINE, reason=reason, since=since)
