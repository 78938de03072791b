"""The papers of an export: extraction record, instructions, and a check for any computer."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from edge_agent.core.time import iso

if TYPE_CHECKING:
    from edge_agent.recording.evidence.export import Taken

RECORD = "bien-ban-trich-xuat.md"
README = "README.md"
CHECK = "kiem-tra.sh"

_REASONS = {
    "camera_offline": "camera không trả lời",
    "network": "mất mạng",
    "password_refused": "camera từ chối mật khẩu",
    "codec_not_supported": "bộ mã không hỗ trợ",
    "too_many_sessions": "camera hết phiên xem",
    "disk_full": "ổ đĩa đầy",
    "disk_slow": "ổ đĩa quá chậm",
    "disk_missing": "không có ổ đĩa",
    "recorder_restarted": "chương trình ghi khởi động lại",
    "power_loss": "mất điện",
    "clock_stepped": "đồng hồ bị chỉnh",
    "planned": "theo kế hoạch",
    "unknown": "không rõ",
    "": "chưa có trong sổ (chưa ghi, đang ghi, hoặc đã xóa)",
}

_CHECK = r"""#!/bin/sh
# Kiểm tra bản trích xuất chỉ với openssl (1.1.1 trở lên) và sha256sum:
#   sh kiem-tra.sh [vân-tay-khóa-in-trong-biên-bản]
# Checks this export with openssl (1.1.1 or newer) and sha256sum alone:
#   sh kiem-tra.sh [fingerprint-of-the-key-from-the-record]
cd "$(dirname "$0")" || exit 1
key=device-public.pem
bad=0

wrong() {
    echo "SAI / WRONG: $1"
    bad=1
}

signed() {
    if openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$1" -sigfile "$1.sig" \
        >/dev/null 2>&1; then
        echo "chữ ký đúng / signature right: $1"
    else
        wrong "chữ ký / signature: $1"
    fi
}

found=$(openssl pkey -pubin -in "$key" -outform DER | sha256sum | cut -d' ' -f1)
echo "Vân tay khóa / key fingerprint: $found"
if [ -n "$1" ] && [ "$1" != "$found" ]; then
    wrong "vân tay khóa khác / another key: $1"
fi

signed SHA256SUMS
signed export.json
sha256sum --quiet --strict -c SHA256SUMS || wrong "mã băm / hashes"
for file in segments/*/*/*.mp4; do
    folder=$(dirname "$file")
    name=$(basename "$file")
    sum=$(sha256sum "$file" | cut -d' ' -f1)
    grep -q "\"file\":\"$name\"[^}]*\"sha256\":\"$sum\"" "$folder/manifest.json" ||
        wrong "không có trong bản kê / not in the manifest: $file"
done
for manifest in segments/*/*/manifest.json; do
    signed "$manifest"
done
extra=$(find . -type f ! -name SHA256SUMS ! -name SHA256SUMS.sig | sed 's|^\./||' | sort |
    while read -r name; do cut -c67- SHA256SUMS | grep -qxF "$name" || echo "$name"; done)
[ -z "$extra" ] || wrong "tệp lạ / files that do not belong: $extra"

if [ "$bad" = 0 ]; then
    echo "ĐÚNG: không có gì bị sửa. / RIGHT: nothing was changed."
else
    echo "KHÔNG ĐÚNG: xem các dòng SAI ở trên. / NOT RIGHT: see the lines above."
