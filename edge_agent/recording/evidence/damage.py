"""Which seconds of a changed file are changed: its pieces compared with those that were signed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge_agent.recording.boxes import fragment_span
from edge_agent.recording.evidence.hashing import Piece

Seconds = tuple[float, float]


def damaged_seconds(path: Path, pieces: Sequence[Piece], length: float) -> list[Seconds]:
    """The spans, in seconds from the file's beginning, whose bytes differ; `length` is the file's
    media time. A span of no length: only the index at the file's end. Raises OSError.

    Damage in the header concerns the whole file. A piece is found by the lengths that were signed,
    not by the boxes, so that a damaged box does not lead astray.
    """
    header, spans, wrong = b"", list[Seconds | None](), list[bool]()
    with path.open("rb") as file:
        for index, piece in enumerate(pieces):
            data = file.read(piece.length)
            wrong.append(not piece.is_of(data))
            header = data if index == 0 else header
            spans.append(None if index == 0 or wrong[-1] else fragment_span(header, data))
        longer = bool(file.read(1))
    if not pieces or wrong[0]:
        return [(0.0, length)]
    found = [_around(spans, at, length) for at, bad in enumerate(wrong) if bad]
    if longer and not found:
        found = [(length, length)]
    # a file that was changed so that every checksum still fits is changed anywhere
    return _joined(found) or [(0.0, length)]


def _around(spans: Sequence[Seconds | None], at: int, length: float) -> Seconds:
    """The time of a damaged piece: from where the last good one ends to where the next begins."""
    before = next((span[1] for span in reversed(spans[:at]) if span), 0.0)
    after = next((span[0] for span in spans[at:] if span), length)
    return (min(before, length), max(min(before, length), min(after, length)))


def _joined(spans: Sequence[Seconds]) -> list[Seconds]:
    joined: list[Seconds] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
