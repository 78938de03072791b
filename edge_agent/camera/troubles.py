"""What a technician is told about a camera, in Vietnamese and English: thing, cause, what to do."""

from __future__ import annotations

from edge_agent.core.trouble import Trouble

CLOCK_TOLERANCE = 2.0  # seconds; beyond it evidence times and sign-on suffer


def password_refused(where: str, credential: str, left: int | None, clock_offset: float) -> Trouble:
    """The camera refuses user or password; it is not asked again with them."""
    vi = en = ""
    if left is not None:
        vi += f" Camera cho thử thêm {left} lần trước khi khóa."
        en += f" It allows {left} more attempts before it locks."
    if abs(clock_offset) >= CLOCK_TOLERANCE:
        vi += f" Đồng hồ camera lệch {clock_offset:.0f} s (đã tính đến khi đăng nhập)."
        en += f" Its clock is off by {clock_offset:.0f} s (allowed for when signing on)."
    return Trouble(
        "camera.password_refused",
        f"Camera {where}: từ chối tài khoản '{credential}'.{vi} Kiểm tra tên và mật khẩu trong tệp "
        "tài khoản; nhiều camera có tài khoản ONVIF riêng, phải bật và tạo trong trang web của "
        "camera (Mạng > ONVIF). Sẽ không thử lại với mật khẩu này để tránh bị khóa: sửa xong hãy "
        "khởi động lại agent.",
        f"Camera {where}: refuses the credential '{credential}'.{en} Check user and password in "
        "the credentials file; many cameras have a separate ONVIF user that must be switched on "
        "and created in the camera's web page (Network > ONVIF). This password is not tried again, "
        "so that the camera does not lock us out: restart the agent after correcting it.",
    )


def no_credential(where: str, credential: str) -> Trouble:
    """The camera wants a password and there is none."""
    return Trouble(
        "camera.no_credential",
        f"Camera {where}: cần mật khẩu nhưng tệp tài khoản không có mục '{credential}'. Thêm mục "
        "này (user, password) vào tệp tài khoản.",
        f"Camera {where}: wants a password and the credentials file has no entry '{credential}'. "
        "Add that entry (user, password) to the credentials file.",
    )


def clock_wrong(where: str, offset: float) -> Trouble:
    """A warning: the camera is used, its own time stamps are not to be trusted."""
    return Trouble(
        "camera.clock_wrong",
        f"Camera {where}: đồng hồ lệch {offset:+.0f} s so với máy này. Vẫn ghi hình, nhưng giờ in "
        "trên hình sẽ sai: bật NTP hoặc chỉnh giờ trong trang web của camera.",
        f"Camera {where}: its clock is off by {offset:+.0f} s from this machine. It is recorded, "
        "but the time shown in its picture is wrong: switch NTP on or set the clock in its web "
        "page.",
    )


def no_onvif(where: str) -> Trouble:
    """Something answers there, without an ONVIF service."""
    return Trouble(
        "camera.no_onvif",
        f"Thiết bị {where}: có trả lời nhưng không có dịch vụ ONVIF. Bật ONVIF trong trang web của "
        "camera (Hikvision, Dahua, Tapo tắt sẵn), hoặc ghi địa chỉ RTSP vào cameras[].rtsp.",
        f"Device {where}: answers, but has no ONVIF service. Switch ONVIF on in the camera's web "
        "page (off by default at Hikvision, Dahua, Tapo), or write its RTSP address into "
        "cameras[].rtsp.",
    )


def no_answer(where: str) -> Trouble:
    """Nobody answers there in time."""
    return Trouble(
        "camera.no_answer",
        f"Camera {where}: không trả lời kịp. Kiểm tra nguồn, cáp, địa chỉ IP; nếu camera đang khởi "
        "động thì chờ lần tìm sau.",
        f"Camera {where}: no answer in time. Check its power, cable and IP address; if it is just "
        "starting, wait for the next search.",
    )


