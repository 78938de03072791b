"""The commands about what was recorded, as people call them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from edge_agent.cli import app
from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.store.recordings import Recordings

NOW = datetime.now(UTC)
SITE = "site: {id: kcl-1, name: Khu A}\nstorage: {state: state, recordings: recordings}\n"


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    (tmp_path / "state").mkdir()
    (tmp_path / "recordings").mkdir()
    return str(tmp_path / "site.yaml")


@pytest.fixture
def recorded(config: str) -> str:
    recordings = Recordings(Path(config).with_name("state") / "recordings.db")
    start = NOW - timedelta(hours=30)
    for minute in range(60):
        begin = start + timedelta(minutes=minute)
        recordings.add_segment(Segment("yard", "r", f"yard/{minute}.mp4", begin, 60, 15 * 10**6))
    end = start + timedelta(minutes=60)
    recordings.write_gap(Gap("yard", end, NOW, GapReason.POWER_LOSS, "x"))
    recordings.close()
    return config


def run(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == status, done.output
    return done.output


def test_the_ledger_explains_every_second(recorded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    days = json.loads(run("ledger", "--config", recorded, "--json"))
    assert [day["unexplained_s"] for day in days] == [0.0] * len(days)
    assert sum(day["recorded_s"] for day in days) == pytest.approx(3600)
    lost = sum(day["by_reason_s"].get("power_loss", 0) for day in days)
    assert lost == pytest.approx(29 * 3600, abs=5)
    monkeypatch.setenv("COLUMNS", "100")
    assert "mất điện / power loss" in run("ledger", "--config", recorded)
    monkeypatch.setenv("COLUMNS", "80")
    assert "điện" in run("ledger", "--config", recorded)


def test_the_ledger_is_drawn(recorded: str, tmp_path: Path) -> None:
    run("ledger", "--config", recorded, "--picture", str(tmp_path / "l.svg"))
    assert (tmp_path / "l.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "only .svg" in run(
        "ledger", "--config", recorded, "--picture", str(tmp_path / "l.png"), status=1
    )


def test_a_site_without_recordings_and_a_wrong_day_are_told(config: str, recorded: str) -> None:
    assert "YYYY" not in run("ledger", "--config", recorded, "--from", "gestern", status=1)
    (Path(config).with_name("state") / "recordings.db").unlink()
    assert "has never recorded" in run("ledger", "--config", config, status=1)


def test_a_hold_is_added_listed_and_released(recorded: str) -> None:
    arguments = ["--config", recorded, "--camera", "yard", "--from", "-2h"]
    people = ["--reason", "vụ 12", "--who", "Đại úy A"]
    name = run("hold", "add", *arguments, *people).strip().splitlines()[-1]
    assert name in run("hold", "list", "--config", recorded)
    run("hold", "release", name, "--who", "B", "--config", recorded)
    assert name not in run("hold", "list", "--config", recorded)
    assert name in run("hold", "list", "--all", "--config", recorded)
    run("hold", "release", name, "--who", "B", "--config", recorded, status=1)
    assert "--to must be after" in run("hold", "add", *arguments, "--to", "-3h", *people, status=1)


def test_sizing_counts_both_ways_and_writes_the_sheet(recorded: str, tmp_path: Path) -> None:
    said = run("sizing", "--cameras", "8", "--bitrate", "4", "--days", "30", "--disk", "10TB")
    assert "10.37 TB" in said
    assert "27.5" in said
    sheet = str(tmp_path / "s.xlsx")
    assert "2.00 Mbit/s (đo" in run("sizing", "--config", recorded, "--xlsx", sheet)
    assert openpyxl.load_workbook(sheet).active is not None
    assert "--disk must be" in run("sizing", "--disk", "lots", status=1)


def test_a_disk_is_accepted_by_hand(config: str) -> None:
    name = run("disk", "accept", "--config", config).strip()
    assert name in run("disk", "show", "--config", config)
    assert (Path(config).with_name("recordings") / ".edge-agent-recordings").exists()
