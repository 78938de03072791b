"""What can be wrong with the line to the center, in words for the technician. Holds no secret."""

from __future__ import annotations

from datetime import datetime

from edge_agent.core.trouble import Trouble

_BAD_PASSWORD = {0x86, 0x87}  # bad user name or password; not authorized
_TAKEN_OVER = 0x8E


def url(text: str) -> Trouble:
    """The broker's address cannot be read."""
    return Trouble(
        "link.url",
        f"Địa chỉ máy chủ MQTT không hợp lệ: {text}. Phải là mqtts://máy[:cổng].",
        f"The broker's address cannot be read: {text}. It must be mqtts://host[:port].",
    )


def plain_refused(host: str) -> Trouble:
    """mqtt:// to somewhere else than this box."""
    return Trouble(
        "link.plain_refused",
        f"Không gửi mật khẩu và sự kiện đến {host} khi không mã hóa. Dùng mqtts:// và tệp CA.",
        f"Nothing is sent to {host} without encryption. Use mqtts:// and the CA file "
        "(mqtt:// is for this box alone).",
    )


def unreachable(where: str, error: OSError) -> Trouble:
    """No TCP connection."""
    cause = error.strerror or str(error) or type(error).__name__
    return Trouble(
        "link.unreachable",
        f"Không kết nối được máy chủ {where} ({cause}). Sự kiện chờ trong hàng đợi; kiểm tra "
        "đường mạng và tường lửa.",
        f"The broker {where} cannot be reached ({cause}). Events wait in the outbox; check the "
        "internet line and the firewall.",
    )


def untrusted(where: str, cause: str) -> Trouble:
    """The broker's certificate does not verify."""
    return Trouble(
        "link.untrusted",
        f"Không tin được chứng thư của máy chủ {where} ({cause}). Kiểm tra mqtt.ca, tên máy chủ "
        "và đồng hồ của máy này.",
        f"The certificate of the broker {where} is not trusted ({cause}). Check mqtt.ca, the "
        "host's name and the clock of this box.",
    )


_OUR_CERTIFICATE = {  # what a broker's TLS alert says of the certificate that we showed
    "CERTIFICATE_REQUIRED": ("chưa có chứng thư", "we showed none"),
    "CERTIFICATE_REVOKED": ("đã bị thu hồi", "it is revoked"),
    "CERTIFICATE_EXPIRED": ("đã hết hạn", "it has expired"),
    "UNKNOWN_CA": ("không do trung tâm này cấp", "another authority signed it"),
    "CERTIFICATE_UNKNOWN": ("không được chấp nhận", "it is not accepted"),
    "BAD_CERTIFICATE": ("bị hỏng", "it is damaged"),
    "UNSUPPORTED_CERTIFICATE": ("dùng sai mục đích", "it is for another purpose"),
    "HANDSHAKE_FAILURE": ("chưa có chứng thư", "we showed none"),
}


def tls_failed(where: str, cause: str) -> Trouble:
    """TLS did not come about for another reason than the broker's certificate; an alert about ours
    is told as what it means.
    """
    alert = cause.partition("ALERT_")[2]
    if alert in _OUR_CERTIFICATE:
        return certificate_refused(where, *_OUR_CERTIFICATE[alert])
    return Trouble(
        "link.tls_failed",
        f"Không mã hóa được kết nối với {where} ({cause}). Kiểm tra mqtt.certificate, mqtt.key và "
        "cổng TLS của máy chủ (TLS 1.2 trở lên).",
        f"No encrypted connection to {where} ({cause}). Check mqtt.certificate, mqtt.key and that "
        "the port speaks TLS 1.2 or newer.",
    )


def certificate_refused(where: str, vi: str, en: str) -> Trouble:
    """The broker does not let our certificate in."""
    return Trouble(
        "link.certificate_refused",
        f"Máy chủ {where} từ chối chứng thư của cơ sở này: {vi}. Sự kiện chờ trong hàng đợi. Kiểm "
        "tra mqtt.certificate; hỏi trung tâm, đăng ký lại: edge-agent enroll",
        f"The broker {where} refuses this site's certificate: {en}. Events wait in the outbox. "
        "Check mqtt.certificate; ask the center, enrol anew: edge-agent enroll",
    )


def files(cause: str) -> Trouble:
    """A PEM file cannot be loaded."""
    return Trouble(
        "link.files",
        f"Không đọc được tệp chứng thư ({cause}). Kiểm tra mqtt.ca, mqtt.certificate, mqtt.key.",
        f"The certificate files cannot be read ({cause}). Check mqtt.ca, mqtt.certificate, "
        "mqtt.key.",
    )


