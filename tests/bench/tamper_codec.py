"""The scenes of tampering as a camera sends them: H.264 at 0.4 Mbit/s, encoded and decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np

from edge_agent.core.geometry import Size
from tests.bench.tamper_place import Map

SENT = Size(640, 360)
FPS = 10
KBIT = 400
GOP = 2 * FPS
_GRAIN = np.random.default_rng(8).normal(0, 1, SENT.width * SENT.height).astype(np.float32)


def sent(pictures: Iterable[Map], size: Size = SENT) -> Iterator[Map]:
    """The pictures after the camera's encoder and our decoder, one for one."""
    encoder, decoder = _encoder(size), av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts = number
        for packet in encoder.encode(frame):
            for shown in decoder.decode(av.Packet(bytes(packet))):
                yield shown.to_ndarray(format="bgr24")


def sensed(picture: Map, draw: Any, sigma: float) -> Map:
    """A rendered picture at the size that is sent, with a sensor's noise in each pixel."""
    large = cv2.resize(picture, (SENT.width, SENT.height), interpolation=cv2.INTER_CUBIC)
    noise = np.roll(_GRAIN, int(draw.integers(0, _GRAIN.size))).reshape(SENT.height, SENT.width, 1)
    return np.clip(large + sigma * noise, 0, 255).astype(np.uint8)


def _encoder(size: Size) -> Any:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = size.width, size.height, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(FPS, 1), Fraction(1, FPS)
    encoder.bit_rate, encoder.gop_size, encoder.max_b_frames = KBIT * 1000, GOP, 0
    encoder.thread_count = 1
    rate = f"vbv-maxrate={KBIT * 3 // 2}:vbv-bufsize={KBIT * 2}"
    encoder.options = {
        "preset": "superfast",
        "profile": "main",
        "x264-params": f"scenecut=0:keyint={GOP}:min-keyint={GOP}:rc-lookahead=0:{rate}",
    }
    return encoder
