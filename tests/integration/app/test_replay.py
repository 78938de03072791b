"""`edge-agent replay` as people call it: a table or kept detections in, the rules' events out."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from edge_agent.cli import app
from edge_agent.core.geometry import Size
from edge_agent.core.perception import Looked, Looks
from edge_agent.core.time import Instant
from edge_agent.store.detections import DetectionBook
from tests.unit.rules.scenes import PER_METRE, person

FLOOR = {
    "size": [640, 360],
    "points": [
        {"pixel": [x * PER_METRE, y * PER_METRE], "metres": [x, y]}
        for x, y in [(1, 1), (15, 1), (15, 8), (1, 8)]
    ],
}


def site(path: Path, *, limit: float = 2.0, calibrated: bool = True) -> Path:
    camera: dict[str, Any] = {"id": "yard", "rtsp": {"main": "rtsp://192.0.2.1/main"}}
    if calibrated:
        camera["calibration"] = FLOOR
    rules = {"distancing": {"limit": limit, "duration": "2s", "cooldown": "0s"}}
    path.write_text(yaml.safe_dump({"site": {"id": "site-1"}, "cameras": [camera], "rules": rules}))
    return path


def spots(second: float) -> list[tuple[int, float, float]]:
    """Two come together, stand 1.5 m apart from second 3 to 9 and part; a third is alone."""
    near = 1.5 + 1.2 * max(0.0, 3 - second, second - 9)
    return [(7, 4.0, 5.0), (8, 4.0 + near, 5.0), (9, 13.0, 5.0)]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "tracks.csv"
    rows = ["frame,time_s,id,x,y,w,h,score"]
    for n in range(75):
        for who, x, y in spots(n / 5):
            box = person(x, y).box
            rows.append(f"{n},{n / 5},{who},{box.x1},{box.y1},{box.width},{box.height},0.9")
    path.write_text("\n".join(rows))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["replay", *map(str, arguments)])


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def test_a_table_with_identities_gives_the_events_of_the_rules(table: Path) -> None:
    config = site(table.with_name("site.yaml"))
    found = lines(run(table, "--config", config, "--camera", "yard", "--trust-ids"))
    opened, closed = found
    assert (opened["event"], closed["event"]) == ("opened", "closed")
    assert opened["tracks"] == [7, 8]
    assert opened["episode"] == closed["episode"]
    assert closed["t0_s"] == pytest.approx(2.6, abs=0.3)
    assert closed["t1_s"] == pytest.approx(9.4, abs=0.5)
    assert closed["min_distance_m"] == pytest.approx(1.5, abs=0.1)
    assert closed["sigma_m"] > 0


def test_without_trust_the_tracker_finds_the_persons(table: Path) -> None:
    config = site(table.with_name("site.yaml"))
    found = lines(run(table, "--config", config, "--camera", "yard"))
    assert [line["event"] for line in found] == ["opened", "closed"]
    assert found[0]["tracks"] == [1, 2]


def test_pairs_are_told_for_every_frame(table: Path) -> None:
    config = site(table.with_name("site.yaml"))
    found = lines(run(table, "--config", config, "--camera", "yard", "--trust-ids", "--pairs"))
    told = [line for line in found if line["type"] == "pairs"]
    assert [line["frame"] for line in told] == list(range(75))
    first = {(pair["a"], pair["b"]): pair["distance_m"] for pair in told[0]["pairs"]}
    assert first == {
        (7, 8): pytest.approx(5.1, abs=0.05),
        (7, 9): pytest.approx(9.0, abs=0.05),
        (8, 9): pytest.approx(3.9, abs=0.05),
    }
    assert all(pair["sigma_m"] > 0 for line in told for pair in line["pairs"])


def test_the_same_input_gives_the_same_bytes(table: Path) -> None:
    config = site(table.with_name("site.yaml"))
    outputs = [table.with_name(name) for name in ("one.jsonl", "two.jsonl")]
    for output in outputs:
        arguments = ("--config", config, "--camera", "yard", "--pairs", "--output", output)
        assert run(table, *arguments).exit_code == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes() != b""


def test_other_limits_are_compared(table: Path) -> None:
    config = site(table.with_name("site.yaml"))
    other = site(table.with_name("strict.yaml"), limit=1.0)
    result = run(table, "--config", config, "--camera", "yard", "--compare", other)
    found = lines(result)
    assert {line["config"] for line in found} == {"site.yaml"}, "nothing is under one metre"
    assert "distancing" in result.stderr


def test_kept_detections_are_replayed_through_a_restart_of_the_box(tmp_path: Path) -> None:
    config = site(tmp_path / "site.yaml")
    start = datetime(2021, 7, 28, 5, 0, tzinfo=UTC)
    book = DetectionBook(tmp_path / "detections", timedelta(days=8), 10**9)
    for life, mono in ((0, 9000.0), (600, 20.0)):
        for n in range(40):
            second = 3 + n / 5
            at = Instant(start + timedelta(seconds=life + second), mono + second)
            people = tuple(person(x, y) for _, x, y in spots(second))
            book.take(Looks("yard", Size(640, 360), (Looked(at, people),)))
        book.flush()
    for tracks in (tmp_path / "detections", tmp_path / "detections" / "yard"):
        found = lines(run(tracks, "--config", config, "--camera", "yard"))
        assert [line["event"] for line in found] == ["opened", "closed"] * 2
        assert found[0]["t0_s"] < 1
        assert found[2]["t0_s"] == pytest.approx(600, abs=1)


@pytest.mark.parametrize(
    ("row", "words"), [("1,0.2,1,0,0,-5,10,1", "Line 2"), ("1,0.2,1,0", "Line 2")]
)
def test_a_bad_row_ends_with_status_1_and_its_line(tmp_path: Path, row: str, words: str) -> None:
    config = site(tmp_path / "site.yaml")
    table, output = tmp_path / "t.csv", tmp_path / "out.jsonl"
    table.write_text(f"0,0.0,1,10,10,20,60,1\n{row}\n")
    result = run(table, "--config", config, "--camera", "yard", "--output", output)
    assert result.exit_code == 1
    assert words in result.stderr
    assert not output.exists()


def test_what_cannot_be_replayed_is_said(table: Path) -> None:
    config = site(table.with_name("site.yaml"))
    blind = site(table.with_name("blind.yaml"), calibrated=False)
    anonymous = table.with_name("anonymous.csv")
    anonymous.write_text("0,0.0,,10,10,20,60,1\n")
    yard = ("--camera", "yard")
    for arguments, words in (
        ((table, "--config", config, "--camera", "gate"), "no camera gate"),
        ((table, "--config", blind, *yard), "--size"),
        ((table, "--config", blind, *yard, "--size", "big"), "640x360"),
        ((anonymous, "--config", config, *yard, "--trust-ids"), "no id"),
        ((table.with_name("none.csv"), "--config", config, *yard), "cannot be read"),
        ((table.parent, "--config", config, *yard), "cannot be read"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert words in result.stderr
    assert run(table, "--config", blind, *yard, "--size", "640x360").exit_code == 0
