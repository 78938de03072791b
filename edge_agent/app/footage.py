"""Footage as the pages and the `play` command see it: index, files, films, and the audit."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from edge_agent.app.layout import Layout
from edge_agent.config.schema import Config
from edge_agent.core.media import Camera
from edge_agent.core.moment import parse_moment
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.recording.films import Films
from edge_agent.recording.names import parse_path
from edge_agent.recording.span import Span, plan
from edge_agent.runtime.clock import Clock
from edge_agent.store.audit import Audit, Look
from edge_agent.store.inventory import read_inventory
from edge_agent.store.recordings import Recordings
from edge_agent.web.footage import Served

_SAME_LOOK = 60.0  # seconds: a player asks for one film in many ranges
_REMEMBERED = 256


class SiteFootage:
    """The recordings of one site. Closing `recordings` and `audit` is its owner's."""

    def __init__(
        self,
        root: Path,
        recordings: Recordings,
        audit: Audit,
        films: Films,
        inventory: Callable[[], Sequence[Camera]],
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self._root, self._recordings, self._films = root, recordings, films
        self._inventory, self._zone, self._clock = inventory, zone, clock
        self.looked = _Looks(audit, clock).note

    @classmethod
    def of(
        cls, config: Config, layout: Layout, recordings: Recordings, audit: Audit, clock: Clock
    ) -> SiteFootage:
        """The footage of the site that this configuration describes."""
        films = Films(layout.films, layout.recordings, config.web.cache)
        zone = ZoneInfo(config.site.timezone)

        def inventory() -> Sequence[Camera]:
            return read_inventory(layout.inventory)

        return cls(layout.recordings, recordings, audit, films, inventory, zone, clock)

    def cameras(self) -> list[dict[str, Any]]:
        """Every camera that is known or of which something is kept."""
        known = {camera.id: camera for camera in self._inventory()}
        kept = self._recordings.totals()
        return [
            {
                "id": name,
                "name": known[name].name if name in known else "",
                "place": known[name].place if name in known else "",
                "first": iso(kept[name].first) if name in kept else None,
                "last": iso(kept[name].last) if name in kept else None,
                "bytes": kept[name].bytes if name in kept else 0,
            }
            for name in sorted({*known, *kept})
        ]

    def moment(self, text: str) -> datetime:
        """The UTC moment that this text means at the site. Raises Trouble `time.wrong`."""
        return parse_moment(text, self._clock.now().wall, self._zone)

    def span(self, camera: str, start: datetime, end: datetime) -> Span:
        """Files and holes of [start, end). Raises Trouble `play.no_camera`."""
        segments = self._recordings.segments(camera, start, end)
        if not segments and camera not in {one["id"] for one in self.cameras()}:
            raise Trouble(
                "play.no_camera",
                "Không có camera nào mang mã này.",
                "There is no camera of this name.",
            )
        return plan(camera, start, end, segments, self._recordings.gaps(camera, start, end))

    def timeline(self, camera: str, start: datetime, end: datetime) -> dict[str, Any]:
        """A span as JSON has it; times are UTC."""
        span = self.span(camera, start, end)
        return {
            "camera": camera,
            "from": iso(start),
            "to": iso(end),
            "recorded_s": round(span.recorded, 3),
            "lost_s": round(span.lost, 3),
            "segments": [
                {
                    "path": one.segment.path,
                    "start": iso(one.segment.start),
                    "seconds": one.segment.seconds,
                    "size": one.segment.size,
                    "run": one.segment.run,
                }
                for one in span.files
            ],
            "gaps": [
                {
                    "start": iso(hole.start),
                    "end": iso(hole.end),
                    "reason": hole.reason,
                    "detail": hole.detail,
                }
                for hole in span.missing
            ],
        }

    def film(self, who: str, camera: str, start: datetime, end: datetime, part: int) -> Served:
        """The joined film of [start, end), once the look is written down."""
        film = self._films.open(self.span(camera, start, end), part)
        try:
            self.looked(who, "film", camera, start, end)
        except Trouble:
            film.file.close()
            raise
        told = {
            "Film-Start": iso(film.part.start),
            "Film-Seconds": f"{film.part.seconds:.3f}",
            "Film-Part": f"{part}/{len(film.parts)}",
        }
        return Served(film.file, film.part.size, film.tag, told)

    def original(self, who: str, path: str) -> Served:
        """An indexed file; a path that the index does not know leads nowhere."""
        row = self._recordings.segment(path) if parse_path(path) else None
        if row is None:
            raise _no_file()
        self.looked(who, "segment", row.camera, row.start, row.end)
        try:
            file = (self._root / row.path).open("rb")
        except OSError as error:
            raise _no_file() from error
        status = os.fstat(file.fileno())
        told = f"{row.path}\n{status.st_size}\n{status.st_mtime_ns}"
        tag = sha256(told.encode()).hexdigest()[:32]
        return Served(file, status.st_size, tag, {"Film-Start": iso(row.start)})


class _Looks:
    """Writes looks down; the many ranges of one film within a minute are one look."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit, self._clock = audit, clock
        self._lock = Lock()
        self._recent: OrderedDict[tuple[object, ...], float] = OrderedDict()

    def note(self, who: str, what: str, camera: str, start: datetime, end: datetime) -> None:
        """Durable when this returns. Raises Trouble when it is not: then nothing is shown."""
        now = self._clock.now()
        key = (who, what, camera, start, end)
        with self._lock:
            before = self._recent.get(key)
            if before is not None and now.mono - before < _SAME_LOOK:
                return
        self._audit.write(Look(who, what, camera, start, end, now.wall))
        with self._lock:
            self._recent[key] = now.mono
            self._recent.move_to_end(key)
            while len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)


def _no_file() -> Trouble:
    return Trouble("play.no_file", "Không có tệp này.", "There is no such file.")
