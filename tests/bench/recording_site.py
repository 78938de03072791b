"""Cameras for the benches: loops of any size, served by the virtual cameras' RTSP server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import Thread
from typing import Any

import av
import numpy as np

from edge_agent.core.geometry import Size
from edge_agent.core.secret import Credential
from edge_agent.sim.clip import Encoding
from edge_agent.sim.faults import Faults
from edge_agent.sim.rtsp import RtspServer

ACCOUNT = Credential("admin", "secret")


def encode(path: Path, size: Size, fps: int, seconds: int, kbit: int) -> Encoding:
    """A loop of moving noise at this bitrate, a key frame each second, no B-frames."""
    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = size.width, size.height, "yuv420p"
    codec.framerate, codec.time_base = Fraction(fps), Fraction(1, fps)
    codec.bit_rate, codec.gop_size, codec.max_b_frames = kbit * 1000, fps, 0
    rate = f"nal-hrd=cbr:vbv-maxrate={kbit}:vbv-bufsize={kbit}:bitrate={kbit}"
    codec.options = {
        "preset": "ultrafast",
        "x264-params": f"aud=1:scenecut=0:keyint={fps}:min-keyint={fps}:rc-lookahead=0:{rate}",
    }
    noise = np.random.default_rng(1).integers(0, 255, (size.height * 3 // 2, size.width), np.uint8)
    units: list[tuple[int, int, bool]] = []
    with path.open("wb") as file:
        for number in range(seconds * fps + 1):
            last = number == seconds * fps
            planes = np.full_like(noise, 110)
            half = size.height // 2
            planes[: half // 2] = np.roll(noise[: half // 2], number * 8, axis=1) // 4 + 80
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = number
            for packet in codec.encode(None if last else frame):
                units.append((file.tell(), packet.size, bool(packet.is_keyframe)))
                file.write(bytes(packet))
    return Encoding(path, size, fps, units)


@dataclass
class Served:
    """One camera of the bench."""

    name: str
    faults: Faults
    server: RtspServer

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.server.port}/main"


class Street:
    """The cameras' network loop in a thread."""

    def __init__(self, cameras: list[Served], loop: asyncio.AbstractEventLoop) -> None:
        self.cameras = {camera.name: camera for camera in cameras}
        self._loop = loop

    def up(self, name: str) -> None:
        """The camera listens again, at its old port."""
        self._do(self.cameras[name].server.open())

    def down(self, name: str) -> None:
        """The camera is gone, as without power."""
        self._do(self.cameras[name].server.close())

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


@contextmanager
def street(count: int, main: Encoding, sub: Encoding, apart: float = 0.0) -> Iterator[Street]:
    """`count` cameras at free ports, named cam-1 and so on, served while the body runs; each is
    `apart` seconds further in its loop than the one before.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    cameras = []
    for number in range(1, count + 1):
        faults = Faults(f"cam-{number}")
        streams = {"main": main, "sub": sub}
        place = ("127.0.0.1", 0)
        began = loop.time() - number * apart
        server = RtspServer(faults_name(number), place, streams, ACCOUNT, faults, began)
        cameras.append(Served(faults_name(number), faults, server))
    made = Street(cameras, loop)
    for name in made.cameras:
        made.up(name)
    try:
        yield made
    finally:
        for name in made.cameras:
            made.down(name)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def faults_name(number: int) -> str:
    """The camera's id."""
    return f"cam-{number}"