def password_refused(where: str, user: str, reason: str) -> Trouble:
    """The broker knows the user or the password otherwise."""
    vi, en = (f"tài khoản {user!r}", f"user {user!r}") if user else ("khách", "an anonymous site")
    return Trouble(
        "link.password_refused",
        f"Máy chủ {where} từ chối {vi} ({reason}). Kiểm tra mục mqtt trong tệp mật khẩu.",
        f"The broker {where} refuses {en} ({reason}). Check the entry `mqtt` of the credentials "
        "file.",
    )


def not_admitted(where: str, user: str, code: int, reason: str) -> Trouble:
    """A refusing CONNACK: its reason code and what that means (MQTT v5, 3.2.2.2)."""
    if code in _BAD_PASSWORD:
        return password_refused(where, user, reason)
    return Trouble(
        "link.not_admitted",
        f"Máy chủ {where} không nhận kết nối ({reason}).",
        f"The broker {where} does not admit the connection ({reason}).",
    )


def no_answer(where: str, refusal: str = "") -> Trouble:
    """TCP is there, MQTT v5 is not; `refusal` is the TLS alert that came instead, if one did."""
    if refusal:
        return tls_failed(where, refusal)
    return Trouble(
        "link.no_answer",
        f"{where} không trả lời theo MQTT v5. Kiểm tra cổng, và máy chủ có hỗ trợ MQTT 5 không.",
        f"{where} does not answer in MQTT v5. Check the port, and that the broker speaks MQTT 5.",
    )


def lost(where: str, reason: str) -> Trouble:
    """The connection was there and is gone."""
    return Trouble(
        "link.lost",
        f"Mất kết nối với {where} ({reason}). Sự kiện chờ trong hàng đợi, sẽ gửi lại.",
        f"The connection to {where} is lost ({reason}). Events wait in the outbox and go later.",
    )


def ended(where: str, client: str, code: int, reason: str) -> Trouble:
    """A connection that stood is gone: DISCONNECT's reason code, if there was one."""
    return taken_over(where, client) if code == _TAKEN_OVER else lost(where, reason)


def taken_over(where: str, client: str) -> Trouble:
    """Somebody else connected under our name."""
    return Trouble(
        "link.taken_over",
        f"Một máy khác đã kết nối {where} với cùng tên {client}. Mỗi điểm cần một mã riêng.",
        f"Another box has connected to {where} under the same name {client}. Every site needs an "
        "id of its own.",
    )


def no_receipt(where: str, seconds: float) -> Trouble:
    """The line lives but a message is not acknowledged."""
    return Trouble(
        "link.no_receipt",
        f"{where} không xác nhận tin nhắn sau {seconds:.0f} giây. Kết nối lại.",
        f"{where} has not acknowledged a message for {seconds:.0f} s. Connecting anew.",
    )


def subscription_refused(topic: str, reason: str) -> Trouble:
    """SUBACK with a failure."""
    return Trouble(
        "link.subscription_refused",
        f"Máy chủ không cho theo dõi {topic} ({reason}).",
        f"The broker refuses the subscription to {topic} ({reason}).",
    )


def thumbnail(event: str, size: int, limit: int) -> Trouble:
    """A thumbnail that is no small JPEG."""
    return Trouble(
        "link.thumbnail",
        f"Ảnh nhỏ của {event} không gửi được: {size} byte, phải là JPEG tối đa {limit} byte.",
        f"The thumbnail of {event} cannot go: {size} bytes; it must be a JPEG of at most {limit}.",
    )


def clock_behind(now: datetime, floor: datetime) -> Trouble:
    """The clock says a time that is long past."""
    return Trouble(
        "link.clock_behind",
        f"Đồng hồ của máy này ({now:%Y-%m-%d %H:%M} UTC) còn ở trước {floor:%Y-%m-%d %H:%M} UTC, "
        "là lúc chắc chắn đã qua. Không kiểm tra được chứng thư; sự kiện chờ trong hàng đợi. Đặt "
        "lại giờ, hoặc kiểm tra NTP và pin CMOS.",
        f"The clock of this box ({now:%Y-%m-%d %H:%M} UTC) is before {floor:%Y-%m-%d %H:%M} UTC, "
        "which has surely passed. Certificates cannot be judged; events wait in the outbox. Set "
        "the clock, or check NTP and the CMOS battery.",
    )


def renumbered(lane: str, seen: int, given: int) -> Trouble:
    """The center has numbers that this database never gave out."""
    return Trouble(
        "link.renumbered",
        f"Trung tâm đã có số {seen} của làn {lane}, cơ sở dữ liệu này mới đến {given}: nó được "
        "khôi phục từ bản cũ. Đánh số lại từ đầu với mã mới, không mất sự kiện nào.",
        f"The center has number {seen} of lane {lane}, this database has given out {given}: it was "
        "restored from a copy. Counting under a new epoch from here on; no event is lost.",
    )
