"""What `edge-agent status` says, from real databases, whether or not anything runs."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.app.layout import Layout
from edge_agent.app.rule_hours import HourBook
from edge_agent.app.status import site_status
from edge_agent.cli import app
from edge_agent.config.loader import load
from edge_agent.core.event import Event
from edge_agent.core.media import CameraState, CameraStatus
from edge_agent.core.perception import Covered, RuleCoverage
from edge_agent.core.trouble import Trouble
from edge_agent.core.verdict import Judgement, Verdict
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.lock import SingleInstance
from edge_agent.store.coverage import RuleHours
from edge_agent.store.journal import Journal
from edge_agent.store.recordings import Recordings
from edge_agent.store.verdicts import Verdicts

SITE = """
site: {id: kcl-1, name: "Khu cách ly số 1"}
cameras:
  - id: yard
    name: Sân
    match: {host: 192.168.1.64}
    zones: [{id: strip, size: [640, 360], pixels: [[0, 0], [640, 0], [640, 360]]}]
rules:
  mask: {enabled: false}
  zone: [{id: keep-out, zones: [strip]}]
"""
NOW = SystemClock().now()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


def lived(path: Path) -> None:
    """A site that recorded, looked and told."""
    layout = Layout.of(load(path))
    layout.make()
    with closing(Recordings(layout.recordings_index)) as recordings:
        recordings.write_status(CameraStatus("yard", CameraState.RECORDING, "", NOW.wall))
    with closing(Journal(layout.events)) as journal:
        data = {"episode": "e1", "rule": "zone"}
        kind = "vn.qcam.episode.opened.v1"
        journal.record(Event("e1.opened", "qcam/s", kind, "yard", NOW.wall, "critical", data), ())
    with closing(RuleHours(layout.events)) as hours:
        book = HourBook(hours)
        for seconds in range(0, 60, 20):
            counted = RuleCoverage(20.0, 1, 1, 0, 40.0, 30.0)
            book.covered(Covered("yard", NOW.plus(-seconds), counted))
        book.flush()
    with closing(Verdicts(layout.events)) as verdicts:
        verdicts.give(Judgement("e1.opened", Verdict.CONFIRMED, "trực ban", NOW.wall))


def test_a_site_that_never_ran_is_told_so(site: Path) -> None:
    with pytest.raises(Trouble) as caught:
        site_status(load(site), NOW.wall)
    assert caught.value.code == "status.never_ran"


def test_everything_is_said_and_a_recorder_that_is_dead_says_nothing(site: Path) -> None:
    lived(site)
    said = site_status(load(site), NOW.wall + timedelta(seconds=1))
    assert (said["agent"], said["recorder"], said["open_episodes"]) == (False, False, 1)
    (yard,) = said["cameras"]
    assert (yard["state"], yard["reason"]) == ("unknown", "recorder_stopped")
    assert yard["rules_24h"] == {
        "analysed_s": 60.0,
        "persons": 3,
        "masks_answered": 3,
        "masks_unknown": 0,
        "answered_share": 1.0,
        "placed_share": 0.75,
    }
    rules = {rule["rule"]: rule for rule in said["rules"]}
    assert not rules["mask"]["in_force"]
    assert rules["zone"]["opened_24h"] == {"yard": 1}
    assert rules["zone"]["verdicts"]["yard"]["precision"] == 1.0
    with SingleInstance(Layout.of(load(site)).recorder_lock):
        (yard,) = site_status(load(site), NOW.wall)["cameras"]
        assert yard["state"] == "recording"


def test_the_command_prints_a_table_and_json(site: Path) -> None:
    lived(site)
    runner = CliRunner()
    table = runner.invoke(app, ["status", "--config", str(site)])
    assert table.exit_code == 0
    assert "Khu cách ly số 1" in table.output
    told = runner.invoke(app, ["status", "--config", str(site), "--json"])
    assert json.loads(told.output)["site"] == "kcl-1"


def test_a_database_that_does_not_answer_loses_no_count(site: Path) -> None:
    lived(site)
    path = Layout.of(load(site)).events
    with closing(RuleHours(path)) as hours, closing(sqlite3.connect(path)) as other:
        book, gate = HourBook(hours), Covered("gate", NOW, RuleCoverage(5.0))
        other.execute("BEGIN IMMEDIATE")
        book.covered(gate)
        other.rollback()
        assert "gate" not in hours.since(NOW.wall - timedelta(days=1))
        book.covered(gate)
        book.flush()
        assert hours.since(NOW.wall - timedelta(days=1))["gate"].seconds == 10.0
