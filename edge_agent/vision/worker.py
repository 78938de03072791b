"""The vision process: what it is told, and its main function.

The agent imports this module for these two names alone, so the libraries that see (a hundred
megabytes) are imported in the child only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from edge_agent.config.behaviours import Rules
from edge_agent.config.schema import Calibration, Log, Vision
from edge_agent.core.media import Camera
from edge_agent.core.secret import Credential
from edge_agent.rules.places import View


@dataclass(frozen=True)
class VisionJob:
    """Everything the vision process is told at its start; it goes to the child pickled.

    `timezone` is IANA, `calibrations`, `views` and `credentials` are by camera id and credential
    name,
    `models` the folder with `manifest.yaml`, `key_frames` the recorder's socket.
    """

    site: str
    timezone: str
    cameras: tuple[Camera, ...]
    calibrations: Mapping[str, Calibration | None]
    views: Mapping[str, View]
    rules: Rules
    vision: Vision
    models: Path
    credentials: Mapping[str, Credential] = field(repr=False)
    key_frames: Path
    log: Log


def run_vision(job: VisionJob, pipe: Connection) -> None:
    """The main function of the vision process (multiprocessing, spawn).

    Sends over the pipe: `Sighting` for every change of an episode, `VisionStatus` of every camera
    each two seconds, `Covered` of every camera now and then, `Walk` for everybody who walked by,
    `Trouble` before it exits with status 78 because its models cannot be used.
    Hears: `("cameras", tuple[Camera, ...])` and `("stop",)`. SIGTERM means stop: open episodes are
    closed and sent first. SIGINT is the parent's to answer. A closed pipe ends it at once.
    """
    from edge_agent.vision.process import work  # noqa: PLC0415

    raise SystemExit(work(job, pipe))
