"""What an officer should know of a site or of the center: once, with how often and until when."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, update

from edge_agent.center.store.engine import insert_new
from edge_agent.center.store.tables import notices


@dataclass(frozen=True, slots=True)
class Notice:
    """`subject` tells apart notices of one kind (an epoch, a lane); site '' is the center."""

    site: str
    kind: str
    subject: str
    vi: str
    en: str


def tell(connection: Connection, notice: Notice, now: int) -> None:
    """Store a notice, or count it when it stands there already."""
    here = (
        (notices.c.site == notice.site)
        & (notices.c.kind == notice.kind)
        & (notices.c.subject == notice.subject)
    )
    again = (
        update(notices)
        .where(here)
        .values(times=notices.c.times + 1, last_at=now, vi=notice.vi, en=notice.en)
    )
    if connection.execute(again).rowcount:
        return
    row = {name: getattr(notice, name) for name in ("site", "kind", "subject", "vi", "en")}
    insert_new(connection, notices, [{**row, "times": 1, "first_at": now, "last_at": now}])


def new_epoch(site: str, epoch: str, known: int) -> Notice:
    """A site speaks from another events database than before."""
    return Notice(
        site,
        "new_epoch",
        epoch,
        f"Cơ sở {site} dùng cơ sở dữ liệu sự kiện mới ({epoch}), trước đó có {known}. Thiết bị đã "
        "cài lại hoặc thay? Tin chưa gửi của cơ sở dữ liệu cũ không đến nữa.",
        f"The site {site} has a new events database ({epoch}); {known} were known. Was the device "
        "re-imaged or replaced? What the old one had not sent does not come any more.",
    )


def sequence_backwards(site: str, lane: str, said: int, known: int) -> Notice:
    """A site says that it gave out fewer numbers than we have received."""
    return Notice(
        site,
        "sequence_backwards",
        lane,
        f"Cơ sở {site} nói luồng {lane} mới đến số {said}, trung tâm đã có đến {known}: thiết bị "
        "được khôi phục từ bản cũ? Số dùng lại sẽ vào khu cách ly, không mất.",
        f"The site {site} says the lane {lane} is at {said}, the center has {known}: was the "
        "device restored from an old copy? Numbers used again go to quarantine, none is lost.",
    )


def quarantine_full(site: str) -> Notice:
    """A site sends more that is wrong than is kept of one site."""
    return Notice(
        site,
        "quarantine_full",
        "",
        f"Khu cách ly của cơ sở {site} đã đầy; tin hỏng thêm chỉ được đếm và không được xác nhận.",
        f"The quarantine of the site {site} is full; further faulty messages are only counted and "
        "not acknowledged.",
    )


def skewed(site: str, seconds: float) -> Notice:
    """A site's clock is off."""
    return Notice(
        site,
        "clock_skew",
        "",
        f"Đồng hồ cơ sở {site} lệch {seconds:+.1f} giây so với trung tâm. Kiểm tra NTP ở cơ sở.",
        f"The clock of the site {site} is off by {seconds:+.1f} s. Check NTP at the site.",
    )


def center_clock(seconds: float, sites: int) -> Notice:
    """Most sites agree with each other and not with us."""
    return Notice(
        "",
        "center_clock",
        "",
        f"Đồng hồ TRUNG TÂM lệch {seconds:+.1f} giây so với đa số trong {sites} cơ sở. Kiểm tra "
        "NTP của máy này; thứ tự sự kiện không bị ảnh hưởng, dấu 'trễ' có thể sai.",
        f"The clock of the CENTER is off by {seconds:+.1f} s from most of {sites} sites. Check "
        "NTP of this machine; the order of events is not touched, marks of lateness may be wrong.",
    )


def revoked_speaks(site: str) -> Notice:
    """A revoked site still gets through the broker."""
    return Notice(
        site,
        "revoked_speaks",
        "",
        f"Cơ sở {site} đã bị thu hồi chứng thư nhưng vẫn gửi được tin. Nạp lại danh sách thu hồi "
        "(CRL) cho máy chủ MQTT.",
        f"The site {site} is revoked and its messages still arrive. Make the broker load the "
        "revocation list (CRL) again.",
    )


def scattered(site: str, lane: str, most: int) -> Notice:
    """Sequence numbers with more holes than a lost line can leave."""
    return Notice(
        site,
        "scattered",
        lane,
        f"Số thứ tự luồng {lane} của cơ sở {site} rời rạc quá {most} khoảng, không thể là do đường "
        "truyền. Sự kiện vẫn được lưu, nhưng không được xác nhận thêm. Kiểm tra thiết bị.",
        f"The sequence numbers of the lane {lane} of the site {site} are in more than {most} "
        "pieces; no line can cause that. Its events are stored, and no further ones are "
        "acknowledged. Check the device.",
    )
