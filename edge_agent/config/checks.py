"""What the values of a configuration say about each other, and about the box they are on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from edge_agent.config.behaviour_checks import behaviour_checks
from edge_agent.config.calibration import calibration_faults
from edge_agent.config.check import Check
from edge_agent.config.document import Loc
from edge_agent.config.place_checks import lines, zones
from edge_agent.config.schema import BrokerLine, CameraEntry, Config

_HOST = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})(?::\d{1,5})?|\[[0-9A-Fa-f:]+\](?::\d{1,5})?"
)
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")


def cross_checks(config: Config) -> Iterator[Check]:
    """Every disagreement in a configuration whose values are right one by one."""
    for check in _CHECKS:
        yield from check(config)
    for at, camera in enumerate(config.cameras):
        for loc, vi, en in _camera(camera):
            yield Check(("cameras", at, *loc), vi, en)


def _site(config: Config) -> Iterator[Check]:
    yield from time_zone(("site", "timezone"), config.site.timezone)
    if config.site.id == "state":
        yield Check(
            ("site", "id"),
            "'state' là tên dành riêng trong các chủ đề MQTT; chọn tên khác",
            "'state' is reserved in the MQTT topics; choose another",
        )


def time_zone(loc: Loc, zone: str) -> Iterator[Check]:
    """A time zone that does not exist, with the nearest one that does."""
    if not known_zone(zone):
        near = get_close_matches(zone, sorted(available_timezones()), n=1)
        hint = near[0] if near else "Asia/Ho_Chi_Minh"
        yield Check(
            loc,
            f"không có múi giờ '{zone[:40]}'; ví dụ: {hint}",
            f"there is no time zone '{zone[:40]}'; for example: {hint}",
        )


def known_zone(name: str) -> bool:
    """Whether the time zone database has this zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _recording(config: Config) -> Iterator[Check]:
    keep = config.recording
    if keep.floor_days < 30 and not keep.floor_override.strip():
        yield Check(
            ("recording", "floor_days"),
            "phải từ 30 trở lên; giữ ít hơn thì ghi lý do được phép vào recording.floor_override, "
            f"nhận được {keep.floor_days}",
            "must be at least 30; for less, say in recording.floor_override why that is allowed, "
            f"got {keep.floor_days}",
            (("recording", "floor_override"),),
        )
    if keep.ceiling_days < keep.floor_days:
        yield Check(
            ("recording", "ceiling_days"),
            f"phải không dưới floor_days ({keep.floor_days}), nhận được {keep.ceiling_days}",
            f"must be at least floor_days ({keep.floor_days}), got {keep.ceiling_days}",
            (("recording", "floor_days"),),
        )


def _vision(config: Config) -> Iterator[Check]:
    vision = config.vision
    if vision.fps < vision.idle_fps:
        yield Check(
            ("vision", "fps"),
            f"phải không dưới idle_fps ({vision.idle_fps:g}), nhận được {vision.fps:g}",
            f"must be at least idle_fps ({vision.idle_fps:g}), got {vision.fps:g}",
            (("vision", "idle_fps"),),
        )
    if vision.models and not vision.models.is_dir():
        yield no_file(("vision", "models"), vision.models)


def _discovery(config: Config) -> Iterator[Check]:
    for at, host in enumerate(config.discovery.hosts):
        port = int(host.rpartition(":")[2]) if re.search(r":\d{1,5}$", host) else 80
        if not _HOST.fullmatch(host) or not 0 < port < 65536:
            yield Check(
                ("discovery", "hosts", at),
                f"phải là máy hoặc máy:cổng, nhận được {host[:60]!r}",
                f"must be host or host:port, got {host[:60]!r}",
            )
    if config.discovery.enabled:
        return
    for at, camera in enumerate(config.cameras):
        if camera.enabled and camera.match and not camera.rtsp:
            yield Check(
                ("cameras", at, "match"),
                "discovery.enabled là false nên không ai dò camera này; bật dò hoặc ghi rtsp",
                "discovery.enabled is false, so nobody looks for this camera; "
                "enable it or give rtsp",
                (("discovery", "enabled"), ("cameras", at, "rtsp")),
            )


def _mqtt(config: Config) -> Iterator[Check]:
    yield from broker_line(config.mqtt)


