"""`edge-agent calibrate` as a technician runs it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edge_agent.cli import app
from edge_agent.config.loader import load
from edge_agent.core.geometry import Size
from edge_agent.core.time import from_iso
from edge_agent.rules.pose import Pose
from edge_agent.sim.camera_model import PinholeView
from edge_agent.store.walks import write_walks
from edge_agent.vision.chart import grid_step
from tests.bench.calibration_scenes import Scene, walks

VIEW = PinholeView(3.2, 25.0, 80.0, Size(1280, 720))
SITE = """\
site: {id: a-school}
cameras:
  # the corridor
  - id: hall
    match: {host: 192.168.1.64}
"""


def spot(x: float, y: float) -> str:
    u, v = VIEW.project((x, y, 0.0))
    return f"{u:.1f},{v:.1f}"


CORNERS = [spot(-1.8, 3), spot(1.8, 3), spot(1.8, 12), spot(-1.8, 12)]
RECTANGLE = ["--rectangle", "3.6x9", *(word for one in CORNERS for word in ("--point", one))]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    cv2.imwrite(str(tmp_path / "view.png"), np.full((720, 1280, 3), 90, np.uint8))
    return tmp_path


def calibrate(*words: str, said: str = "") -> Result:
    return CliRunner().invoke(app, ["calibrate", *words], input=said)


def test_without_points_a_gridded_picture_is_written(site: Path) -> None:
    done = calibrate("hall", "--picture", "view.png")
    assert done.exit_code == 0
    drawn = cv2.imread(str(site / "hall-grid.png"))
    assert drawn is not None
    assert drawn.shape == (720, 1280, 3)
    assert (drawn[300, 100] != 90).any()  # a line every hundred pixels
    assert "--rectangle" in done.output


def test_a_rectangle_is_fitted_checked_drawn_and_written(site: Path) -> None:
    known = f"{spot(0, 4)} {spot(0, 7.5)}=3.5"
    done = calibrate(
        "hall",
        "--picture",
        "view.png",
        *RECTANGLE,
        "--length",
        known,
        "--map",
        "map.png",
        "--write",
    )
    assert done.exit_code == 0, done.output
    assert "khớp / agrees" in done.output
    assert "height 3.2" in done.output
    assert cv2.imread(str(site / "map.png")) is not None
    text = (site / "site.yaml").read_text(encoding="utf-8")
    assert text.startswith(SITE)
    (entry,) = load(site / "site.yaml").cameras
    assert entry.calibration is not None
    assert entry.calibration.points[2].metres == (3.6, 9.0)
    checked = CliRunner().invoke(app, ["check-config", "site.yaml"])
    assert checked.exit_code == 0


def test_a_wrong_length_is_told(site: Path) -> None:
    known = f"{spot(0, 4)} {spot(0, 7.5)}=4.5"
    done = calibrate("hall", "--size", "1280x720", *RECTANGLE, "--length", known)
    assert "does NOT agree" in done.output
    assert (site / "site.yaml").read_text(encoding="utf-8") == SITE


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--point", "1,2", "--point", "3"], "is not understood"),
        (["--point", "1,2=0,0"], "4–100 floor points are needed, got 1"),
        (["--rectangle", "3.6", "--point", "1,2"], "is not understood"),
        (["--rectangle", "360x900", *RECTANGLE[2:]], "Give metres, not centimetres"),
        (["--rectangle", "72x180", *RECTANGLE[2:]], "people are about"),
        ([*RECTANGLE[:6], "--point", CORNERS[3], "--point", CORNERS[2]], "two are swapped"),
        ([*RECTANGLE[:8], "--point", CORNERS[2]], "three of them in line"),
        ([*RECTANGLE[:8], "--point", "1900,10"], "outside the picture"),
    ],
)
@pytest.mark.usefixtures("site")
def test_what_is_no_floor_is_refused_in_words(words: list[str], told: str) -> None:
    done = calibrate("hall", "--size", "1280x720", *words)
    assert done.exit_code == 1
    assert told in done.output


def test_a_configuration_with_a_floor_that_is_none_is_refused_and_a_doubt_is_told(
    site: Path,
) -> None:
    swapped = [CORNERS[0], CORNERS[1], CORNERS[3], CORNERS[2]]
    mirrored = [CORNERS[1], CORNERS[0], CORNERS[3], CORNERS[2]]
    plan = ["[0, 0]", "[3.6, 0]", "[3.6, 9]", "[0, 9]"]
    for corners, status, told in ((swapped, 78, "swapped"), (mirrored, 0, "mirrored")):
        marks = ", ".join(
            f"{{pixel: [{corner}], metres: {metres}}}"
            for corner, metres in zip(corners, plan, strict=True)
        )
        block = f"    calibration: {{size: [1280, 720], points: [{marks}]}}\n"
        (site / "site.yaml").write_text(SITE + block, encoding="utf-8")
        checked = CliRunner().invoke(app, ["check-config", "site.yaml"])
        assert (checked.exit_code, told in checked.output) == (status, True)


def test_a_camera_of_which_there_is_no_picture_is_told(site: Path) -> None:
    done = calibrate("attic")
    assert done.exit_code == 1
    assert "--picture" in done.output


def test_a_proposal_from_passers_by_is_accepted_by_a_person(site: Path) -> None:
    scene = Scene(Pose(400.0, 27.0, 0.0, 3.1), 2.2, 12.0)
    at = from_iso("2021-07-28T07:00:00Z")
    kept = [(at, walk) for walk in walks(scene, np.random.default_rng(1), 60, 0.1, 0.1)]
    write_walks(site / "state" / "floors", "hall", kept)
    looked = calibrate("hall", "--people")
    assert looked.exit_code == 0, looked.output
    assert "60 người / people" in looked.output
    assert (site / "site.yaml").read_text(encoding="utf-8") == SITE
    done = calibrate("hall", "--accept")
    assert done.exit_code == 0, done.output
    (entry,) = load(site / "site.yaml").cameras
    assert entry.calibration is not None
    assert entry.calibration.view is not None
    assert entry.calibration.view.height == pytest.approx(3.1, rel=0.1)


@pytest.mark.parametrize(("side", "step"), [(640, 50), (1280, 100), (1920, 200), (3840, 500)])
def test_grid_lines_are_numbers_that_are_easy_to_count(side: int, step: int) -> None:
    assert abs(grid_step(side) - step) <= step / 2
