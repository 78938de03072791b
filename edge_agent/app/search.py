"""One search for cameras, for the person who asks `edge-agent discover`."""

from __future__ import annotations

from edge_agent.camera.search import Findings, find_cameras
from edge_agent.config.schema import Config
from edge_agent.config.secrets import Credentials
from edge_agent.runtime.clock import Clock


def look_once(config: Config, credentials: Credentials, clock: Clock) -> Findings:
    """Discover and onboard without writing anything."""
    return find_cameras(config.discovery, config.cameras, credentials.camera, (), clock)