def broker_line(mqtt: BrokerLine) -> Iterator[Check]:
    """What is wrong with the block `mqtt` of a site or of a center."""
    host, port = broker(mqtt.url)
    if not host or port is None:
        yield Check(
            ("mqtt", "url"),
            "thiếu tên máy hoặc cổng không nằm trong 1 đến 65535",
            "the host is missing or the port is not within 1 to 65535",
        )
    elif mqtt.url.startswith("mqtt://") and not loopback(host):
        yield Check(
            ("mqtt", "url"),
            f"mqtt:// (không mã hóa) chỉ dùng cho chính máy này; ghi mqtts://{host}",
            f"mqtt:// (in the clear) is for this machine only; write mqtts://{host}",
        )
    for name in ("ca", "certificate", "key"):
        path: Path | None = getattr(mqtt, name)
        if path and not path.is_file():
            yield no_file(("mqtt", name), path)
    if (mqtt.certificate is None) != (mqtt.key is None):
        yield Check(
            ("mqtt", "key" if mqtt.certificate is None else "certificate"),
            "certificate và key phải đi cùng nhau",
            "certificate and key must be given together",
            (("mqtt", "key"), ("mqtt", "certificate")),
        )


def _commands(config: Config) -> Iterator[Check]:
    for at, path in enumerate(config.commands.keys):
        if not path.is_file():
            yield no_file(("commands", "keys", at), path)


def _web(config: Config) -> Iterator[Check]:
    address = config.web.address
    try:
        inside = ip_address(address).is_loopback
    except ValueError:
        inside = False
    if not inside:
        yield Check(
            ("web", "address"),
            f"chỉ được là địa chỉ của chính máy này, như 127.0.0.1, nhận được {address[:60]!r}",
            f"must be an address of this machine alone, such as 127.0.0.1, got {address[:60]!r}",
        )


def broker(url: str) -> tuple[str, int | None]:
    """Host and port of a broker's URL (1883 or 8883 by default); port None if it is no port."""
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else 8883 if parts.scheme == "mqtts" else 1883
    except ValueError:
        return "", None
    return parts.hostname or "", port or None


def loopback(host: str) -> bool:
    """Whether this host is the box itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def no_file(loc: Loc, path: Path) -> Check:
    """A file or folder that is named and is not there."""
    return Check(loc, f"không tìm thấy {path}", f"{path} does not exist")


def _twins(config: Config) -> Iterator[Check]:
    """Two cameras with one name, or two entries that would take the same camera."""
    seen: dict[tuple[str, str], int] = {}
    for at, camera in enumerate(config.cameras):
        for loc, value in _marks(camera):
            mark = (loc[-1], value.lower())
            if mark in seen:
                first: Loc = ("cameras", seen[mark], *loc)
                other = config.cameras[seen[mark]].id
                yield Check(
                    ("cameras", at, *loc),
                    f"'{value}' đã dùng cho camera '{other}'; mỗi camera một giá trị riêng",
                    f"'{value}' is taken by camera '{other}'; each camera needs its own",
                    (first,),
                )
            seen.setdefault(mark, at)


def _marks(camera: CameraEntry) -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("id",), camera.id
    for name in ("mac", "serial", "epr", "host"):
        value = getattr(camera.match, name) if camera.match else ""
        if value:  # the first that is set counts, as in discovery
            yield ("match", name), value.replace("-", ":") if name == "mac" else value
            break
    if camera.rtsp:
        yield ("rtsp", "main"), camera.rtsp.main


_Said = tuple[Loc, str, str]


def _camera(camera: CameraEntry) -> Iterator[_Said]:
    match = camera.match
    if match and match.mac and not _MAC.fullmatch(match.mac.lower().replace("-", ":")):
        yield ("match", "mac"), "phải như 44:19:b6:01:02:03", "must be like 44:19:b6:01:02:03"
    if match and not (match.mac or match.serial or match.epr or match.host):
        yield (
            ("match",),
            "cần ít nhất một trong: mac, serial, epr, host",
            "needs at least one of: mac, serial, epr, host",
        )
    if match is None and camera.rtsp is None:
        yield (
            (),
            f"camera '{camera.id}' cần match (để dò tìm) hoặc rtsp (địa chỉ ghi tay)",
            f"camera '{camera.id}' needs match (to be discovered) or rtsp (addresses by hand)",
        )
    if camera.calibration:
        for loc, vi, en in calibration_faults(camera.calibration):
            yield ("calibration", *loc), vi, en
    yield from zones(camera)
    yield from lines(camera)


_CHECKS: tuple[Callable[[Config], Iterator[Check]], ...] = (
    _site,
    _recording,
    _vision,
    _discovery,
    _mqtt,
    _commands,
    _web,
    _twins,
    behaviour_checks,
)
