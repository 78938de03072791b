"""Small clips in memory: encoded by x264, remuxed as the recorder does."""

import struct
from functools import cache
from io import BytesIO

import av
import numpy as np

FRAGMENTS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "1000000",
    "flush_packets": "1",
}


@cache
def clip(form: str, seconds: int, gop: int = 25, fps: int = 25, codec: str = "libx264") -> bytes:
    """A 160x96 clip with a moving edge, a key frame every `gop` frames, no B-frames."""
    out = BytesIO()
    with av.open(out, "w", format=form, options=FRAGMENTS if form == "mp4" else {}) as container:
        quiet = "log-level=none:" if codec == "libx265" else "aud=1:"
        options = {"preset": "ultrafast", f"{codec[3:]}-params": f"{quiet}bframes=0:scenecut=0"}
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 160, 96, "yuv420p", gop
        for number in range(seconds * fps):
            picture = np.full((144, 160), 90, dtype=np.uint8)
            picture[:96, : number * 2 % 160] = 160
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def fragmented(seconds: int) -> bytes:
    """A fragmented MP4 with one fragment a second."""
    return clip("mp4", seconds)


def fragment_ends(data: bytes) -> list[int]:
    """Where each fragment's mdat ends."""
    ends, at = [], 0
    while at < len(data):
        length, kind = struct.unpack_from("!I4s", data, at)
        at += length
        if kind == b"mdat":
            ends.append(at)
    return ends
