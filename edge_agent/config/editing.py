"""Round-trip editing: one camera's calibration is replaced in a configuration file, and every other
byte of it, comments included, stays as people wrote it.
"""

from __future__ import annotations

import yaml
from pydantic import ValidationError

from edge_agent.config.document import Document, parse
from edge_agent.config.schema import Calibration
from edge_agent.core.trouble import Trouble

_KEY = "calibration"


def calibration_block(calibration: Calibration, indent: int = 0) -> str:
    """The calibration as lines of YAML, indented by so many spaces."""
    width, height = calibration.size
    lines = [f"{_KEY}:", f"  size: [{width}, {height}]"]
    if calibration.lens:
        lines.append(f"  lens: {calibration.lens:g}")
    if calibration.points:
        lines += [f"  click_error: {calibration.click_error:g}", "  points:"]
        lines += [
            f"    - {{pixel: {_pair(point.pixel)}, metres: {_pair(point.metres)}}}"
            for point in calibration.points
        ]
    if (view := calibration.view) is not None:
        lines.append("  view:")
        for name in ("focal", "tilt", "roll", "height", "reach"):
            lines.append(f"    {name}: {getattr(view, name):g}")
        if view.covariance:
            numbers = ", ".join(f"{value:.3g}" for value in view.covariance)
            lines.append(f"    covariance: [{numbers}]")
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def calibration_from(said: object) -> Calibration | None:
    """The calibration that was dumped to JSON; None for anything else."""
    try:
        return Calibration.model_validate(said)
    except ValidationError:
        return None


def with_calibration(text: str, camera: str, calibration: Calibration) -> str:
    """The text of a configuration with this camera's calibration in the place of what it had.

    Raises Trouble `config.no_camera` when no entry has this id, `config.not_editable` when the
    entry is written in a form that is left to people.
    """
    entry = _entry(text, camera)
    if entry is None:
        raise _no_camera(camera)
    if entry.flow_style or not entry.value:
        raise _not_editable(camera)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    indent = entry.value[0][0].start_mark.column
    first, after = _span(entry, lines)
    fresh = calibration_block(calibration, indent)
    edited = "".join([*lines[:first], fresh, *lines[after:]])
    if _others(edited, camera) != _others(text, camera):
        raise _not_editable(camera)
    return edited


def _entry(text: str, camera: str) -> yaml.MappingNode | None:
    """The node of this camera's entry."""
    root = yaml.compose(text, Loader=yaml.BaseLoader)
    for key, cameras in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "cameras" and isinstance(cameras, yaml.SequenceNode):
            for entry in cameras.value:
                if isinstance(entry, yaml.MappingNode) and _value(entry, "id") == camera:
                    return entry
    return None


def _value(entry: yaml.MappingNode, name: str) -> str | None:
    return next((str(value.value) for key, value in entry.value if key.value == name), None)


def _span(entry: yaml.MappingNode, lines: list[str]) -> tuple[int, int]:
    """The lines (from, before) that the calibration has; two of the same where it has none."""
    ends = [key.start_mark.line for key, _ in entry.value[1:]]
    ends.append(_last(entry, lines))
    for (key, _), end in zip(entry.value, ends, strict=True):
        if key.value == _KEY:
            return key.start_mark.line, _trimmed(lines, key.start_mark, end)
    return ends[-1], ends[-1]


def _last(entry: yaml.MappingNode, lines: list[str]) -> int:
    """The line after the entry's last word: what follows of blanks and comments is not its own."""
    _, value = entry.value[-1]
    end = value.end_mark.line + (value.end_mark.column > 0)
    while end > 0 and (not (bare := lines[end - 1].strip()) or bare.startswith("#")):
        end -= 1
    return int(end)


def _trimmed(lines: list[str], start: yaml.Mark, end: int) -> int:
    """The line before which the value that begins at `start` has ended: comments that stand no
    deeper than its key speak of what follows.
    """
    while end - 1 > start.line:
        line = lines[end - 1]
        bare = line.strip()
        shallow = len(line) - len(line.lstrip()) <= start.column
        if bare and not (bare.startswith("#") and shallow):
            break
        end -= 1
    return end


def _others(text: str, camera: str) -> object:
    """All that the text says but this camera's calibration."""
    document = Document()
    parse(text.encode(), document)
    data = document.data
    for entry in data.get("cameras") or () if isinstance(data, dict) else ():
        if isinstance(entry, dict) and entry.get("id") == camera:
            entry.pop(_KEY, None)
    return data, [finding.en for finding in document.findings]


def _pair(values: tuple[float, float]) -> str:
    return f"[{values[0]:g}, {values[1]:g}]"


def _no_camera(camera: str) -> Trouble:
    return Trouble(
        "config.no_camera",
        f"Trong cấu hình không có mục nào với id: {camera}. Thêm mục đó vào cameras (camera tự dò "
        "thấy cũng cần một mục để giữ hiệu chỉnh), rồi dán khối YAML đã in.",
        f"The configuration has no entry with id: {camera}. Add one to cameras (a discovered "
        "camera needs one too, to keep its calibration), then paste the YAML block printed.",
    )


def _not_editable(camera: str) -> Trouble:
    return Trouble(
        "config.not_editable",
        f"Mục của camera {camera} viết theo dạng không tự sửa được ({{…}} trên một dòng). Dán khối "
        "YAML đã in vào mục đó.",
        f"The entry of camera {camera} is written in a form that is not edited by itself ({{…}} on "
        "one line). Paste the YAML block printed into it.",
    )
