"""What can be wrong with the center's authority, in words for the officer. Holds no secret."""

from __future__ import annotations

from pathlib import Path

from edge_agent.core.trouble import Trouble


def missing(folder: Path) -> Trouble:
    """There is no authority here yet."""
    return Trouble(
        "authority.missing",
        f"Chưa có cơ quan chứng thư trong {folder}. Chạy: edge-agent center ca init --host MÁY",
        f"There is no authority in {folder}. Run: edge-agent center ca init --host HOST",
    )


def exists(folder: Path) -> Trouble:
    """An authority is never overwritten: every site would be turned away."""
    return Trouble(
        "authority.exists",
        f"Trong {folder} đã có cơ quan chứng thư; không ghi đè. Muốn đổi tên máy: "
        "edge-agent center ca renew --host MÁY",
        f"There is an authority in {folder} already; it is not overwritten. For other host names: "
        "edge-agent center ca renew --host HOST",
    )


def unreadable(path: Path, cause: str) -> Trouble:
    """A file of the authority cannot be used."""
    return Trouble(
        "authority.unreadable",
        f"Không dùng được {path} ({cause}). Kiểm tra chủ sở hữu, quyền, hoặc khôi phục từ bản sao.",
        f"{path} cannot be used ({cause}). Check its owner and mode, or restore it from a backup.",
    )


def unwritable(path: Path, error: OSError) -> Trouble:
    """A file of the authority cannot be written."""
    return Trouble(
        "authority.unwritable",
        f"Không ghi được vào {path} ({error.strerror}). Kiểm tra tài khoản đang chạy lệnh, quyền "
        "và chỗ trống.",
        f"{path} cannot be written ({error.strerror}). Check the account that runs this, the "
        "permissions and the free space.",
    )


def passphrase(path: Path) -> Trouble:
    """The authority's key does not open."""
    return Trouble(
        "authority.passphrase",
        f"Không mở được khóa {path}: thiếu hoặc sai mật khẩu (--passphrase-file).",
        f"The key {path} does not open: the passphrase is missing or wrong (--passphrase-file).",
    )


def account(folder: Path, owner: int) -> Trouble:
    """Somebody else than the owner of the authority runs this."""
    return Trouble(
        "authority.account",
        f"{folder} của tài khoản uid {owner}; chạy lệnh bằng tài khoản đó: sudo -u edge-center …",
        f"{folder} belongs to uid {owner}; run this as that account: sudo -u edge-center …",
    )


def open_to_others(path: Path, mode: int) -> Trouble:
    """Others could have read a secret."""
    return Trouble(
        "authority.open_to_others",
        f"Người khác đọc được {path} (quyền {mode:04o}). Chạy: chmod 600 {path}",
        f"Others can read {path} (mode {mode:04o}). Run: chmod 600 {path}",
    )


def name(text: str, cause: str) -> Trouble:
    """No site may be called so."""
    return Trouble(
        "authority.name",
        f"Không cấp chứng thư cho {text[:80]!r}: {cause}. Mã cơ sở gồm chữ thường a-z, số và dấu "
        "gạch ngang, tối đa 63 ký tự; 'state' là tên dành riêng.",
        f"No certificate for {text[:80]!r}: {cause}. A site's id has lower case letters a-z, "
        "digits and hyphens, at most 63; 'state' is reserved.",
    )


def host(text: str) -> Trouble:
    """No server can be called so."""
    return Trouble(
        "authority.host",
        f"{text[:80]!r} không phải tên máy hoặc địa chỉ IP (không kèm cổng).",
        f"{text[:80]!r} is no host name or IP address (without a port).",
    )


def request(cause: str) -> Trouble:
    """A signing request that is not signed."""
    return Trouble(
        "authority.request",
        f"Yêu cầu chứng thư không dùng được: {cause}.",
        f"The signing request cannot be used: {cause}.",
    )


def nothing_to_revoke(what: str) -> Trouble:
    """No valid certificate under this name or number."""
    return Trouble(
        "authority.nothing",
        f"Không có chứng thư còn hiệu lực nào của {what[:80]!r}. Xem: edge-agent center ca list",
        f"There is no valid certificate of {what[:80]!r}. See: edge-agent center ca list",
    )
