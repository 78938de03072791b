"""The box as it is."""

from pathlib import Path

import pytest

from edge_agent.runtime import health
from edge_agent.runtime.clock import SystemClock


def test_the_box_says_how_it_is(tmp_path: Path) -> None:
    found = health.health([tmp_path, tmp_path / "not-mounted"])
    (disk,) = found.disks
    assert disk.folder == str(tmp_path)
    assert 0 < disk.free <= disk.total
    assert 0 < found.rss < found.memory_total
    assert 0 < found.memory_free <= found.memory_total
    assert found.cpus >= 1
    assert found.uptime > 0
    assert found.load >= 0


def test_whether_the_clock_is_set_is_yes_no_or_cannot_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "SYNCHRONIZED", tmp_path / "synchronized")
    assert health.clock_synchronised() in (True, False, None)
    (tmp_path / "synchronized").touch()
    assert health.clock_synchronised() is True


def test_both_clocks_move_forward() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert second.since(first) >= 0
    assert first.wall.tzinfo is not None
