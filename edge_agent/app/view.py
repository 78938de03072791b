"""One picture of a camera's view for a person: from a file, the camera, or its recordings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Event

from edge_agent.app.layout import Layout
from edge_agent.config.schema import Config
from edge_agent.config.secrets import Credentials
from edge_agent.core.media import Camera
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.store.inventory import read_inventory
from edge_agent.store.recordings import Recordings
from edge_agent.vision.decoder import RtspSource
from edge_agent.vision.footage import film_frames, find_sources, picture_frame
from edge_agent.vision.frame import Image

_RECENT = timedelta(days=40)


def picture_in(path: Path) -> Image:
    """The picture in this file, or the first one of a film. Raises Trouble `analyze.*`."""
    (source,) = find_sources((path,))[:1]
    if source.picture:
        return picture_frame(source).image
    return next(film_frames(source, None)).frame.image


def view_of(
    camera: str, config: Config, credentials: Credentials, clock: Clock
) -> tuple[Image, str]:
    """What the camera shows now, or what it showed when it was recorded last; and which of them,
    in words. Raises the camera's own Trouble where there is neither.
    """
    layout = Layout.of(config)
    known = {one.id: one for one in read_inventory(layout.inventory)}
    try:
        if camera not in known:
            raise _unknown(camera, sorted(known))
        return _now(known[camera], credentials, clock), "trực tiếp / live"
    except Trouble as trouble:
        path = _recorded(layout, camera, clock)
        if path is None:
            raise trouble from None
        return picture_in(path), f"bản ghi / recorded {path.name}"


def _now(camera: Camera, credentials: Credentials, clock: Clock) -> Image:
    """The main stream's next picture."""
    login = credentials.cameras.get(camera.credential)
    source = RtspSource(camera.id, camera.main.url, login, 5.0, clock)
    return next(source.frames(Event())).image  # a live stream ends by its Trouble only


def _recorded(layout: Layout, camera: str, clock: Clock) -> Path | None:
    """The newest whole file of this camera that is still there."""
    if not layout.recordings_index.is_file():
        return None
    recordings = Recordings(layout.recordings_index)
    try:
        now = clock.now().wall
        segments = recordings.segments(camera, now - _RECENT, now)
    finally:
        recordings.close()
    there = (layout.recordings / segment.path for segment in reversed(segments))
    return next((path for path in there if path.is_file()), None)


def _unknown(camera: str, known: list[str]) -> Trouble:
    names = ", ".join(known) or "-"
    return Trouble(
        "calibrate.no_picture",
        f"Chưa có hình nào của camera {camera} (đã biết: {names}). Chạy tác tử để dò camera, hoặc "
        "đưa ảnh chụp bằng --picture.",
        f"There is no picture of camera {camera} yet (known: {names}). Run the agent so that it is "
        "discovered, or give a picture with --picture.",
    )
