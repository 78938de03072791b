"""A clip: a loop encoded once as H.264, main and sub stream, kept in a cache, served by copying.

H.264 Annex B access units, each with its delimiter; no B-frames; a key frame every `gop` seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from threading import Event
from typing import Any

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble

Picture = NDArray[np.uint8]
Progress = Callable[[int, int], None]

SPS, PPS = 7, 8  # NAL unit types, H.264 table 7-1


@dataclass(frozen=True, slots=True)
class ClipForm:
    """How a clip is encoded: length, picture rate, seconds between key frames, sizes, kbit/s."""

    seconds: float = 60.0
    fps: int = 15
    gop: float = 1.0
    main: Size = field(default=Size(1920, 1080))
    sub: Size = field(default=Size(640, 360))
    main_kbit: int = 2000
    sub_kbit: int = 450
    preset: str = "ultrafast"

    @property
    def frames(self) -> int:
        """Pictures in the loop."""
        return max(1, round(self.seconds * self.fps))


class Encoding:
    """One stream of a clip: its access units in one file, mapped, never copied whole.

    `units` are (offset, length, is a key frame) in playing order.
    """

    def __init__(
        self, path: Path, size: Size, fps: int, units: list[tuple[int, int, bool]]
    ) -> None:
        self.path, self.size, self.fps = path, size, fps
        self.units = tuple(units)
        with path.open("rb") as file:
            self._bytes = mmap(file.fileno(), 0, access=ACCESS_READ)

    @property
    def seconds(self) -> float:
        """Length of the loop."""
        return len(self.units) / self.fps

    def nals(self, index: int) -> list[bytes]:
        """The NAL units of one access unit, without start codes and without the delimiter."""
        offset, length, _key = self.units[index]
        return [
            nal for nal in split_nals(self._bytes[offset : offset + length]) if nal[0] & 31 != 9
        ]

    @cached_property
    def parameter_sets(self) -> tuple[bytes, bytes]:
        """Sequence and picture parameter set (SPS, PPS)."""
        found = {nal[0] & 31: nal for nal in self.nals(0)}
        return found[SPS], found[PPS]


@dataclass(frozen=True, slots=True)
class Clip:
    """Both streams of one camera's loop."""

    main: Encoding
    sub: Encoding


class Cancelled(Trouble):
    """The caller's stop event was set while a clip was being made; nothing was kept."""

    def __init__(self) -> None:
        super().__init__(
            "sim.cancelled",
            "Đã dừng khi đang tạo đoạn phim cho camera ảo; không giữ lại gì.",
            "Stopped while the virtual cameras' clips were being made; nothing was kept.",
        )

    def __reduce__(self) -> tuple[type[Cancelled], tuple[()]]:  # type: ignore[override]
        return Cancelled, ()


def split_nals(unit: bytes) -> list[bytes]:
    """NAL units of Annex B bytes (start codes of three or four bytes)."""
    return [part for part in (p.rstrip(b"\0") for p in unit.split(b"\0\0\1")) if part]


def shrunk(planes: Picture, size: Size, to: Size) -> Picture:
    """I420 planes at another size: half the work of shrinking the colours they came from."""
    luma = size.width * size.height
    flat = planes.reshape(-1)
    parts = []
    for index in range(3):
        half = 1 if index == 0 else 2
        start = 0 if index == 0 else luma + (index - 1) * luma // 4
        high, wide = size.height // half, size.width // half
        plane = flat[start : start + high * wide].reshape(high, wide)
        inner = (to.width // half, to.height // half)
        parts.append(cv2.resize(plane, inner, interpolation=cv2.INTER_AREA).reshape(-1))
    return np.asarray(np.concatenate(parts).reshape(to.height * 3 // 2, to.width), np.uint8)


def _encoder(size: Size, form: ClipForm, kbit: int) -> Any:
    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height = size.width, size.height
    codec.pix_fmt = "yuv420p"
    codec.framerate, codec.time_base = Fraction(form.fps, 1), Fraction(1, form.fps)
    codec.bit_rate = kbit * 1000
    codec.gop_size = max(1, round(form.gop * form.fps))
    codec.max_b_frames = 0
    codec.thread_count = 1  # one camera is one thread already
    codec.options = {
        "preset": form.preset,
        "profile": "main",
        "x264-params": f"aud=1:scenecut=0:keyint={codec.gop_size}:min-keyint={codec.gop_size}"
        f":vbv-maxrate={kbit * 3 // 2}:vbv-bufsize={kbit * 2}:rc-lookahead=0"
        ":colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m",
    }
    return codec


class _Writer:
    """Encodes pictures into one Annex B file and remembers where each access unit lies."""

    def __init__(self, path: Path, size: Size, form: ClipForm, kbit: int) -> None:
        self._codec = _encoder(size, form, kbit)
        self._file = path.open("wb")
        self._size = size
        self._count = 0
        self.units: list[tuple[int, int, bool]] = []

    def add(self, planes: Picture) -> None:
        """Encode one picture, given as the planes of I420 at this stream's size."""
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = self._count
        self._count += 1
        self._write(self._codec.encode(frame))

    def close(self) -> None:
        self._write(self._codec.encode(None))
        self._file.close()

    def _write(self, packets: list[Any]) -> None:
        for packet in packets:
            data = bytes(packet)
            self.units.append((self._file.tell(), len(data), bool(packet.is_keyframe)))
            self._file.write(data)


def encode(
    folder: Path, pictures: Iterator[Picture], form: ClipForm, progress: Progress, stop: Event
) -> None:
    """Encode both streams into this folder; raises OSError, and Cancelled when `stop` is set."""
    main = _Writer(folder / "main.h264", form.main, form, form.main_kbit)
    sub = _Writer(folder / "sub.h264", form.sub, form, form.sub_kbit)
    try:
        for index, picture in enumerate(pictures):
            if stop.is_set():
                raise Cancelled
            planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
            main.add(planes)
            sub.add(shrunk(planes, form.main, form.sub))
            progress(index + 1, form.frames)
    finally:
        main.close()
        sub.close()
    index_of = {
        "fps": form.fps,
        "main": {"size": asdict(form.main), "units": main.units},
        "sub": {"size": asdict(form.sub), "units": sub.units},
    }
    (folder / "clip.json").write_text(json.dumps(index_of), encoding="utf-8")


def load_clip(folder: Path) -> Clip | None:
    """The clip in this folder, or None when it is absent or not whole."""
    try:
        index = json.loads((folder / "clip.json").read_text(encoding="utf-8"))
        streams = [
            Encoding(
                folder / f"{name}.h264",
                Size(**index[name]["size"]),
                int(index["fps"]),
                [(int(at), int(length), bool(key)) for at, length, key in index[name]["units"]],
            )
            for name in ("main", "sub")
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    for stream in streams:
        offset, length, _key = stream.units[-1] if stream.units else (0, -1, False)
        if stream.path.stat().st_size != offset + length:
            return None
    return Clip(*streams)
