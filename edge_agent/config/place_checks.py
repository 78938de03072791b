"""Whether the zones and lines of a camera are places at all."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.config.behaviours import Line, Spot, Zone
from edge_agent.config.document import Loc
from edge_agent.config.schema import CameraEntry
from edge_agent.core.outline import area, crosses_itself, side

Said = tuple[Loc, str, str]

WIDEST = 300.0  # metres across; more means centimetres were typed
SHARE = 1e-4  # of the picture, or square metres: less is no place
SHORTEST = {"metres": 0.2, "pixels": 5.0}


def zones(camera: CameraEntry) -> Iterator[Said]:
    """What is wrong with the zones of a camera: where in its entry, Vietnamese, English."""
    yield from _twice("zones", [zone.id for zone in camera.zones])
    for at, zone in enumerate(camera.zones):
        loc: Loc = ("zones", at)
        unit, corners, faults = _spots(camera, zone, loc, least=3)
        yield from faults
        if faults or not unit:
            continue
        if crosses_itself(corners):
            yield (
                (*loc, unit),
                f"các cạnh của vùng '{zone.id}' cắt nhau hoặc có góc trùng; ghi các góc theo thứ "
                "tự đi vòng quanh vùng",
                f"the sides of zone '{zone.id}' cross or a corner stands twice; give the corners "
                "in the order of a walk around it",
            )
        elif area(corners) <= _least_area(camera, zone, unit):
            yield (
                (*loc, unit),
                f"vùng '{zone.id}' không có diện tích; các góc nằm trên một đường",
                f"zone '{zone.id}' has no area; its corners lie on a line",
            )


def lines(camera: CameraEntry) -> Iterator[Said]:
    """What is wrong with the lines of a camera."""
    yield from _twice("lines", [line.id for line in camera.lines])
    for at, line in enumerate(camera.lines):
        loc: Loc = ("lines", at)
        unit, ends, faults = _spots(camera, line, loc, least=2)
        yield from faults
        if faults or not unit:
            continue
        (ax, ay), (bx, by) = ends
        if (ax - bx) ** 2 + (ay - by) ** 2 < SHORTEST[unit] ** 2:
            yield (
                (*loc, unit),
                f"đường '{line.id}' không có chiều dài; cần hai điểm cách nhau",
                f"line '{line.id}' has no length; it needs two spots apart from each other",
            )
        elif line.inside is not None and abs(side((ends[0], ends[1]), line.inside)) < 1e-6:
            yield (
                (*loc, "inside"),
                f"điểm này nằm ngay trên đường '{line.id}'; chọn một điểm ở phía trong",
                f"this spot lies on line '{line.id}'; take one on the side people are kept in",
            )


def picture_of(camera: CameraEntry, place: Zone | Line) -> tuple[int, int] | None:
    """The picture in which the pixels of a place were read, if anything says so."""
    return place.size or (camera.calibration.size if camera.calibration else None)


def _spots(
    camera: CameraEntry, place: Zone | Line, loc: Loc, least: int
) -> tuple[str, tuple[Spot, ...], list[Said]]:
    """Which of `metres` and `pixels` counts, its spots, and what is wrong with them."""
    if bool(place.metres) == bool(place.pixels):
        vi = f"'{place.id}' cần metres (trên sàn) hoặc pixels (trong hình), chỉ một trong hai"
        en = f"'{place.id}' needs metres (on the floor) or pixels (in the picture), one of them"
        return "", (), [(loc, vi, en)]
    unit, spots = ("metres", place.metres) if place.metres else ("pixels", place.pixels)
    if len(spots) < least:
        vi = f"cần ít nhất {least} điểm, mới có {len(spots)}"
        return unit, spots, [((*loc, unit), vi, f"needs at least {least} spots, has {len(spots)}")]
    check = _in_metres if unit == "metres" else _in_picture
    return unit, spots, list(check(camera, place, loc))


def _in_metres(camera: CameraEntry, place: Zone | Line, loc: Loc) -> Iterator[Said]:
    if camera.calibration is None:
        yield (
            (*loc, "metres"),
            f"camera '{camera.id}' chưa có calibration nên không có mét; hiệu chỉnh mặt sàn hoặc "
            "ghi pixels",
            f"camera '{camera.id}' has no calibration, so there are no metres; calibrate its "
            "floor or give pixels",
        )
    xs, ys = [x for x, _ in place.metres], [y for _, y in place.metres]
    if max(max(xs) - min(xs), max(ys) - min(ys)) > WIDEST:
        yield (
            (*loc, "metres"),
            f"'{place.id}' rộng hơn {WIDEST:.0f} m; ghi bằng mét, không phải xentimét",
            f"'{place.id}' is wider than {WIDEST:.0f} m; give metres, not centimetres",
        )


def _in_picture(camera: CameraEntry, place: Zone | Line, loc: Loc) -> Iterator[Said]:
    size = picture_of(camera, place)
    if size is None:
        yield (
            loc,
            f"'{place.id}' cần size: kích thước của hình đã dùng để đọc điểm ảnh",
            f"'{place.id}' needs size: the picture in which the pixels were read",
        )
        return
    width, height = size
    for at, (x, y) in enumerate(place.pixels):
        if not (0 <= x <= width and 0 <= y <= height):
            yield (
                (*loc, "pixels", at),
                f"[{x:g}, {y:g}] nằm ngoài khung hình {width}x{height} (size)",
                f"[{x:g}, {y:g}] is outside the picture {width}x{height} (size)",
            )


def _least_area(camera: CameraEntry, zone: Zone, unit: str) -> float:
    size = picture_of(camera, zone)
    return SHARE * size[0] * size[1] if unit == "pixels" and size else 100 * SHARE


def _twice(key: str, names: list[str]) -> Iterator[Said]:
    for at, name in enumerate(names):
        if name in names[:at]:
            yield (
                (key, at, "id"),
                f"'{name}' đã dùng ở mục {names.index(name) + 1}; mỗi mục một tên riêng",
                f"'{name}' is taken by entry {names.index(name) + 1}; each needs its own",
            )
