"""Replacing one camera's calibration and nothing else."""

import pytest

from edge_agent.config.document import Document, parse
from edge_agent.config.editing import calibration_block, with_calibration
from edge_agent.config.loader import judge
from edge_agent.config.schema import Calibration, CalibrationPoint, CameraView
from edge_agent.core.trouble import Trouble

POINTS = Calibration(
    size=(1280, 720),
    click_error=1.5,
    lens=-0.12,
    points=tuple(
        CalibrationPoint(pixel=pixel, metres=metres)
        for pixel, metres in [
            ((100.5, 700), (0, 0)),
            ((1200, 690), (3.6, 0)),
            ((800, 250), (3.6, 9.25)),
            ((500, 260), (0, 9.25)),
        ]
    ),
)
VIEW = Calibration(
    size=(640, 360),
    view=CameraView(focal=401.2, tilt=27.5, height=3.1, covariance=(0.01,) * 10),
)
OLD = """\
# our site
site: {id: a-school}   # short
cameras:
  # the corridor
  - id: hall   # first
    name: "Hành lang"
    calibration:
      size: [640, 360]
      points: # read on Monday
        - {pixel: [1, 350], metres: [0, 0]}
        - {pixel: [600, 350], metres: [3, 0]}
        - {pixel: [400, 90], metres: [3, 9]}
        - {pixel: [200, 90], metres: [0, 9]}
    # where it is
    place: corridor
    match: {host: 192.168.1.64}

  # the gate
  - id: gate
    match:
      host: 192.168.1.65

recording:
  segment: 30s
"""


def understood(text: str) -> dict[str, Calibration | None]:
    document = Document()
    parse(text.encode(), document)
    config, findings = judge(document, __import__("pathlib").Path("/nowhere"))
    assert not findings
    assert config is not None
    return {camera.id: camera.calibration for camera in config.cameras}


@pytest.mark.parametrize("calibration", [POINTS, VIEW], ids=["points", "view"])
@pytest.mark.parametrize("camera", ["hall", "gate"])
def test_only_this_calibration_changes(camera: str, calibration: Calibration) -> None:
    edited = with_calibration(OLD, camera, calibration)
    before, after = understood(OLD), understood(edited)
    assert after == {**before, camera: calibration}
    kept = [line for line in OLD.splitlines() if "pixel" not in line]
    kept = [line for line in kept if not (camera == "hall" and line.strip().startswith("points"))]
    kept = [line for line in kept if not (camera == "hall" and "size: [640" in line)]
    lines = edited.splitlines()
    assert [line for line in kept if line not in lines] == []
    assert with_calibration(edited, camera, calibration) == edited


def test_a_file_without_a_last_line_break_is_edited_too() -> None:
    text = "site: {id: x}\ncameras:\n- id: gate\n  match: {host: 10.0.0.1}"
    assert understood(with_calibration(text, "gate", VIEW)) == {"gate": VIEW}


def test_the_block_alone_can_be_pasted() -> None:
    assert calibration_block(POINTS, 4).startswith("    calibration:\n      size: [1280, 720]\n")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (OLD.replace("id: gate", "id: door"), "config.no_camera"),
        ("site: {id: x}\ncameras: [{id: gate, match: {host: 10.0.0.1}}]\n", "config.not_editable"),
        ("site: {id: x}\n", "config.no_camera"),
    ],
)
def test_what_is_left_to_people_is_said(text: str, code: str) -> None:
    with pytest.raises(Trouble) as caught:
        with_calibration(text, "gate", VIEW)
    assert caught.value.code == code
