"""Floors learnt from passers-by: walks are kept, proposals made, moved cameras noticed.

Nothing here changes what is measured with: a person accepts (`edge-agent calibrate --accept`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from edge_agent.config.schema import Calibration
from edge_agent.core.event import Event, Lane
from edge_agent.core.perception import Walk
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.link.wire import Topics, event_message
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.journal import Journal
from edge_agent.store.walks import Kept, read_proposal, read_walks, write_proposal, write_walks

PROPOSED, STALE = "vn.qcam.calibration.proposed.v1", "vn.qcam.calibration.stale.v1"
FEWEST = 30  # people who must have walked by
AGAIN = timedelta(days=7)  # between two fits of a camera that has a calibration, or a proposal
RETRY = timedelta(hours=6)  # after a fit that told nothing
WAITING = 20  # walks in memory before they are written


class FloorBook:
    """Takes walks from vision at any time; `turn` is called now and then, from one thread."""

    def __init__(
        self,
        site: str,
        calibrations: Mapping[str, Calibration | None],
        folder: Path,
        journal: Journal,
        topics: Topics | None,
        wake: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._site, self._calibrations, self._folder = site, calibrations, folder
        self._journal, self._topics, self._wake, self._clock = journal, topics, wake, clock
        self._lock = Lock()
        self._fresh: dict[str, list[Kept]] = {}
        self._tried: dict[str, datetime] = {}

    def walked(self, walk: Walk) -> None:
        """From the vision child: somebody walked by. A hundred wait at most; more are dropped."""
        with self._lock:
            waiting = self._fresh.setdefault(walk.camera, [])
            if len(waiting) < 5 * WAITING:
                waiting.append((self._clock.now().wall, walk))

    def turn(self) -> None:
        """Write what came, and fit where it is due."""
        with self._lock:
            fresh, self._fresh = self._fresh, {}
        for camera, walks in fresh.items():
            self._keep(camera, walks)
        now = self._clock.now().wall
        for camera in sorted(self._cameras()):
            if self._due(camera, now):
                self._tried[camera] = now
                self._fit(camera, now)

    def _keep(self, camera: str, walks: list[Kept]) -> None:
        try:
            write_walks(self._folder, camera, [*read_walks(self._folder, camera), *walks])
        except OSError as error:
            log.error("walks.lost", camera=camera, walks=len(walks), error=error.strerror)

    def _cameras(self) -> set[str]:
        if not self._folder.is_dir():
            return set()
        return {path.name.removesuffix(".walks.jsonl") for path in self._folder.glob("*.walks.*")}

    def _due(self, camera: str, now: datetime) -> bool:
        """A week after the last fit that told something, hours after one that did not."""
        tried = self._tried.get(camera)
        if tried is not None and now - tried < RETRY:
            return False
        last = read_proposal(self._folder, camera)
        return last is None or last.get("at", "") <= iso(now - AGAIN)

    def _fit(self, camera: str, now: datetime) -> None:
        """Fit the last week's walks, keep what they propose, and tell."""
        walks = [walk for at, walk in read_walks(self._folder, camera) if at >= now - AGAIN]
        if len(walks) < FEWEST:
            return
        try:
            found = learn(camera, walks, self._calibrations.get(camera))
            found["at"] = iso(now)
            write_proposal(self._folder, camera, found)
        except Trouble as trouble:
            log.info("calibration.none", camera=camera, code=trouble.code, en=trouble.en)
            return
        except OSError as error:
            log.error("calibration.lost", camera=camera, error=error.strerror)
            return
        self._tell(camera, found, now)

    def _tell(self, camera: str, found: Mapping[str, Any], now: datetime) -> None:
        old = self._calibrations.get(camera)
        if old is not None and not found["stale"]:
            return
        kind, lane = (STALE, Lane.ALARM) if found["stale"] else (PROPOSED, Lane.BULK)
        version = hashlib.sha256(repr(old).encode()).hexdigest()[:12]
        year, week, _ = now.isocalendar()
        name = f"calibration.{camera}.{version}.{year}-{week:02d}"
        told = {key: found[key] for key in ("people", "error", "drift")}
        severity = "warning" if found["stale"] else "info"
        event = Event(name, f"qcam/{self._site}", kind, camera, now, severity, told)
        notes = (
            (event_message(event, self._journal.epoch, self._topics, lane),) if self._topics else ()
        )
        if self._journal.record(event, notes):
            log.warning("calibration.told", id=name, type=kind, camera=camera, **told)
            self._wake()


def learn(camera: str, walks: list[Walk], calibration: Calibration | None) -> dict[str, Any]:
    """What these walks propose: `calibration` (as in the configuration), `people`, the `error` (one
    sigma, a share of a distance), how far it `drift`s from the calibration that is used, and
    whether that is then `stale`.

    Raises Trouble `calibration.people_*` where they tell nothing.
    """
    from edge_agent.rules.people_fit import fit_people  # noqa: PLC0415 - numpy, hourly at most
    from edge_agent.rules.proposal import DRIFTED, drift, few, judge, proposed  # noqa: PLC0415

    if not walks:
        raise few(camera, 0)
    size = walks[-1].size
    alike = [walk for walk in walks if walk.size == size]  # the stream's size may have changed
    fitted = fit_people(alike, size)
    error = judge(fitted, camera)
    apart = drift(calibration, fitted, camera) if calibration is not None else None
    return {
        "calibration": proposed(fitted).model_dump(mode="json", exclude_defaults=True),
        "people": fitted.people,
        "error": round(error, 4),
        "drift": None if apart is None else round(min(apart, 9.99), 4),
        "stale": apart is not None and apart > DRIFTED,
    }
