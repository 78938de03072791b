"""Why a message is not taken, in words that an officer can read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """One reason: `code` for machines, `vi` and `en` the same sentence for people."""

    code: str
    vi: str
    en: str


class Flawed(Exception):
    """Raised inside the intake; `flaw` is what becomes of it."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.en)
        self.flaw = flaw


def malformed(detail: str) -> Flaw:
    """Bytes that do not say what their place promises; `detail` is the reader's sentence."""
    return Flaw(
        "malformed",
        f"Nội dung tin không đọc được ({detail}). Thiết bị gửi có thể hỏng hoặc bị sửa.",
        f"The message cannot be read ({detail}). The sender may be damaged or tampered with.",
    )


def oversize(size: int, limit: int) -> Flaw:
    """More bytes than any message of a site has."""
    return Flaw(
        "oversize",
        f"Tin {size} byte, tối đa {limit}. Chỉ giữ phần đầu.",
        f"A message of {size} bytes; at most {limit} are taken. Its beginning is kept.",
    )


def deep(levels: int) -> Flaw:
    """Nested like nothing that a site sends."""
    return Flaw(
        "deep",
        f"JSON lồng nhau quá {levels} tầng.",
        f"JSON nested deeper than {levels} levels.",
    )


def topic(name: str) -> Flaw:
    """A topic that is none of the contract's."""
    return Flaw(
        "topic",
        f"Chủ đề {name[:100]!r} không thuộc hợp đồng qcam/v1.",
        f"The topic {name[:100]!r} is none of the contract qcam/v1.",
    )


def kind(content_type: str) -> Flaw:
    """A content type that nobody reads here."""
    return Flaw(
        "content_type",
        f"Loại nội dung {content_type[:80]!r} chưa được hỗ trợ ở chủ đề này.",
        f"The content type {content_type[:80]!r} is not read on this topic.",
    )


def version(name: str, newest: int) -> Flaw:
    """An event of a schema that this program does not know."""
    return Flaw(
        "version",
        f"Sự kiện loại {name[:100]!r}: trung tâm này đọc lược đồ đến v{newest}. "
        "Hãy nâng cấp trung tâm trước các cơ sở.",
        f"An event of type {name[:100]!r}: this center reads schemas up to v{newest}. "
        "Upgrade the center before the sites.",
    )


def stranger(site: str, source: str) -> Flaw:
    """An event that claims to come from somebody else."""
    return Flaw(
        "source",
        f"Tin của cơ sở {site!r} tự xưng là của {source[:100]!r}.",
        f"A message of the site {site!r} claims to be from {source[:100]!r}.",
    )


def mismatch(what: str, said: str, found: str) -> Flaw:
    """Two places of one message that contradict each other."""
    return Flaw(
        "mismatch",
        f"Tin tự mâu thuẫn: {what} là {said[:60]!r} ở nhãn và {found[:60]!r} trong nội dung.",
        f"The message contradicts itself: {what} is {said[:60]!r} in its label and "
        f"{found[:60]!r} inside.",
    )


def picture(size: int, limit: int) -> Flaw:
    """A thumbnail that is no small JPEG."""
    return Flaw(
        "picture",
        f"Ảnh nhỏ {size} byte không phải JPEG tối đa {limit} byte.",
        f"A thumbnail of {size} bytes is no JPEG of at most {limit} bytes.",
    )


def reused(lane: str, sequence: int, stored: str) -> Flaw:
    """A sequence number that was given out a second time: the count went backwards."""
    return Flaw(
        "sequence_reused",
        f"Số {sequence} của luồng {lane} đã thuộc sự kiện {stored!r}: bộ đếm của cơ sở đã lùi lại "
        "(khôi phục bản sao lưu?). Sự kiện được giữ ở đây.",
        f"Number {sequence} of the lane {lane} belongs to the event {stored!r}: the site's count "
        "went backwards (restored from a backup?). The event is kept here.",
    )


def revoked(site: str) -> Flaw:
    """A site whose certificate was revoked still speaks."""
    return Flaw(
        "revoked",
        f"Chứng thư của cơ sở {site!r} đã bị thu hồi; không nhận sự kiện. Kiểm tra máy chủ MQTT "
        "đã nạp danh sách thu hồi chưa.",
        f"The certificate of the site {site!r} is revoked; its events are not taken. Check that "
        "the broker has loaded the revocation list.",
    )


def epochs(most: int) -> Flaw:
    """A site that is re-imaged more often than devices are."""
    return Flaw(
        "epochs",
        f"Cơ sở đã dùng hơn {most} cơ sở dữ liệu sự kiện; không nhận thêm.",
        f"The site has used more than {most} events databases; no further one is taken.",
    )


def unstorable(cause: str) -> Flaw:
    """The database refuses these very contents."""
    return Flaw(
        "unstorable",
        f"Cơ sở dữ liệu từ chối nội dung này ({cause}).",
        f"The database refuses these contents ({cause}).",
    )
