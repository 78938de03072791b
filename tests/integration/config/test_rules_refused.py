"""What a technician gets wrong about floors, zones and rules: `check-config` says it in two
languages before anything is started.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.cli import app
from edge_agent.core.geometry import Size
from edge_agent.sim.camera_model import PinholeView

REFUSED, WARNED = 78, 0
VIEW = PinholeView(3.0, 25.0, 80.0, Size(1280, 720))
Spot = tuple[float, float]
HALL = ((-1.8, 3.0), (1.8, 3.0), (1.8, 12.0), (-1.8, 12.0))
NEAR = ((-1.1, 3.0), (1.1, 3.0), (1.1, 5.9), (-1.1, 5.9))
LINE = ((-1.8, 3.0), (-0.6, 6.0), (0.6, 9.0), (1.8, 12.0))
TURNED = (*HALL[1:], HALL[0])
SWAPPED = (HALL[0], HALL[1], HALL[3], HALL[2])


def floor(spots: Iterable[Spot], told: Iterable[Spot]) -> str:
    """A calibration whose points were read at these spots and told as those metres."""
    pixels = [VIEW.project((x, y, 0.0)) for x, y in spots]
    points = ", ".join(
        f"{{pixel: [{u:.1f}, {v:.1f}], metres: [{x:g}, {y:g}]}}"
        for (u, v), (x, y) in zip(pixels, told, strict=True)
    )
    return f"    calibration: {{size: [1280, 720], points: [{points}]}}\n"


def zone(name: str, corners: str) -> str:
    return f"    zones: [{{id: {name}, size: [1280, 720], pixels: {corners}}}]\n"


ROOM = zone("room", "[[0, 0], [400, 0], [400, 400]]")
TET = "  schedules: [{id: night, hours: ['22:00-05:00'], dates: ["


@pytest.mark.parametrize(
    ("said", "status", "vi", "en"),
    [
        pytest.param(
            floor(LINE, LINE), REFUSED, "không có ba điểm nào gần thẳng hàng",
            "four of the points must form a quadrilateral", id="four points on a line",
        ),
        pytest.param(
            floor(HALL, SWAPPED), REFUSED, "có lẽ sai thứ tự", "probably two are swapped",
            id="two points in the wrong order",
        ),
        pytest.param(
            floor(HALL, TURNED), WARNED, "Kiểm tra thứ tự các điểm và số đo",
            "Check the points' order and measures", id="points that begin one too late",
        ),
        pytest.param(
            floor(HALL, [(-x, y) for x, y in HALL]), WARNED, "Mặt bằng bị lật gương",
            "The floor plan is mirrored", id="a mirrored floor",
        ),
        pytest.param(
            floor(NEAR, [(100 * x, 100 * y) for x, y in NEAR]), REFUSED,
            "người cao khoảng 170 m. Hãy ghi bằng mét", "people are about 170 m tall. Give metres",
            id="centimetres: a stature of 170 m",
        ),
        pytest.param(
            floor(HALL, [(100 * x, 100 * y) for x, y in HALL]), REFUSED,
            "các điểm trải rộng hơn 300 m", "the points span more than 300 m",
            id="centimetres over a whole hall",
        ),
        pytest.param(
            zone("room", "[[0, 0], [400, 400], [400, 0], [0, 400]]"), REFUSED,
            "các cạnh của vùng 'room' cắt nhau", "the sides of zone 'room' cross",
            id="a zone that crosses itself",
        ),
        pytest.param(
            f"{ROOM}rules:\n{TET}{{first: 2027-02-10, last: 2027-02-05}}]}}]\n", REFUSED,
            "phải từ ngày first (2027-02-10) trở đi", "must be the day first (2027-02-10) or later",
            id="a Tết that ends before it begins",
        ),
        pytest.param(
            f"{ROOM}rules:\n{TET}{{first: 2027-02-05, last: 2027-02-10}}, "
            "{first: 2027-02-10, last: 2027-02-11, hours: ['20:00-06:00']}]}]\n",
            REFUSED, "mỗi ngày chỉ một mục", "one entry a day", id="a day of Tết said twice",
        ),
        pytest.param(
            f"{ROOM}rules:\n{TET}{{first: 2027-02-05, last: 2027-02-10}}]}}]\n", WARNED,
            "đúng", "is correct", id="a night over midnight, not at Tết",
        ),
        pytest.param(
            f"{ROOM}rules:\n  zone:\n    - {{id: out, zones: [room]}}\n"
            "    - {id: in, zones: [room], nobody: outside}\n",
            REFUSED, "mâu thuẫn với 'out'", "contradicts 'out'", id="nobody in and nobody out",
        ),
        pytest.param(
            f"{ROOM}rules:\n  occupancy:\n    - {{id: five, zones: [room], most: 5}}\n"
            "    - {id: four, zones: [room], most: 4}\n",
            REFUSED, "cùng lúc có hai giới hạn", "two limits at the same time", id="two limits",
        ),
        pytest.param(
            f"{ROOM}rules:\n  mask: {{zones: [room], exempt: [{{zones: [room]}}]}}\n", REFUSED,
            "mâu thuẫn với rules.mask", "contradicts rules.mask", id="a mask rule all exempt",
        ),
    ],
)  # fmt: skip
def test_it_is_said_in_two_languages(
    said: str, status: int, vi: str, en: str, tmp_path: Path
) -> None:
    config = tmp_path / "site.yaml"
    camera = "site: {id: a-school}\ncameras:\n  - id: hall\n    match: {host: 192.168.1.64}\n"
    config.write_text(camera + said, encoding="utf-8")
    done = CliRunner().invoke(app, ["check-config", str(config)])
    assert done.exit_code == status, done.output
    words = " ".join(done.output.split())
    assert vi in words
    assert en in words
    assert "Traceback" not in words