def no_stream(where: str) -> Trouble:
    """The camera speaks ONVIF but names no RTSP stream."""
    return Trouble(
        "camera.no_stream",
        f"Camera {where}: không cho địa chỉ luồng RTSP nào. Bật RTSP và luồng H.264/H.265 trong "
        "trang web của camera, hoặc ghi địa chỉ RTSP vào cameras[].rtsp.",
        f"Camera {where}: names no RTSP stream. Switch RTSP and an H.264/H.265 stream on in the "
        "camera's web page, or write its RTSP address into cameras[].rtsp.",
    )


def none_found(networks: str) -> Trouble:
    """Not one camera answered."""
    return Trouble(
        "camera.none_found",
        f"Không tìm thấy camera nào trên: {networks}. Kiểm tra cáp và nguồn PoE; camera ở VLAN hay "
        "switch chặn multicast thì ghi địa chỉ vào discovery.hosts; nếu máy có nhiều cổng mạng thì "
        "ghi cổng nối camera vào discovery.interfaces.",
        f"No camera found on: {networks}. Check cables and PoE power; where cameras are in another "
        "VLAN or a switch blocks multicast, list their addresses in discovery.hosts; with several "
        "network ports, name the one with the cameras in discovery.interfaces.",
    )


def interface_unknown(name: str, present: str) -> Trouble:
    """`discovery.interfaces` names one that is missing, down, or without an IPv4 address."""
    return Trouble(
        "discovery.interface_unknown",
        f"discovery.interfaces: không có cổng mạng '{name}' đang bật với địa chỉ IPv4. Hiện có: "
        f"{present}.",
        f"discovery.interfaces: no interface '{name}' is up with an IPv4 address. There are: "
        f"{present}.",
    )


def not_found(camera: str, by: str) -> Trouble:
    """An entry of the configuration that no device matches now."""
    return Trouble(
        "camera.not_found",
        f"Camera '{camera}' ({by}): có trong cấu hình nhưng không tìm thấy. Kiểm tra nguồn, cáp và "
        "phần match của camera này.",
        f"Camera '{camera}' ({by}): is in the configuration but was not found. Check its power, "
        "cable and its match section.",
    )


def nothing_to_match(camera: str) -> Trouble:
    """An entry that says nothing to recognise a camera by."""
    return Trouble(
        "camera.not_found",
        f"Camera '{camera}': không có match hay rtsp nên không biết là thiết bị nào. Thêm "
        "match.mac, match.serial, match.epr hoặc match.host.",
        f"Camera '{camera}': has neither match nor rtsp, so no device can be recognised as it. Add "
        "match.mac, match.serial, match.epr or match.host.",
    )


def replaced(camera: str, host: str, now: str) -> Trouble:
    """Another device answers at a camera's old address; it is not recorded under the old name."""
    return Trouble(
        "camera.replaced",
        f"Camera '{camera}': tại địa chỉ cũ {host} nay là một thiết bị khác ({now}). Không ghi "
        f"hình dưới tên '{camera}'. Nếu đã thay camera, ghi match.mac (hoặc match.serial) "
        f"của thiết bị mới vào mục '{camera}'.",
        f"Camera '{camera}': another device ({now}) now answers at its old address {host}. It is "
        f"not recorded under the name '{camera}'. If the camera was exchanged, write the new "
        f"device's match.mac (or match.serial) into the entry '{camera}'.",
    )


def clone(camera: str, host: str, twin: str) -> Trouble:
    """Two devices claim one MAC or serial number; both are kept."""
    return Trouble(
        "camera.clone",
        f"Camera '{camera}' ({host}) có cùng MAC hoặc số sê-ri với thiết bị tại {twin}. Cả hai đều "
        "được giữ; hãy phân biệt bằng match.host.",
        f"Camera '{camera}' ({host}) has the same MAC or serial number as the device at {twin}. "
        "Both are kept; tell them apart by match.host.",
    )
