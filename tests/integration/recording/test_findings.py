"""What the scrub finds reaches people: a row, a notice for the agent, once."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from edge_agent.recording.notices import evidence_finding
from edge_agent.recording.service import _leave
from edge_agent.store.evidence import Finding
from edge_agent.store.ledger import Ledger
from edge_agent.store.recordings import Recordings

FOUND = datetime(2021, 7, 28, 7, tzinfo=UTC)
FINDING = Finding("yard/2021-07-28/yard_main_x.mp4", "mismatch", "second 12", FOUND)


def test_a_changed_file_is_told_once_and_names_its_camera(tmp_path: Path) -> None:
    with closing(Recordings(tmp_path / "recordings.db")) as recordings:
        ledger = Ledger(recordings.rows)
        _leave(ledger, FINDING)
        _leave(ledger, FINDING)
        (notice,) = ledger.untold()
    assert (notice.subject, notice.severity) == ("yard", "critical")
    assert notice.data["path"] == FINDING.path
    assert notice == evidence_finding(FINDING)
    assert "/" not in notice.id
