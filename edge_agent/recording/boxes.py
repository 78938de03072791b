"""ISO base media files (ISO/IEC 14496-12) read box by box: how much of a torn file is whole.

A recorded file is `ftyp moov (moof mdat)* [mfra]`. After a crash its tail may be missing, zeroed
or garbage; everything up to the last whole fragment plays.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

_HEAD = {b"ftyp", b"moov", b"free", b"skip", b"uuid", b"meta"}
_BODY = {b"moof", b"mdat", b"mfra", b"styp", b"sidx", b"emsg", b"prft", b"free", b"skip", b"uuid"}
_LARGEST_MOOF = 16 * 2**20
_HEAD_BYTES = 4096  # header and first fragment's moof of every file we write
_TAIL_BYTES = 4096  # index of a minute
_MOOF_BYTES = 2048  # one of 25 pictures, and the head of its mdat

Read = Callable[[int, int], bytes]  # at most so many bytes from there on


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole part of a file: bytes up to the end of its last whole fragment, the number of
    fragments, the seconds of media from the first to the last of them, and where each one ends.
    """

    length: int
    fragments: int
    seconds: float
    ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the file: type, where its content starts, where the box ends."""

    kind: bytes
    content: int
    end: int


def whole_part(file: BinaryIO, size: int) -> Whole:
    """How much of a file of `size` bytes is whole; length 0 when its header is not.

    Raises OSError when the disk does not give the bytes.
    """
    timescale, default = 0, 0
    first, last, length = -1, 0, 0
    ends: list[int] = []
    span: tuple[int, int] | None = None
    for box in _boxes(file, size):
        if box.kind == b"moov":
            timescale, default = _header(_content(file, box))
            length = box.end
        elif box.kind == b"moof":
            span = _fragment(_content(file, box), default)
        elif box.kind == b"mdat" and span is not None:
            first = span[0] if first < 0 else first
            last, length = span[1], box.end
            ends.append(box.end)
            span = None
        elif box.kind == b"mfra" and ends:
            length = box.end
    seconds = (last - first) / timescale if ends and timescale else 0.0
    return Whole(length if timescale else 0, len(ends), seconds, tuple(ends))


def closed_part(read: Read, size: int) -> Whole | None:
    """The same of a file that was closed properly, by its index (`mfra`) at the end: three reads
    instead of one a fragment. None when it has no index, or one that does not fit.

    Raises OSError. For files that cannot have lost anything after they were closed.
    """
    tail = read(max(0, size - _TAIL_BYTES), _TAIL_BYTES)
    length = _index_length(tail[-16:], size)
    if length is None:
        return None
    moofs = _indexed_moofs(tail[-length:] if length <= len(tail) else read(size - length, length))
    if moofs is None or moofs[1] >= size:
        return None
    head = read(0, _HEAD_BYTES)
    timescale, default = _header(_child(head, b"moov"))
    first = _fragment(_child(head, b"moof") or _moof_at(read, moofs[0]), default)
    moof = _moof_at(read, moofs[1])
    last = _fragment(moof, default)
    if first is None or last is None or not timescale:
        return None
    if _mdat_end(read, moofs[1] + 8 + len(moof)) != size - length:
        return None
    return Whole(size, moofs[2], (last[1] - first[0]) / timescale)


def _index_length(tail: bytes, size: int) -> int | None:
    """Bytes of the `mfra` box that this last box (`mfro`) closes."""
    if len(tail) < 16 or tail[4:8] != b"mfro":
        return None
    (length,) = struct.unpack_from("!I", tail, 12)
    return int(length) if 16 < length <= min(size, _LARGEST_MOOF) else None


def _indexed_moofs(mfra: bytes) -> tuple[int, int, int] | None:
    """Where the first and the last movie fragment begin, and how many there are, as the random
    access index says (8.8.10); its entries are in order.
    """
    first, last, most = 0, 0, 0
    for kind, tfra in _children(_child(mfra, b"mfra")):
        if kind != b"tfra" or len(tfra) < 16:
            continue
        lengths, count = struct.unpack_from("!II", tfra, 8)
        form, offset = ("!Q", 8) if tfra[0] == 1 else ("!I", 4)
        stride = 2 * offset + sum((lengths >> shift & 3) + 1 for shift in (4, 2, 0))
        if not count or 16 + stride * count > len(tfra):
            continue
        begin, end = (
            int(struct.unpack_from(form, tfra, 16 + stride * at + offset)[0])
            for at in (0, count - 1)
        )
        first, last, most = min(first or begin, begin), max(last, end), max(most, count)
    return (first, last, most) if most else None


def _moof_at(read: Read, at: int) -> bytes:
    """The content of the `moof` that begins there; empty when none does."""
    data = read(at, _MOOF_BYTES)
    if len(data) < 8 or data[4:8] != b"moof":
        return b""
    (length,) = struct.unpack_from("!I", data)
    if not 8 < length <= _LARGEST_MOOF:
        return b""
    return data[8:length] if length <= len(data) else read(at + 8, length - 8)


def _mdat_end(read: Read, at: int) -> int:
    """Where the `mdat` that begins there ends; 0 when none does."""
    head = read(at, 16)
    if len(head) < 8 or head[4:8] != b"mdat":
        return 0
    (length,) = struct.unpack_from("!I", head)
    if length == 1 and len(head) == 16:
        (length,) = struct.unpack_from("!Q", head, 8)
    return int(at + length)


def fragment_span(header: bytes, fragment: bytes) -> tuple[float, float] | None:
    """Start and end of a fragment's first track, in seconds from the file's beginning; `header` is
    the file up to its first fragment. None when either is damaged.
    """
    timescale, default = _header(_child(header, b"moov"))
    moof = _child(fragment, b"moof")
    span = _fragment(moof, default) if moof and timescale else None
    return None if span is None else (span[0] / timescale, span[1] / timescale)


def _boxes(file: BinaryIO, size: int) -> Iterator[Box]:
    """The whole boxes at file level, until the first that is torn or is not one of ours."""
    at, allowed = 0, _HEAD
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        length, kind = struct.unpack_from("!I4s", head)
        content = at + 8
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack_from("!Q", head, 8)
            content = at + 16
        # size 0 ("to the end of the file") is what a zeroed tail looks like; we never write it
        if length < content - at or at + length > size or kind not in allowed:
            return
        yield Box(kind, content, at + length)
        at += length
        if kind == b"moov":
            allowed = _BODY


def _content(file: BinaryIO, box: Box) -> bytes:
    length = box.end - box.content
    if length > _LARGEST_MOOF:
        return b""
    file.seek(box.content)
    return file.read(length)


def _children(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from("!I4s", data, at)
        if length < 8 or at + length > len(data):
            return
        yield kind, data[at + 8 : at + length]
        at += length


def _child(data: bytes, *path: bytes) -> bytes:
    """The content of the first box on this path; empty when there is none."""
    for kind in path:
        data = next((content for name, content in _children(data) if name == kind), b"")
    return data


@lru_cache(maxsize=64)  # the files of one camera begin alike
def _header(moov: bytes) -> tuple[int, int]:
    """Ticks per second of the first track, and its default sample length in ticks."""
    mdhd = _child(moov, b"trak", b"mdia", b"mdhd")
    trex = _child(moov, b"mvex", b"trex")
    at = 20 if mdhd[:1] == b"\x01" else 12
    try:
        (timescale,) = struct.unpack_from("!I", mdhd, at)
        default = struct.unpack_from("!I", trex, 12)[0] if trex else 0
    except struct.error:
        return 0, 0
    return timescale, default


def _fragment(moof: bytes, default: int) -> tuple[int, int] | None:
    """Start and end of a movie fragment's first track in ticks; None when it is not whole."""
    for kind, traf in _children(moof):
        # the pictures are the first track; a fragment may hold sound alone
        parts = list(_children(traf)) if kind == b"traf" else []
        boxes = dict(reversed(parts))
        if boxes.get(b"tfhd", b"")[4:8] != b"\0\0\0\1":
            continue
        tfhd, tfdt = boxes[b"tfhd"], boxes.get(b"tfdt", b"")
        try:
            start: int = struct.unpack_from("!Q" if tfdt[:1] == b"\x01" else "!I", tfdt, 4)[0]
            default = _default_length(tfhd, default)
            runs = (content for name, content in parts if name == b"trun")
            return start, start + sum(_run_length(run, default) for run in runs)
        except struct.error:
            return None
    return None


def _default_length(tfhd: bytes, default: int) -> int:
    (flags,) = struct.unpack_from("!I", tfhd)
    if not flags & 0x8:
        return default
    # track id, then the optional base data offset and sample description index
    at = 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
    return int(struct.unpack_from("!I", tfhd, at)[0])


def _run_length(trun: bytes, default: int) -> int:
    """Ticks of all samples of a track run (ISO/IEC 14496-12, 8.8.8)."""
    flags, count = struct.unpack_from("!II", trun)
    flags &= 0xFFFFFF
    if not flags & 0x100:
        return int(count) * default
    at = 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
    stride = 4 * bin(flags & 0xF00).count("1")
    if at + stride * count > len(trun):
        raise struct.error("trun shorter than its samples")
    return sum(struct.unpack_from("!I", trun, at + stride * i)[0] for i in range(count))
