"""SHA-256 of a segment while it is written, and a checksum of each of its fragments.

The hash of the whole file is the proof (`sha256sum` gives the same); the checksums of the pieces
only tell *which second* of a damaged file is damaged, so a CRC does: hashing every byte a second
time cost a tenth of all that recording a camera costs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zlib import crc32

_CHUNK = 2**20
_CRC_DIGITS = 8
_CUTS = {b"moof", b"mfra"}
EMPTY = sha256().hexdigest()


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the file: the header (ftyp, moov), one fragment (moof, mdat), or the mfra.

    `short` is its CRC-32 as 8 hex digits (in older proof, more digits of its SHA-256).
    """

    length: int
    short: str

    def is_of(self, data: bytes) -> bool:
        """Whether these bytes are this piece, as far as its checksum tells."""
        if len(self.short) == _CRC_DIGITS:
            return f"{crc32(data):08x}" == self.short
        return sha256(data).hexdigest()[: len(self.short)] == self.short


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file's bytes were: SHA-256 in hex, size, and its pieces in order."""

    sha256: str
    size: int
    pieces: tuple[Piece, ...]


class SegmentHash:
    """Hashes a fragmented MP4 as its bytes pass by, in any portions; never raises.

    Bytes that are not whole boxes (a torn or foreign file) end up in the last piece.
    """

    def __init__(self) -> None:
        self._whole = sha256()
        self._piece = 0
        self._length = 0
        self._size = 0
        self._pieces: list[Piece] = []
        self._head = b""  # the beginning of a box whose header is not complete yet
        self._rest = 0  # bytes of the current box that are still to come
        self._lost = False  # no box can be recognised any more

    def update(self, data: bytes | memoryview) -> None:
        """The next bytes of the file."""
        self._whole.update(data)
        self._size += len(data)
        view = memoryview(data)
        while view:
            if self._lost or self._rest:
                taken = len(view) if self._lost else min(self._rest, len(view))
                self._take(view[:taken])
                self._rest -= 0 if self._lost else taken
                view = view[taken:]
            else:
                wanted = self._header_length() - len(self._head)
                self._head += bytes(view[:wanted])
                view = view[wanted:]
                self._begin_box()

    def digest(self) -> Digest:
        """What has passed so far, the unfinished piece included."""
        pieces = list(self._pieces)
        last = crc32(self._head, self._piece)
        if self._length + len(self._head):
            pieces.append(Piece(self._length + len(self._head), f"{last:08x}"))
        return Digest(self._whole.hexdigest(), self._size, tuple(pieces))

    def _header_length(self) -> int:
        large = len(self._head) >= 8 and self._head[:4] == b"\x00\x00\x00\x01"
        return 16 if large else 8

    def _begin_box(self) -> None:
        """Once its header is there: a fragment begins a new piece."""
        head = self._head
        if len(head) < self._header_length():
            return
        length, kind = struct.unpack_from("!I4s", head)
        if length == 1:
            (length,) = struct.unpack_from("!Q", head, 8)
        if kind in _CUTS and self._length:
            self._pieces.append(Piece(self._length, f"{self._piece:08x}"))
            self._piece, self._length = 0, 0
        self._head = b""
        self._take(head)
        self._lost = length < len(head)
        self._rest = max(0, length - len(head))

    def _take(self, data: bytes | memoryview) -> None:
        self._piece = crc32(data, self._piece)
        self._length += len(data)


def hash_file(path: Path, passed: Callable[[int], None] | None = None) -> Digest:
    """The digest of a file on disk; `passed` hears the bytes of each portion (to show progress, to
    slow down, or to give up by raising). Raises OSError.
    """
    running = SegmentHash()
    with path.open("rb", buffering=0) as file:
        while portion := file.read(_CHUNK):
            running.update(portion)
            if passed is not None:
                passed(len(portion))
    return running.digest()
