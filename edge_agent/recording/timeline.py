"""Timestamps as a file may hold them: whatever the camera says, DTS only ever grows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    """A packet's place in its run: DTS and PTS in ticks since the run began."""

    dts: int
    pts: int
    broken: bool  # the camera's clock jumped here: a new run begins at the next key frame
    hole: float = 0.0  # seconds right before this packet whose pictures never came


class Timeline:
    """Rebuilds the timestamps of one run.

    Ticks are those of the stream (1/90000 s over RTSP). A missing stamp continues at the nominal
    frame length; a small step back is nudged forward. A step of more than a second (and two and a
    half frames) forward is a hole when about as much time really passed; otherwise, and for a step
    of more than `jump` seconds back, the stamp is replaced by the time that really passed between
    the arrivals, and said to be broken. Nothing is dropped and nothing goes back.
    """

    def __init__(self, ticks: int, frame: int, jump: float = 3.0) -> None:
        self._ticks = ticks
        self._jump = round(jump * ticks)
        self._set_frame(max(1, frame))
        self._shift: int | None = None
        self._source = 0
        self._last = -1
        self._arrived = self._before = 0.0

    def _set_frame(self, frame: int) -> None:
        self._frame = frame
        # seconds from one picture to the next beyond which some are missing between them
        self.longest = max(1.0, 2.5 * frame / self._ticks)

    @property
    def frame(self) -> int:
        """Ticks of the newest frame, an estimate from the last two."""
        return self._frame

    def place(self, dts: int | None, pts: int | None, arrived: float) -> Stamp:
        """The stamp of the next packet; `arrived` is its moment on the monotonic clock."""
        source = dts if dts is not None else pts
        if self._shift is None:
            source = 0 if source is None else source
            self._shift = -source
            return self._placed(source, 0, pts, arrived, broken=False)
        if source is None:
            source = self._source + self._frame
        step = source - self._source
        # FFmpeg hands a picture out when the next one has begun: look back over two arrivals
        if step > self.longest * self._ticks and step <= (arrived - self._before + 1) * self._ticks:
            hole = step / self._ticks
            placed = max(source + self._shift, self._last + 1)
            return self._placed(source, placed, pts, arrived, broken=False, hole=hole)
        if step > self.longest * self._ticks or step < -self._jump:
            passed = max(1, round((arrived - self._arrived) * self._ticks))
            self._shift = self._last + passed - source
            return self._placed(source, self._last + passed, pts, arrived, broken=True)
        placed = max(source + self._shift, self._last + 1)
        if step > 0 and step != self._frame:
            self._set_frame(step)
        return self._placed(source, placed, pts, arrived, broken=False)

    def _placed(
        self,
        source: int,
        placed: int,
        pts: int | None,
        arrived: float,
        *,
        broken: bool,
        hole: float = 0.0,
    ) -> Stamp:
        self._before = arrived if self._last < 0 else self._arrived
        self._source, self._last, self._arrived = source, placed, arrived
        shown = placed if pts is None else pts + (self._shift or 0)
        # a picture is not shown before it is decoded, nor long after
        if not placed <= shown <= placed + self._jump:
            shown = placed
        return Stamp(placed, shown, broken, hole)
