"""What the detector said, on its way to the kept detections."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from edge_agent.config.schema import Vision
from edge_agent.core.perception import Looks
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.health import clock_synchronised
from edge_agent.runtime.logs import log
from edge_agent.store.detections import DetectionBook


class DetectionKeeper:
    """Keeps detections as long as the configuration says. They are for tuning, not evidence: a
    disk that does not take them is said in the log and stops nothing.
    """

    def __init__(self, root: Path, vision: Vision, clock: Clock) -> None:
        self._clock, self._wanted = clock, vision.keep_detections > 0
        keep = timedelta(seconds=vision.keep_detections)
        self._book = DetectionBook(root, keep, vision.detections_size)

    def looked(self, looks: Looks) -> None:
        """From the vision child: frames that it analysed."""
        if not self._wanted:
            return
        try:
            self._book.take(looks)
        except OSError as error:
            log.error("detections.not_kept", camera=looks.camera, error=str(error))

    def flush(self) -> None:
        """Write what waits."""
        try:
            self._book.flush()
        except OSError as error:
            log.error("detections.not_kept", error=str(error))

    def sweep(self) -> None:
        """Delete what is too old or too much; nothing for its age while the clock may be wrong."""
        now = None if clock_synchronised() is False else self._clock.now().wall
        try:
            gone = self._book.sweep(now)
        except OSError as error:
            log.error("detections.not_swept", error=str(error))
            return
        if gone:
            log.info("detections.swept", files=gone)
