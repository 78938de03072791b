"""A replay: the rules alone over tracks that are there already; the same bytes every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from edge_agent.app.analysis import unknown_camera
from edge_agent.app.played import Played, played
from edge_agent.config.schema import CameraEntry, Config
from edge_agent.core.event import EpisodeChange
from edge_agent.core.geometry import Size
from edge_agent.core.time import EPOCH, Instant
from edge_agent.core.trouble import Trouble
from edge_agent.rules.places import View
from edge_agent.rules.telling import Line, event_line, pairs_line
from edge_agent.rules.watch import Watch, WatchSettings, decide, interrupt, new_watch, see


def replay(
    path: Path,
    config: Config,
    camera: str,
    size: Size | None,
    *,
    trust_ids: bool,
    pairs: bool,
    progress: Callable[[int], None],
) -> Iterator[Line]:
    """The lines of a replay. Seconds count from the table's 0, or from the first kept frame.

    Raises Trouble `replay.*`, `analyze.unknown_camera`, `calibration.*`.
    """
    entry = _entry(config, camera)
    if size is None and entry.calibration is not None:
        size = Size(*entry.calibration.size)
    stage = _Stage(config, entry, path.name)
    for number, frame in enumerate(played(path, camera, size), start=1):
        yield from stage.play(frame, trust_ids)
        if pairs:
            yield stage.pairs(frame)
        progress(number)
    yield from stage.end("source_ended")


class _Stage:
    """One camera's watch, played to. What was kept in another life of the box (its monotonic clock
    began anew), or in pictures of another size, ends what is open.
    """

    def __init__(self, config: Config, entry: CameraEntry, source: str) -> None:
        self._config, self._entry, self._source = config, entry, source
        self._watch: Watch | None = None
        self._start = EPOCH
        self._last: Instant | None = None

    def play(self, frame: Played, trust_ids: bool) -> Iterator[Line]:
        """The lines of one frame."""
        if self._last is None:
            self._start = EPOCH if frame.at.wall.year == EPOCH.wall.year else frame.at
        elif frame.at.since(self._last) <= 0:
            yield from self.end("interrupted")
        elif self._watch and self._watch.settings.size != frame.size:
            yield from self.end("size_changed")
        watch = self._watch or new_watch(self._settings(frame.size))
        watch = see(watch, frame.at, frame.detections, _identities(frame) if trust_ids else None)
        self._watch, changes = decide(watch, frame.at)
        self._last = frame.at
        yield from self._lines(changes)

    def pairs(self, frame: Played) -> Line:
        """The distances of this frame."""
        trails = self._watch.tracker.trails if self._watch else ()
        seconds = (frame.at.wall - self._start.wall).total_seconds()
        return pairs_line(trails, frame.frame, seconds)

    def end(self, reason: str) -> Iterator[Line]:
        """What is open closes."""
        if self._watch is not None and self._last is not None:
            _, changes = interrupt(self._watch, self._last, reason)
            self._watch = None
            yield from self._lines(changes)

    def _lines(self, changes: Sequence[EpisodeChange]) -> Iterator[Line]:
        return (event_line(change, self._source, "", self._start.wall) for change in changes)

    def _settings(self, size: Size) -> WatchSettings:
        entry, config = self._entry, self._config
        return WatchSettings(
            site=config.site.id,
            camera=entry.id,
            size=size,
            main_scale=1.0,
            rules=config.rules,
            calibration=entry.calibration,
            view=View(entry.zones, entry.lines),
            zone=ZoneInfo(config.site.timezone),
        )


def _entry(config: Config, camera: str) -> CameraEntry:
    known = {entry.id: entry for entry in config.cameras}
    if camera not in known:
        raise unknown_camera(camera, sorted(known))
    return known[camera]


def _identities(frame: Played) -> tuple[int, ...]:
    ids = tuple(number for number in frame.ids if number is not None)
    if len(ids) != len(frame.ids):
        raise Trouble(
            "replay.no_ids",
            f"--trust-ids: trong khung hình {frame.frame} có người không có id.",
            f"--trust-ids: somebody in frame {frame.frame} has no id.",
        )
    return ids
