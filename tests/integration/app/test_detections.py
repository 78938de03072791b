"""What vision says on its way to the kept detections: kept, switched off, refused by the disk."""

from pathlib import Path

from edge_agent.app.detections import DetectionKeeper
from edge_agent.config.schema import Vision
from edge_agent.store.detections import bytes_kept, read_detections
from tests.fakes.clock import FakeClock
from tests.integration.store.test_detections import looks


def test_what_vision_says_is_kept(tmp_path: Path) -> None:
    keeper = DetectionKeeper(tmp_path / "detections", Vision(), FakeClock())
    for second in range(5):
        keeper.looked(looks(second))
    keeper.flush()
    assert sum(len(piece.frames) for piece in read_detections(tmp_path)) == 25
    keeper.sweep()


def test_nothing_is_kept_where_nobody_wants_it(tmp_path: Path) -> None:
    keeper = DetectionKeeper(tmp_path, Vision(keep_detections="0s"), FakeClock())
    keeper.looked(looks(0))
    keeper.flush()
    assert bytes_kept(tmp_path) == {}


def test_a_disk_that_refuses_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "detections").write_text("a file where the folder should be")
    keeper = DetectionKeeper(tmp_path / "detections", Vision(), FakeClock())
    for second in range(15):
        keeper.looked(looks(second))
    keeper.flush()
    keeper.sweep()
