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
    """Recorded but not analysed for 15 s is `blind`: silence must never read as compliance. So is
    a camera that was covered, darkened, put out of focus, or that shows the same picture again and
    again, at once.
    """

    def __init__(self, vision_wanted: bool) -> None:
        self._vision_wanted = vision_wanted
        self._unseen: dict[str, Instant] = {}
        self._blinded: dict[str, tuple[str, Instant]] = {}

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
        fresh = {one.camera: one for one in looked if now.since(one.at) < BLIND_AFTER}
        return tuple(self._one(status, fresh.get(status.camera), now) for status in recorded)

    def _one(self, status: CameraStatus, looked: VisionStatus | None, now: Instant) -> CameraStatus:
        if not self._vision_wanted or status.state is not CameraState.RECORDING:
            self._unseen.pop(status.camera, None)
            self._blinded.pop(status.camera, None)
            return status
        if looked is not None and looked.blind:
            return self._blind(status, looked.blind, now)
        self._blinded.pop(status.camera, None)
        if looked is not None and looked.fps > 0:
            self._unseen.pop(status.camera, None)
            return status
        since = self._unseen.setdefault(status.camera, now)
        if now.since(since) < BLIND_AFTER:
            return status
        return replace(status, state=CameraState.BLIND, reason=NOT_LOOKED_AT, since=since.wall)

    def _blind(self, status: CameraStatus, kind: str, now: Instant) -> CameraStatus:
        known, since = self._blinded.get(status.camera, ("", now))
        since = since if known == kind else now
        self._blinded[status.camera] = (kind, since)
        return replace(status, state=CameraState.BLIND, reason=kind, since=since.wall)


def _dead(status: CameraStatus, beat: datetime | None) -> CameraStatus:
    if status.state is CameraState.OFFLINE:
        return status
    reason, since = GapReason.RECORDER_RESTARTED.value, beat or status.since
    return replace(status, state=CameraState.OFFLINE, reason=reason, since=since)
