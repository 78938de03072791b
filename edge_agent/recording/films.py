"""Joined films, kept while they are looked at: a bounded folder, the longest unseen goes first."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from edge_agent.core.time import from_iso, iso
from edge_agent.core.trouble import Trouble
from edge_agent.recording.join import Joined, Part, Piece, join
from edge_agent.recording.span import Span
from edge_agent.runtime.logs import log

_ABOUT = "about.json"
_PATIENCE = 120.0  # seconds to wait for a film that somebody else has made
_SPARE = 100_000_000  # bytes of the state's disk that films leave alone


@dataclass(frozen=True, slots=True)
class Film:
    """A part of a joined span, opened: its file stays readable when the folder drops it. `parts`
    are all parts of the span, `tag` changes when the footage does.
    """

    file: BinaryIO
    part: Part
    parts: tuple[Part, ...]
    tag: str


class Films:
    """Films of `root`'s segments below `folder`, at most `limit` bytes of them.

    One film is made at a time, by stream copy; who asks meanwhile waits. Raises Trouble:
    `play.nothing`, `play.too_long`, `play.no_room`, `play.busy`, `play.not_made`.
    """

    def __init__(self, folder: Path, root: Path, limit: int) -> None:
        self._folder, self._root, self._limit = folder, root, limit
        self._lock = Lock()

    def open(self, span: Span, part: int = 1) -> Film:
        """The film of a span, joined now or found; `part` counts from 1."""
        tag = _tag(span)
        with self._alone():
            try:
                parts = self._made(tag, span)
                if not 1 <= part <= len(parts):
                    raise nothing(span)
                file = parts[part - 1].path.open("rb")
                os.utime(self._folder / tag)
            except OSError as error:
                raise _not_made(error) from error
        return Film(file, parts[part - 1], parts, f"{tag}-{part}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE):
            raise Trouble(
                "play.busy",
                "Đang ghép phim khác; thử lại sau một phút.",
                "Another film is being joined; try again in a minute.",
            )
        try:
            yield
        finally:
            self._lock.release()

    def _made(self, tag: str, span: Span) -> tuple[Part, ...]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self._folder / tag
        parts = _read_about(place)
        if not parts:
            self._make_room(sum(one.segment.size for one in span.files))
            self._make(place, span)
            parts = _read_about(place)
        return parts

    def _make(self, place: Path, span: Span) -> None:
        making = self._folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        try:
            joined = join_span(span, self._root, making / "film.mp4")
            if not joined.parts:
                raise nothing(span)
            _write_about(making, joined)
            shutil.rmtree(place, ignore_errors=True)
            making.rename(place)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        log.info(
            "film.joined",
            camera=span.camera,
            start=iso(span.start),
            end=iso(span.end),
            seconds=round(joined.seconds, 1),
            parts=len(joined.parts),
            unreadable=[path.name for path, _why in joined.unreadable],
        )

    def _make_room(self, size: int) -> None:
        kept = sorted(
            (place for place in self._folder.iterdir() if place.is_dir()),
            key=lambda place: place.stat().st_mtime,
        )
        used = {place: sum(file.stat().st_size for file in place.iterdir()) for place in kept}
        if size > self._limit:
            raise _too_long(size, self._limit)
        while kept and sum(used.values()) + size > self._limit:
            oldest = kept.pop(0)
            shutil.rmtree(oldest)
            del used[oldest]
        if shutil.disk_usage(self._folder).free < size + _SPARE:
            raise Trouble(
                "play.no_room",
                "Ổ đĩa của thư mục state không đủ chỗ để ghép phim; chọn khoảng ngắn hơn.",
                "The disk of the state folder has no room for this film; ask for less.",
            )


def join_span(span: Span, root: Path, out: Path) -> Joined:
    """Join the files of a span; see `join`."""
    pieces = [Piece(root / one.segment.path, one.segment.start) for one in span.files]
    return join(pieces, span.start, span.end, out)


def _tag(span: Span) -> str:
    files = [(one.segment.path, one.segment.size) for one in span.files]
    told = json.dumps([span.camera, iso(span.start), iso(span.end), files])
    return sha256(told.encode()).hexdigest()[:32]


def _write_about(place: Path, joined: Joined) -> None:
    parts = [
        {"name": one.path.name, "start": iso(one.start), "seconds": one.seconds, "size": one.size}
        for one in joined.parts
    ]
    (place / _ABOUT).write_text(json.dumps(parts), encoding="ascii")


def _read_about(place: Path) -> tuple[Part, ...]:
    """The parts of a film; none where there is no film, or a damaged one, which is made anew."""
    try:
        told = json.loads((place / _ABOUT).read_text(encoding="ascii"))
        parts = tuple(
            Part(place / one["name"], from_iso(one["start"]), one["seconds"], one["size"])
            for one in told
        )
        whole = all(part.path.stat().st_size == part.size for part in parts)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return parts if whole else ()


def nothing(span: Span) -> Trouble:
    """The trouble of a span without a picture, with the ledger's reasons."""
    reasons = ", ".join(sorted({hole.reason for hole in span.missing if hole.reason}))
    told = f" ({reasons})" if reasons else ""
    return Trouble(
        "play.nothing",
        f"Camera {span.camera} không có hình nào trong khoảng này{told}.",
        f"Camera {span.camera} has no picture in this span{told}.",
    )


def _too_long(size: int, limit: int) -> Trouble:
    return Trouble(
        "play.too_long",
        f"Khoảng này dài {size // 10**6} MB, nhiều hơn web.cache ({limit // 10**6} MB); "
        "chọn khoảng ngắn hơn.",
        f"This span has {size // 10**6} MB, more than web.cache ({limit // 10**6} MB); "
        "ask for less.",
    )


def _not_made(error: OSError) -> Trouble:
    return Trouble(
        "play.not_made",
        f"Không ghép được phim ({error.strerror}). Kiểm tra ổ đĩa của thư mục state.",
        f"The film could not be joined ({error.strerror}). Check the disk of the state folder.",
    )
