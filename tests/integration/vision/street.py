"""A virtual camera before a photographed street with three people, for the vision tests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np

from edge_agent.config.schema import Calibration
from edge_agent.core.geometry import Size
from edge_agent.core.media import Camera, Identity, Stream
from edge_agent.core.secret import Credential
from edge_agent.runtime.clock import SystemClock
from edge_agent.sim.clip import Clip, ClipForm
from edge_agent.sim.clip_cache import make_clip
from edge_agent.sim.faults import Faults
from edge_agent.sim.rtsp import RtspServer
from edge_agent.vision.detector.boxes import letterbox
from edge_agent.vision.frame import Image
from tests.integration.vision.shipped import photograph

PASSWORD = Credential("ad min", "p@ss:/#?% wörd")
FORM = ClipForm(seconds=2.0, fps=15, gop=0.5, main=Size(1280, 720))


def street() -> Image:
    """The main stream's picture: three people, the two on the left side by side."""
    return letterbox(photograph("bus.jpg"), FORM.main)[0]


def floor() -> Calibration:
    """A floor on which the two on the left stand 1.2 m apart, the third one 4 m away."""
    wide, high = FORM.main.width, FORM.main.height
    corners = [(0, 0), (wide, 0), (wide, high), (0, high)]
    points = [{"pixel": (x, y), "metres": (x / 80, y / 80)} for x, y in corners]
    return Calibration.model_validate({"size": (wide, high), "points": points})


def film(folder: Path) -> Clip:
    """Two seconds in which the picture sways a little."""
    still = street()

    def pictures() -> Iterator[Image]:
        for index in range(FORM.frames):
            yield np.roll(still, round(12 * np.sin(index * 2 * np.pi / FORM.frames)), axis=1)

    return make_clip(folder, "street", FORM, pictures, lambda _done, _of: None, Event())


@contextmanager
def camera(clip: Clip, name: str = "one") -> Iterator[tuple[Camera, Faults]]:
    """The camera on a free loopback port while this lasts, and its switches."""
    loop, ready = asyncio.new_event_loop(), Event()
    faults = Faults(name)
    streams = {"main": clip.main, "sub": clip.sub}
    started = SystemClock().now().mono
    server = RtspServer(name, ("127.0.0.1", 0), streams, PASSWORD, faults, started)

    def serve() -> None:
        loop.run_until_complete(server.open())
        ready.set()
        loop.run_forever()

    thread = Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield camera_at(name, server.port), faults
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def camera_at(name: str, port: int) -> Camera:
    url = f"rtsp://127.0.0.1:{port}"
    main = Stream(f"{url}/main", FORM.main.width, FORM.main.height, "H264")
    sub = Stream(f"{url}/sub", FORM.sub.width, FORM.sub.height, "H264")
    return Camera(name, name, "gate", "127.0.0.1", Identity(), main, sub)
