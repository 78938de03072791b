"""Looking for cameras again and again, and telling the house when the inventory changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Lock

from edge_agent.app.layout import Layout
from edge_agent.camera.search import find_cameras
from edge_agent.config.schema import Config
from edge_agent.core.media import Camera
from edge_agent.core.secret import Credential
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.inventory import read_inventory, write_inventory

_RETRY_SECONDS = 5.0


class CameraSearch:
    """Keeps `inventory.json` true: discovers, onboards, writes, and calls `changed`."""

    def __init__(
        self,
        config: Config,
        layout: Layout,
        credential_of: Callable[[str], Credential | None],
        clock: Clock,
        changed: Callable[[Sequence[Camera]], None],
    ) -> None:
        self._config, self._layout, self._clock = config, layout, clock
        self._credential_of, self._changed = credential_of, changed
        self._lock = Lock()
        self._cameras: tuple[Camera, ...] = ()
        self._troubles: tuple[Trouble, ...] = ()

    @property
    def cameras(self) -> tuple[Camera, ...]:
        """The cameras known now."""
        with self._lock:
            return self._cameras

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What the last search could not do, a sentence a camera."""
        with self._lock:
            return self._troubles

    def load(self) -> None:
        """Begin with the cameras of the last run, so that nothing waits for a search."""
        try:
            self._keep(read_inventory(self._layout.inventory), ())
        except Trouble as trouble:
            log.warning("inventory.damaged", code=trouble.code, vi=trouble.vi, en=trouble.en)

    def run_once(self, stop: Event) -> None:
        """Search until stopped; soon again while something is missing."""
        while not stop.is_set():
            complete = self._search()
            stop.wait(self._config.discovery.every if complete else _RETRY_SECONDS)

    def _search(self) -> bool:
        findings = find_cameras(
            self._config.discovery,
            self._config.cameras,
            self._credential_of,
            self.cameras,
            self._clock,
        )
        for trouble in findings.troubles:
            if trouble.en not in {old.en for old in self.troubles}:
                log.warning("camera.trouble", code=trouble.code, vi=trouble.vi, en=trouble.en)
        self._keep(findings.cameras, findings.troubles)
        return bool(findings.cameras) and not findings.troubles

    def _keep(self, cameras: tuple[Camera, ...], troubles: tuple[Trouble, ...]) -> None:
        with self._lock:
            moved = cameras != self._cameras
            self._cameras, self._troubles = cameras, troubles
        if moved:
            write_inventory(self._layout.inventory, cameras)
            log.info("inventory.changed", cameras=[camera.id for camera in cameras])
            self._changed(cameras)
