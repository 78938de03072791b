"""What can be wrong at the center, in words for the officer who runs it. Holds no secret."""

from __future__ import annotations

from edge_agent.core.trouble import Trouble


def database(where: str, cause: str) -> Trouble:
    """The database does not take or give rows now; nothing was acknowledged."""
    return Trouble(
        "center.database",
        f"Cơ sở dữ liệu {where} không dùng được lúc này ({cause}). Chưa xác nhận gì với các cơ sở; "
        "họ giữ tin và gửi lại. Kiểm tra dịch vụ, chỗ trống trên đĩa và mật khẩu.",
        f"The database {where} cannot be used now ({cause}). Nothing was acknowledged; the sites "
        "keep their messages and send them again. Check the service, the free space and the "
        "password.",
    )


def newer(found: int, known: int) -> Trouble:
    """A newer program has written this database."""
    return Trouble(
        "store.newer",
        f"Cơ sở dữ liệu do phiên bản mới hơn ghi (lược đồ {found}, chương trình này biết {known}). "
        "Hãy cài lại phiên bản mới hơn.",
        f"The database was written by a newer version (schema {found}, this program knows "
        f"{known}). Install the newer version again.",
    )
