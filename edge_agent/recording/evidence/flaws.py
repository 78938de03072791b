"""What verification finds, in words: the file, what is wrong with it, the seconds it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from edge_agent.core.time import iso


class Kind(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    RENAMED = "renamed"
    SWAPPED = "swapped"
    UNLISTED = "unlisted"
    CHAIN = "chain"
    SIGNATURE = "signature"
    FOREIGN = "foreign"
    MISPLACED = "misplaced"
    NO_MANIFEST = "no_manifest"
    DAMAGED_MANIFEST = "damaged_manifest"
    UNREADABLE = "unreadable"
    NO_KEY = "no_key"


_WORDS: dict[Kind, tuple[str, str]] = {
    Kind.CHANGED: (
        "nội dung khác với lúc ghi",
        "its bytes are not those that were recorded",
    ),
    Kind.MISSING: ("thiếu tệp này", "this file is missing"),
    Kind.RENAMED: ("tệp đã bị đổi tên thành", "the file was renamed to"),
    Kind.SWAPPED: ("tệp chứa nội dung của tệp khác:", "it holds the bytes of another file:"),
    Kind.UNLISTED: (
        "tệp không có trong bản kê đã ký",
        "this file is not in the signed manifest",
    ),
    Kind.CHAIN: (
        "chuỗi băm bị đứt tại tệp này",
        "the chain of hashes is broken at this file",
    ),
    Kind.SIGNATURE: (
        "chữ ký sai: nội dung đã bị sửa sau khi ký",
        "wrong signature: it was changed after it was signed",
    ),
    Kind.FOREIGN: (
        "do thiết bị khác ký, vân tay khóa",
        "signed by another device, key fingerprint",
    ),
    Kind.MISPLACED: (
        "bản kê của camera hoặc ngày khác:",
        "the manifest of another camera or day:",
    ),
    Kind.NO_MANIFEST: (
        "thư mục có bản ghi nhưng không có bản kê đã ký",
        "the folder has footage but no signed manifest",
    ),
    Kind.DAMAGED_MANIFEST: ("không đọc được bản kê", "it cannot be read as a manifest"),
    Kind.UNREADABLE: ("không đọc được tệp", "the file cannot be read"),
    Kind.NO_KEY: (
        "không có khóa công khai để kiểm tra chữ ký; dùng --key",
        "there is no public key to check signatures with; use --key",
    ),
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong. `path` is relative to what was verified; `spans` are the moments
    (UTC) that it concerns, empty when it concerns no picture.
    """

    path: str
    kind: Kind
    detail: str = ""
    spans: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def vi(self) -> str:
        """In Vietnamese."""
        return self._said(_WORDS[self.kind][0], "ảnh hưởng")

    @property
    def en(self) -> str:
        """In English."""
        return self._said(_WORDS[self.kind][1], "affects")

    def _said(self, words: str, affects: str) -> str:
        detail = f" {self.detail}" if self.detail else ""
        when = ", ".join(f"{iso(start)} … {iso(end)}" for start, end in self.spans)
        return f"{self.path}: {words}{detail}" + (f"; {affects} {when}" if when else "")


@dataclass(slots=True)
class Report:
    """What was verified: signed days, files and bytes that were read, flaws, files that are too
    new to be signed, and the fingerprint of the key that the signatures were checked with.
    """

    fingerprint: str = ""
    days: int = 0
    files: int = 0
    bytes: int = 0
    pending: int = 0
    flaws: list[Flaw] = field(default_factory=list)


def moments(
    start: datetime, seconds: Sequence[tuple[float, float]]
) -> tuple[tuple[datetime, datetime], ...]:
    """Seconds of a file as moments."""
    return tuple(
        (start + timedelta(seconds=begin), start + timedelta(seconds=end)) for begin, end in seconds
    )