fi
exit "$bad"
"""


def check_script() -> str:
    """A shell script that verifies the export on any computer."""
    return _CHECK


def record(taken: Taken, site: str) -> str:
    """The extraction record (biên bản trích xuất), Markdown, in Vietnamese."""
    lines = [
        *_head(taken, site),
        *_section("Cảnh báo", [f"- **{vi}**" for vi, _en in taken.warnings]),
        "## Khoảng không có hình",
        "",
        *(_gaps(taken) or ["Không có."]),
        "",
        "## Tệp gốc (không sửa, không mã hóa lại)",
        "",
        "| Tệp | Bắt đầu | Giây | Byte | SHA-256 |",
        "|---|---|---|---|---|",
        *_segments(taken),
        "",
        "## Phim ghép (chép luồng từ các tệp gốc, giữ nguyên mốc thời gian)",
        "",
        *(f"- `{one.path}`, {one.size} byte, SHA-256 `{one.sha256}`" for one in taken.videos),
        "",
        "## Cách kiểm tra",
        "",
        f"Chạy `sh {CHECK} {taken.fingerprint}` trên máy có openssl và sha256sum "
        f"(từng lệnh: xem {README}).",
        "",
        "Người trích xuất (ký, ghi rõ họ tên): ............................................",
        "",
        "Người nhận (ký, ghi rõ họ tên): ............................................",
        "",
    ]
    return "\n".join(lines)


def _head(taken: Taken, site: str) -> list[str]:
    request, span, zone = taken.request, taken.span, taken.zone
    return [
        "# Biên bản trích xuất dữ liệu camera",
        "",
        f"- Số: {taken.id}",
        f"- Cơ sở: {site}",
        f"- Camera: {request.camera}",
        f"- Khoảng yêu cầu: {_when(request.start, zone)} đến {_when(request.end, zone)}",
        f"- Người trích xuất: {_line(request.who)}",
        f"- Lý do: {_line(request.why)}",
        f"- Thời điểm trích xuất: {_when(taken.moment, zone)}",
        f"- Vân tay khóa của thiết bị (SHA-256): `{taken.fingerprint}`",
        "",
        f"Có hình {span.recorded:.1f} giây, không có hình {span.lost:.1f} giây.",
        "",
    ]


def readme(taken: Taken) -> str:
    """What lies here and how to check it by hand, Vietnamese and English."""
    verify = "openssl pkeyutl -verify -pubin -inkey device-public.pem -rawin"
    fingerprint = "openssl pkey -pubin -in device-public.pem -outform DER | sha256sum"
    return f"""# {taken.id}

| Tệp / file | Nội dung / content |
|---|---|
| `{RECORD}` | biên bản trích xuất / extraction record |
| `video.mp4` | phim ghép để xem / the film, to be looked at |
| `segments/` | tệp gốc, bản kê đã ký từng ngày / original files, signed manifests |
| `export.json` | bản kê của lần trích xuất này / manifest of this export |
| `SHA256SUMS` | mã băm của mọi tệp / hashes of all files |
| `device-public.pem` | khóa công khai của thiết bị / the device's public key |

Kiểm tra tất cả / check everything: `sh {CHECK} {taken.fingerprint}`

Từng bước / step by step:

1. `{fingerprint}` phải cho / must give `{taken.fingerprint}`. So với vân tay lấy tại cơ sở
   (`device-fingerprint.txt`), không chỉ với tờ này. / Compare it with the one kept at the site.
2. `{verify} -in SHA256SUMS -sigfile SHA256SUMS.sig`
3. `sha256sum -c SHA256SUMS`
4. `{verify} -in export.json -sigfile export.json.sig`, và từng / and each
   `segments/*/*/manifest.json` với / with `.sig`.
5. Mã băm của từng tệp gốc phải có trong `manifest.json` cùng thư mục. / The hash of each original
   file stands in the `manifest.json` beside it.

Có chương trình / with the program: `edge-agent verify .` (nói cả giây bị sửa / names the second).
"""


def _when(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%H:%M:%S ngày %d/%m/%Y} ({iso(moment)})"


def _line(text: str) -> str:
    """What a person typed, on one line and without Markdown of its own."""
    plain = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in plain)


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _gaps(taken: Taken) -> list[str]:
    rows = [
        f"| {_when(hole.start, taken.zone)} | {_when(hole.end, taken.zone)} "
        f"| {_REASONS.get(hole.reason, hole.reason)} | {_line(hole.detail)} |"
        for hole in taken.span.missing
    ]
    return ["| Từ | Đến | Lý do | Chi tiết |", "|---|---|---|---|", *rows] if rows else []


def _segments(taken: Taken) -> list[str]:
    copied = {one.path.partition("/")[2]: one for one in taken.segments}
    return [
        f"| `{one.segment.path}` | {_when(one.segment.start, taken.zone)} "
        f"| {one.segment.seconds:.2f} | {copied[one.segment.path].size} "
        f"| `{copied[one.segment.path].sha256}` |"
        for one in taken.span.files
        if one.segment.path in copied
    ]
