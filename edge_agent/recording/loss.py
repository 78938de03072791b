"""Why a camera is not being recorded: errors of FFmpeg and of the disk as words of the ledger."""

from __future__ import annotations

import errno

import av.error

from edge_agent.core.media import GapReason
from edge_agent.core.trouble import Trouble

_NETWORK = {
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.ECONNRESET,
    errno.ECONNABORTED,
    errno.EPIPE,
    errno.EIO,  # FFmpeg's word for a host name that nobody resolves
}
_OFFLINE = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_SAY: dict[GapReason, tuple[str, str]] = {
    GapReason.CAMERA_OFFLINE: (
        "không trả lời; kiểm tra nguồn điện và dây mạng của camera",
        "does not answer; check its power and its network cable",
    ),
    GapReason.NETWORK: (
        "mất kết nối mạng; kiểm tra switch và dây mạng",
        "cannot be reached over the network; check the switch and the cables",
    ),
    GapReason.PASSWORD_REFUSED: (
        "từ chối mật khẩu; sửa mật khẩu của camera trong tệp credentials "
        "(nếu camera chỉ nhận digest SHA-256, hãy đặt thuật toán digest RTSP là MD5)",
        "refuses the password; correct it in the credentials file "
        "(if the camera accepts SHA-256 digest only, set its RTSP digest algorithm to MD5)",
    ),
    GapReason.CODEC_NOT_SUPPORTED: (
        "gửi hình bằng bộ mã không hỗ trợ; đặt luồng chính là H.264 hoặc H.265",
        "sends a codec that is not supported; set its main stream to H.264 or H.265",
    ),
    GapReason.TOO_MANY_SESSIONS: (
        "đã hết số phiên xem; đóng bớt ứng dụng đang xem camera này",
        "has no session left; close other programs that watch it",
    ),
    GapReason.DISK_FULL: (
        "không ghi được vì ổ ghi hình đầy; giải phóng chỗ trống, việc ghi sẽ tự tiếp tục",
        "is not recorded because the disk is full; free some space, recording resumes by itself",
    ),
    GapReason.DISK_SLOW: (
        "không ghi kịp vì ổ ghi hình quá chậm; kiểm tra sức khỏe ổ đĩa và việc khác đang dùng nó",
        "is not recorded because the disk takes the pictures slower than they come; "
        "check its health and what else uses it",
    ),
    GapReason.DISK_MISSING: (
        "không ghi được vì thư mục ghi hình không có hoặc không ghi được; kiểm tra ổ đĩa đã gắn",
        "is not recorded because the recordings folder is missing or not writable; "
        "check that its disk is mounted",
    ),
}
_STREAM: tuple[tuple[tuple[type[Exception], ...], GapReason, str], ...] = (
    (
        (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError),
        GapReason.PASSWORD_REFUSED,
        "",
    ),
    ((av.error.HTTPNotFoundError,), GapReason.CAMERA_OFFLINE, "no stream at this address (404)"),
    # 453 Not Enough Bandwidth and 503 are how cameras refuse one session too many
    (
        (av.error.HTTPOtherClientError, av.error.HTTPServerError),
        GapReason.TOO_MANY_SESSIONS,
        "RTSP 4xx or 5xx",
    ),
    ((av.error.ExitError,), GapReason.CAMERA_OFFLINE, "no packets within the time limit"),
)
_UNKNOWN = ("không ghi được", "cannot be recorded")


class Lost(Exception):
    """A camera's recording has stopped, for one reason of the closed list; holds no secret."""

    def __init__(self, reason: GapReason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail

    def trouble(self, camera: str) -> Trouble:
        """The same for people."""
        vi, en = _SAY.get(self.reason, _UNKNOWN)
        detail = f" ({self.detail})" if self.detail else ""
        return Trouble(
            f"recording.{self.reason.value}",
            f"Camera {camera} {vi}{detail}.",
            f"Camera {camera} {en}{detail}.",
        )


class FormatChanged(Lost):
    """The camera changed its codec parameters: the next session begins with a new header."""

    def __init__(self) -> None:
        super().__init__(GapReason.CAMERA_OFFLINE, "the camera changed its picture format")


def stream_lost(error: av.error.FFmpegError) -> Lost:
    """What an error of the stream means. FFmpeg's own text holds the URL and is not used."""
    for kinds, reason, detail in _STREAM:
        if isinstance(error, kinds):
            return Lost(reason, detail)
    said = words(error)
    if error.errno in _OFFLINE:
        return Lost(GapReason.CAMERA_OFFLINE, said)
    return Lost(GapReason.NETWORK if error.errno in _NETWORK else GapReason.UNKNOWN, said)


def words(error: OSError | av.error.FFmpegError) -> str:
    """What went wrong, without the file name or URL that `str(error)` would add."""
    return error.strerror or type(error).__name__


def disk_lost(error: OSError) -> Lost:
    """What an error of the disk means."""
    reason = GapReason.DISK_FULL if error.errno in _FULL else GapReason.DISK_MISSING
    return Lost(reason, words(error))
