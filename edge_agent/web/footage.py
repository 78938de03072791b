"""What the pages need to know of the house: handed over by whoever composes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Served:
    """An opened MP4 file on its way out: bytes, a tag that changes with its content, and headers
    that say what it shows. Whoever takes it closes `file`.
    """

    file: BinaryIO
    size: int
    tag: str
    headers: Mapping[str, str]


class Footage(Protocol):
    """The recordings, as pages may see them. Every method may block, and raises Trouble.

    `film` and `original` write down who looks before they give anything.
    """

    def cameras(self) -> list[dict[str, Any]]:
        """Every camera with what is kept of it."""
        ...

    def moment(self, text: str) -> datetime:
        """The UTC moment that this text means at the site."""
        ...

    def timeline(self, camera: str, start: datetime, end: datetime) -> dict[str, Any]:
        """Files and gaps of [start, end)."""
        ...

    def film(self, who: str, camera: str, start: datetime, end: datetime, part: int) -> Served:
        """The joined film of [start, end); `part` counts from 1."""
        ...

    def original(self, who: str, path: str) -> Served:
        """An indexed file, by its path below the recordings folder."""
        ...
