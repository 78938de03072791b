"""The center's HTTPS door as its parent process starts it: enrolment, and the wings of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

from edge_agent.center.authority.keeper import Authority
from edge_agent.center.enrolment.desk import Desk
from edge_agent.center.enrolment.routes import enrolment
from edge_agent.center.http import HttpsServer, Wing, application
from edge_agent.center.upload_pages import uploads_wing
from edge_agent.center.uploads import Uploads
from edge_agent.config.center import CenterConfig
from edge_agent.runtime.clock import Clock


def center_door(config: CenterConfig, clock: Clock) -> CenterDoor:
    """The door with the wings of all rooms: enrolment, and the uploads that commands ask for."""
    uploads = Uploads(config.storage.state / "uploads")
    return CenterDoor(config, clock, (uploads_wing(uploads, clock),))


class CenterDoor:
    """Serves the wings over HTTPS; `run_once` is an attempt of the shell."""

    def __init__(self, config: CenterConfig, clock: Clock, wings: Sequence[Wing] = ()) -> None:
        self._config, self._clock, self._wings = config, clock, wings

    def run_once(self, stop: Event, started: Callable[[int], None] = lambda _port: None) -> None:
        """Serve until told to stop; `started` hears the port. Raises Trouble: no authority, its
        key does not open, port taken.
        """
        authority = Authority.of(self._config)
        try:
            https = self._config.https
            desk = Desk(authority, self._clock)
            ours = enrolment(desk, https.broker, authority.home.command_key)
            app = application([ours, *self._wings], self._clock)
            identity = authority.home.https
            HttpsServer(app, identity, https.address, https.port).run_once(stop, started)
        finally:
            authority.close()
