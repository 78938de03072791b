"""How much disk a duty needs; and what SMART says."""

from pathlib import Path

import openpyxl
import pytest

from edge_agent.recording.sizing import Load, cameras_on, days_on, size
from edge_agent.recording.sizing_sheet import write_sheet
from edge_agent.recording.smart import figures

EIGHT = tuple(Load(f"camera {at}", 4.0) for at in range(8))


def test_eight_cameras_of_4_mbit_need_ten_terabytes_for_thirty_days() -> None:
    needed = size(EIGHT, 30)
    assert needed.footage == pytest.approx(10.368e12)
    assert needed.disk == pytest.approx(10.368e12 / 0.95)
    assert needed.write_rate == pytest.approx(4e6)


@pytest.mark.parametrize("days", [1, 30, 400])
def test_the_reverse_gives_back_what_was_asked(days: float) -> None:
    needed = size(EIGHT, days)
    assert days_on(EIGHT, needed.disk) == pytest.approx(days)
    assert cameras_on(4.0, days, needed.disk + 1) == 8
    assert cameras_on(4.0, days, needed.disk * 0.99) == 7


def test_the_budget_sheet_is_in_vietnamese_and_counts_by_formula(tmp_path: Path) -> None:
    loads = (Load("cong-chinh", 2.5, measured=True), Load("camera 2", 4.0))
    write_sheet(tmp_path / "x.xlsx", size(loads, 35), "Khu A", "24/11/2026")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert sheet is not None
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert values[5][:2] == ["STT", "Camera"]
    assert values[6][:5] == [1, "cong-chinh", 2.5, "đo thực tế", "=C7*10.8"]
    assert values[7][3] == "dự kiến"
    assert values[8][5] == "=SUM(F7:F8)"
    assert values[9][5] == "=F9/(1-$C$4)"


def test_smart_figures_of_ata_and_nvme_and_none_without_a_verdict() -> None:
    ata = {
        "smart_status": {"passed": False},
        "temperature": {"current": 41},
        "power_on_time": {"hours": 20_000},
        "ata_smart_attributes": {"table": [{"id": 5, "raw": {"value": 12}}]},
    }
    assert figures("/dev/sda", ata) == {
        "device": "/dev/sda",
        "passed": False,
        "temperature": 41,
        "power_on_hours": 20_000,
        "reallocated_sectors": 12,
        "wear_percent": None,
    }
    nvme = {
        "smart_status": {"passed": True},
        "nvme_smart_health_information_log": {"percentage_used": 7},
    }
    assert (figures("/dev/nvme0n1", nvme) or {})["wear_percent"] == 7
    assert figures("/dev/vda", {"smartctl": {"exit_status": 2}}) is None
