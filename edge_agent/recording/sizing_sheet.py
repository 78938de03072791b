"""The sizing as a sheet for the budget request (XLSX), in Vietnamese, with live formulas."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from edge_agent.recording.sizing import RESERVE, Size

_HEADINGS = ("STT", "Camera", "Tốc độ bit (Mbit/s)", "Nguồn số liệu", "GB mỗi ngày", "TB cho cả kỳ")
_WIDTHS = (6, 34, 20, 18, 16, 16)
_BOLD = Font(bold=True)
_SHADE = PatternFill("solid", fgColor="DDE8F0")


def write_sheet(path: Path, size: Size, site: str, day: str) -> None:
    """Write the sheet; the formulas follow when somebody changes a bitrate or the days.

    Raises OSError.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Dự toán lưu trữ"
    sheet["A1"] = "BẢNG TÍNH DUNG LƯỢNG LƯU TRỮ HÌNH ẢNH CAMERA"
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"] = f"Cơ sở: {site}. Ngày lập: {day}"
    sheet["A3"], sheet["C3"] = "Số ngày lưu", size.days
    sheet["A4"], sheet["C4"] = "Dự phòng", RESERVE
    sheet["C4"].number_format = "0%"
    for at, heading in enumerate(_HEADINGS, start=1):
        cell = sheet.cell(6, at, heading)
        cell.font, cell.fill, cell.alignment = _BOLD, _SHADE, Alignment(wrap_text=True)
        sheet.column_dimensions[cell.column_letter].width = _WIDTHS[at - 1]
    for at, load in enumerate(size.loads, start=7):
        source = "đo thực tế" if load.measured else "dự kiến"
        sheet.cell(at, 1, at - 6)
        sheet.cell(at, 2, load.camera)
        sheet.cell(at, 3, round(load.mbit, 3))
        sheet.cell(at, 4, source)
        sheet.cell(at, 5, f"=C{at}*10.8").number_format = "0.0"
        sheet.cell(at, 6, f"=E{at}*$C$3/1000").number_format = "0.00"
    _totals(sheet, 7 + len(size.loads))
    book.save(path)


def _totals(sheet: Worksheet, row: int) -> None:
    last = row - 1
    lines = (
        ("Tổng dung lượng video (TB)", f"=SUM(F7:F{last})", "0.00"),
        ("Dung lượng ổ đĩa cần mua (TB, gồm dự phòng)", f"=F{row}/(1-$C$4)", "0.00"),
        ("Tốc độ ghi liên tục (MB/s)", f"=SUM(C7:C{last})/8", "0.0"),
    )
    for at, (label, formula, form) in enumerate(lines, start=row):
        sheet.cell(at, 2, label).font = _BOLD
        cell = sheet.cell(at, 6, formula)
        cell.font, cell.number_format = _BOLD, form
