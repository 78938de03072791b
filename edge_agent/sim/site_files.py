"""The files of a virtual site: `site.yaml` and `credentials.yaml`, as a technician writes them."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.config.secrets import read_credentials
from edge_agent.core.geometry import Size
from edge_agent.core.secret import Credential
from edge_agent.runtime.logs import hide
from edge_agent.sim.camera_model import Spot

SITE_ID = "mo-phong"
DISTANCING_SECONDS = 5  # how long a pair must be close in this practice site

_HEAD = """\
# Cơ sở mô phỏng: tệp này do `edge-agent sim` / `edge-agent demo` tạo ra để luyện tập.
# A virtual site: written by `edge-agent sim` / `edge-agent demo`, to practise on.
# Mọi khóa và ý nghĩa / every key and its meaning: configs/site.example.yaml

site:
  id: {site}
  name: "Cơ sở mô phỏng"
  timezone: Asia/Ho_Chi_Minh

# Nơi lưu trạng thái và bản ghi; đường dẫn tính từ thư mục chứa tệp này.
storage:
  state: state
  recordings: recordings

# Mật khẩu nằm riêng trong tệp này (quyền 0600), không bao giờ ở site.yaml.
credentials: credentials.yaml

# Camera ảo chỉ ở trên giao diện loopback; không gói tin nào ra mạng thật.
discovery:
  interfaces: [lo]
  wait: 2s
  every: 15s
  adopt: false  # chỉ ghi các camera có tên bên dưới

cameras:
"""

_TAIL = """
# Đoạn ghi ngắn để thấy kết quả nhanh; cơ sở thật dùng 60s.
recording:
  segment: 10s
  min_free: 200MB

# Giãn cách: 2 mét, quá {distancing} giây thì báo (cơ sở thật: 10s).
rules:
  distancing:
    duration: {distancing}s

# Buổi luyện tập không có trung tâm: máy chủ MQTT xác nhận thay (yếu hơn, xem docs/delivery.md).
# No center here: the broker's word settles a message (weaker, see docs/delivery.md).
mqtt:
  url: {mqtt}
  heartbeat: 5s
  ack: broker
"""


@dataclass(frozen=True, slots=True)
class CameraLines:
    """What `site.yaml` says of one camera; `spots` are its calibration in pixels of `size`."""

    id: str
    name: str
    place: str
    mac: str
    size: Size
    spots: tuple[Spot, ...]


def _camera(one: CameraLines) -> str:
    text = (
        f"  - id: {one.id}\n"
        f"    name: {json.dumps(one.name, ensure_ascii=False)}\n"
        f"    place: {one.place}\n"
        f'    match: {{mac: "{one.mac}"}}\n'
    )
    if one.spots:
        text += (
            "    # Các điểm trên sàn: điểm ảnh trong luồng phụ → mét.\n"
            "    calibration:\n"
            f"      size: [{one.size.width}, {one.size.height}]\n"
            "      points:\n"
        )
    for spot in one.spots:
        pixel, metres = ", ".join(map(str, spot.pixel)), ", ".join(map(str, spot.metres))
        text += f"        - {{pixel: [{pixel}], metres: [{metres}]}}\n"
    return text


def site_yaml(cameras: Sequence[CameraLines], mqtt_url: str) -> str:
    """The whole configuration file."""
    return (
        _HEAD.format(site=SITE_ID)
        + "".join(_camera(one) for one in cameras)
        + _TAIL.format(distancing=DISTANCING_SECONDS, mqtt=json.dumps(mqtt_url))
    )


def write_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all; an older one that says something else is kept as `.bak`."""
    if path.exists() and path.read_bytes() != text.encode():
        path.replace(path.with_name(path.name + ".bak"))
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    file = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.write(text)
    scratch.replace(path)


def camera_credential(folder: Path, mqtt: Credential | None) -> Credential:
    """The password of all cameras of this site: the one already there, else a new random one.

    Writes `credentials.yaml` (0600). Raises Trouble when an existing file is damaged or open to
    others.
    """
    path = folder / "credentials.yaml"
    kept = read_credentials(path, hide) if path.exists() else None
    credential = (kept.camera("default") if kept else None) or Credential(
        "operator", secrets.token_urlsafe(12)
    )
    mqtt = mqtt or (kept.mqtt if kept else None)
    text = (
        "# Mật khẩu của camera ảo, sinh ngẫu nhiên. Random passwords of the virtual cameras.\n"
        "cameras:\n  default:\n"
    )
    text += _login(credential, "    ")
    if mqtt:
        text += "mqtt:\n" + _login(mqtt, "  ")
    hide([credential.password])
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.unlink(missing_ok=True)
        write_file(path, text, 0o600)
    return credential


def _login(credential: Credential, indent: str) -> str:
    user, password = json.dumps(credential.user), json.dumps(credential.password)
    return f"{indent}user: {user}\n{indent}password: {password}\n"
