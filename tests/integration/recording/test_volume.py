"""The recordings disk is recognised, and nothing is written while it is away."""

import json
from pathlib import Path

import pytest

from edge_agent.core.media import GapReason
from edge_agent.recording.loss import Lost
from edge_agent.recording.volume import MARKER, Volume
from tests.fakes.clock import FakeClock


class Place:
    def __init__(self, folder: Path) -> None:
        self.root, self.state = folder / "recordings", folder / "state"
        self.root.mkdir()
        self.state.mkdir()

    def volume(self) -> Volume:
        return Volume(self.root, self.state, FakeClock())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def refused(volume: Volume) -> str:
    with pytest.raises(Lost) as caught:
        volume.check()
    assert caught.value.reason is GapReason.DISK_MISSING
    return caught.value.detail


def test_a_fresh_folder_is_accepted_and_remembered(place: Place) -> None:
    volume = place.volume()
    assert volume.id == ""
    volume.check()
    assert volume.id
    marker = json.loads((place.root / MARKER).read_text())
    assert marker["id"] == volume.id
    place.volume().check()


def test_an_empty_mount_point_is_refused_and_the_disk_that_comes_back_is_not(place: Place) -> None:
    volume = place.volume()
    volume.check()
    away = place.root.rename(place.root.with_name("away"))
    assert "no recordings folder" in refused(volume)
    place.root.mkdir()
    assert "no marker" in refused(volume)
    assert list(place.root.iterdir()) == []
    place.root.rmdir()
    away.rename(place.root)
    volume.check()


def test_another_disk_is_refused_until_it_is_accepted(place: Place) -> None:
    volume = place.volume()
    volume.check()
    (place.root / MARKER).write_text('{"id": "random:another"}')
    assert "another disk" in refused(volume)
    volume.accept(FakeClock().now().wall)
    volume.check()


def test_a_disk_of_another_site_is_not_adopted_by_itself(place: Place) -> None:
    (place.root / MARKER).write_text('{"id": "random:theirs"}')
    assert "another site" in refused(place.volume())
    place.volume().accept(FakeClock().now().wall)
    place.volume().check()


def test_a_damaged_marker_is_not_the_disk(place: Place) -> None:
    place.volume().check()
    for damage in ("", "{", "[]", '{"id": null}'):
        (place.root / MARKER).write_text(damage)
        refused(place.volume())


def test_an_acceptance_that_a_power_cut_ended_half_way_is_finished(place: Place) -> None:
    volume = place.volume()
    volume.check()
    said = json.loads((place.state / "recordings.disk").read_text())
    (place.state / "recordings.disk").write_text(json.dumps({**said, "pending": True}))
    (place.root / MARKER).unlink()
    place.volume().check()
    assert (place.root / MARKER).exists()
