"""What can go wrong while a box is enrolled, in words for the technician. Holds no secret."""

from __future__ import annotations

from pathlib import Path

from edge_agent.core.trouble import Trouble


def slip(cause_vi: str, cause_en: str) -> Trouble:
    """The text of the slip cannot be read."""
    return Trouble(
        "enrol.slip",
        f"Không đọc được dòng chữ trên phiếu: {cause_vi}. Gõ lại hoặc quét lại mã QR.",
        f"The text of the slip cannot be read: {cause_en}. Type it or scan the QR again.",
    )


def other_site(slip_site: str, site: str) -> Trouble:
    """The slip was made for another site."""
    return Trouble(
        "enrol.other_site",
        f"Phiếu này của cơ sở {slip_site!r}, còn site.yaml ghi {site!r}. Lấy đúng phiếu, hoặc sửa "
        "site.id.",
        f"This slip is for the site {slip_site!r}, but site.yaml says {site!r}. Take the right "
        "slip, or mend site.id.",
    )


def unreachable(where: str, cause: str) -> Trouble:
    """No connection to the center's HTTPS server."""
    return Trouble(
        "enrol.unreachable",
        f"Không kết nối được trung tâm {where} ({cause}). Kiểm tra đường mạng và tường lửa.",
        f"The center {where} cannot be reached ({cause}). Check the internet line and firewall.",
    )


def impostor(where: str, cause: str) -> Trouble:
    """Whoever answers is not the center of the slip. Nothing was sent to it."""
    return Trouble(
        "enrol.impostor",
        f"Máy trả lời ở {where} không phải trung tâm trên phiếu ({cause}). Chưa gửi gì. Kiểm tra "
        "địa chỉ và đồng hồ của máy này; nếu vẫn vậy, báo cho trung tâm: có thể có kẻ mạo danh.",
        f"What answers at {where} is not the center of the slip ({cause}). Nothing was sent. Check "
        "the address and the clock of this box; if it stays so, tell the center: somebody may be "
        "posing as it.",
    )


def strange(where: str, cause: str) -> Trouble:
    """The answer is none that we know."""
    return Trouble(
        "enrol.strange",
        f"Không hiểu câu trả lời của {where} ({cause}).",
        f"The answer of {where} is not understood ({cause}).",
    )


def refused(where: str) -> Trouble:
    """The code is wrong, used, or too old; the center does not say which."""
    return Trouble(
        "enrol.refused",
        f"Trung tâm {where} không nhận mã này: gõ sai, đã dùng, hoặc quá 24 giờ. Xin phiếu mới: "
        "edge-agent center enrolment new",
        f"The center {where} does not take this code: mistyped, used, or older than 24 hours. Ask "
        "for a new slip: edge-agent center enrolment new",
    )


def refused_by_officer(reason: str) -> Trouble:
    """An officer looked at it and said no."""
    return Trouble(
        "enrol.refused_by_officer",
        f"Cán bộ trung tâm đã từ chối: {reason[:200] or '(không ghi lý do)'}",
        f"The officer at the center refused: {reason[:200] or '(no reason given)'}",
    )


def locked(where: str, seconds: int) -> Trouble:
    """Too many wrong codes."""
    return Trouble(
        "enrol.locked",
        f"Trung tâm {where} tạm khóa vì nhiều mã sai; thử lại sau {seconds} giây.",
        f"The center {where} is locked after too many wrong codes; try again in {seconds} s.",
    )


def not_ours(cause: str) -> Trouble:
    """The certificate that came is not for this box."""
    return Trouble(
        "enrol.not_ours",
        f"Chứng thư nhận được không dùng được cho máy này ({cause}). Không thay đổi gì.",
        f"The certificate that came is not for this box ({cause}). Nothing was changed.",
    )


def as_root(state: Path) -> Trouble:
    """Root would leave a key that the service cannot read."""
    return Trouble(
        "enrol.as_root",
        f"{state} của tài khoản dịch vụ. Chạy: sudo -u edge-agent edge-agent enroll …",
        f"{state} belongs to the service's account. Run: sudo -u edge-agent edge-agent enroll …",
    )


def files(path: Path, cause: str) -> Trouble:
    """A file of the identity cannot be read or written."""
    return Trouble(
        "enrol.files",
        f"Không đọc hoặc ghi được {path} ({cause}). Chạy lệnh bằng tài khoản của dịch vụ: "
        "sudo -u edge-agent edge-agent enroll …",
        f"{path} cannot be read or written ({cause}). Run this as the service's account: "
        "sudo -u edge-agent edge-agent enroll …",
    )
