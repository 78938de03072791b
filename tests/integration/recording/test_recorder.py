"""The recorder against a real RTSP camera: it records, and what it could not it explains."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.core.media import GapReason
from edge_agent.recording.names import segment_path
from edge_agent.recording.playback import played_seconds
from tests.integration.recording.camera import FPS, Camera
from tests.integration.recording.site import ALWAYS, Site, until
from tests.unit.recording.clips import fragmented

PASSWORD = "p@ss:/# wörd"
STOPPED = ("recorder_restarted", False)  # a clean stop opens the gap that the next start closes


@pytest.fixture
def camera() -> Iterator[Camera]:
    with Camera(password=PASSWORD) as camera:
        yield camera


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, PASSWORD)
    yield site
    site.recordings.close()


def test_it_records_files_that_play_and_tells_no_password(site: Site, camera: Camera) -> None:
    site.expect(yard=camera.url)
    with site.recorder():
        until(lambda: len(site.segments()) >= 1)
        until(lambda: camera.sent[-1] > 5 * FPS)
    first, second = site.segments()
    assert first.run == second.run
    assert abs((second.start - first.start).total_seconds() - first.seconds) < 0.001
    assert site.check_files() >= 4
    assert site.gaps() == [STOPPED]
    runs = site.recordings.runs("yard")
    assert [(run.codec, run.end_reason) for run in runs] == [("h264", "stopped")]
    log = site.log.read_text()
    assert "segment.closed" in log
    assert PASSWORD not in log
    assert "p%40ss" not in log


def test_a_new_camera_is_due_from_its_place_in_the_inventory(site: Site, camera: Camera) -> None:
    with site.recorder():
        until(lambda: "recorder.ready" in site.log.read_text())
        listed = datetime.now(UTC)
        site.expect(yard=camera.url)
        until(site.recording)
    first, *_ = site.recordings.gaps("yard", *ALWAYS)
    assert (first.reason, first.detail) == (GapReason.PLANNED, "first connection")
    assert (first.start - listed).total_seconds() < 0.5
    assert first.end == site.segments()[0].start
    site.check_ledger()


def test_a_wrong_password_is_tried_twice_and_then_left_alone(site: Site, camera: Camera) -> None:
    site.password = "wrong"
    site.expect(yard=camera.url)
    with site.recorder():
        until(lambda: "camera.password_wait" in site.log.read_text())
        until(lambda: site.status() == ("offline", "password_refused"))
        assert camera.refused == 2
    assert site.gaps() == [("password_refused", True), STOPPED]
    assert site.status() == ("offline", "recorder_restarted")
    assert camera.sent == []


def test_a_camera_that_vanishes_leaves_a_gap_that_closes_when_it_returns(
    site: Site, camera: Camera
) -> None:
    site.expect(yard=camera.url)
    with site.recorder():
        until(site.recording)
        until(lambda: camera.sent[-1] > 2 * FPS)
        camera.vanish()
        until(lambda: site.status() == ("offline", "camera_offline"), within=8)
        camera.come_back()
        until(site.recording)
        until(lambda: camera.sent[-1] > FPS)
    assert site.gaps() == [("camera_offline", True), STOPPED]
    site.check_files()
    site.check_ledger()


def test_a_camera_that_refuses_tcp_is_recorded_over_udp(site: Site) -> None:
    with Camera(password=PASSWORD, udp=True) as camera:
        site.expect(yard=camera.url)
        with site.recorder():
            until(site.recording)
            until(lambda: camera.sent[-1] > 2 * FPS)
    assert site.check_files() > 1
    assert site.recordings.transport("yard") == "udp"


def test_an_h265_camera_is_recorded_as_it_is(site: Site) -> None:
    with Camera(password=PASSWORD, codec="libx265") as camera:
        site.expect(yard=camera.url)
        with site.recorder():
            until(lambda: site.recording() and camera.sent[-1] > 3 * FPS)
    assert [run.codec for run in site.recordings.runs("yard")] == ["hevc"]
    assert site.check_files() > 2


def test_a_hole_across_a_boot_is_a_power_loss(site: Site, camera: Camera) -> None:
    site.expect(yard=camera.url)
    with site.recorder() as recorder:
        until(lambda: site.recording() and camera.sent[-1] > 2 * FPS)
        recorder.kill()
        recorder.wait()
    beat = site.recordings.last_beat()
    assert beat is not None
    site.recordings.beat(replace(beat, boot="another boot"))
    with site.recorder():
        until(lambda: site.recording() and len(camera.sent) == 2)
        until(lambda: camera.sent[-1] > FPS)
    assert site.gaps() == [("power_loss", True), STOPPED]
    site.check_ledger()


def test_only_the_camera_that_was_touched_is_restarted(site: Site, camera: Camera) -> None:
    with Camera(password=PASSWORD) as other:
        site.expect(yard=camera.url, gate=other.url)
        with site.recorder():
            until(lambda: site.recording("yard") and site.recording("gate"))
            site.expect(yard=camera.url)
            until(lambda: site.status("gate") == ("", ""))
            site.expect(yard=camera.url, gate=other.url)
            until(lambda: site.recording("gate"))
        assert site.gaps("gate") == [("planned", True), STOPPED]
        assert site.gaps("yard") == [STOPPED]
        assert (len(camera.sent), len(other.sent)) == (1, 2)
        site.check_ledger("gate")


def test_a_damaged_inventory_changes_nothing_and_is_told(site: Site, camera: Camera) -> None:
    site.expect(yard=camera.url)
    with site.recorder():
        until(site.recording)
        (site.state / "inventory.json").write_text("{")
        until(lambda: "inventory.damaged" in site.log.read_text())
        assert site.recording()
    assert site.log.read_text().count("inventory.damaged") == 1
    assert len(camera.sent) == 1


def test_a_missing_recordings_folder_is_never_made_and_recording_resumes(
    site: Site, camera: Camera
) -> None:
    site.root.rmdir()
    site.expect(yard=camera.url)
    with site.recorder():
        until(lambda: site.status() == ("online", "disk_missing"))
        assert not site.root.exists()
        site.root.mkdir()
        until(site.recording)
        until(lambda: camera.sent[-1] > FPS)
    assert site.gaps() == [("disk_missing", True), STOPPED]
    assert site.check_files() > 0.5


def _fill(path: Path) -> None:
    with path.open("wb") as file:
        while True:
            os.write(file.fileno(), bytes(4096))


def test_a_full_disk_is_told_and_recording_resumes_by_itself(site: Site, camera: Camera) -> None:
    # a real file system of 6 MB in a mount namespace of the recorder's own
    mount = 'mount -t tmpfs -o size=6m tmpfs "$0" && exec "$@"'
    unshare = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--map-root-user", "-m")
    site.expect(yard=camera.url)
    with site.recorder((*unshare, "sh", "-c", mount, str(site.root))) as recorder:
        inside = Path(f"/proc/{recorder.pid}/root{site.root}")
        until(site.recording)
        with pytest.raises(OSError, match="No space"):
            _fill(inside / "filler")
        until(lambda: site.status() == ("online", "disk_full"))
        (inside / "filler").unlink()
        until(lambda: len(site.segments()) == 2)
        played = [played_seconds(inside / segment.path) for segment in site.segments()]
    assert played == pytest.approx([segment.seconds for segment in site.segments()[:2]], abs=0.1)
    assert site.gaps() == [("disk_full", True), STOPPED]
    site.check_ledger()
    assert "recording.disk_full" in site.log.read_text()


def test_space_below_the_configured_minimum_stops_recording(site: Site, camera: Camera) -> None:
    site.expect(yard=camera.url)
    with site.recorder(min_free="9000TB"):
        until(lambda: site.status() == ("online", "disk_full"))
    assert list(site.root.rglob("*.mp4")) == []
    assert camera.sent == []


def test_a_killed_recorder_loses_less_than_a_second_and_a_half_and_says_so(
    site: Site, camera: Camera
) -> None:
    site.expect(yard=camera.url)
    with site.recorder() as recorder:
        until(site.recording)
        until(lambda: camera.sent[-1] > 3 * FPS + 20)
        recorder.kill()
        recorder.wait()
        sent = camera.sent[-1]
    with site.recorder():
        until(lambda: len(site.segments()) >= 1 and site.recording() and len(camera.sent) == 2)
        until(lambda: camera.sent[-1] > FPS)
    killed = site.recordings.runs("yard")[0]
    assert killed.end_reason == "interrupted"
    kept = sum(segment.seconds for segment in site.segments() if segment.run == killed.id)
    assert sent / FPS - kept <= 1.5
    assert site.gaps() == [("recorder_restarted", True), STOPPED]
    site.check_files()
    site.check_ledger()


def test_a_damaged_index_is_moved_aside_and_rebuilt_from_the_files(site: Site) -> None:
    path = segment_path("yard", datetime(2021, 7, 28, 7, 0, tzinfo=UTC))
    (site.root / path).parent.mkdir(parents=True)
    (site.root / path).write_bytes(fragmented(4))
    site.recordings.close()
    (site.state / "recordings.db").write_bytes(b"\xa5" * 8192)
    with site.recorder():
        until(lambda: "recorder.ready" in site.log.read_text())
    assert "index.moved_aside" in site.log.read_text()
    assert len(list(site.state.glob("recordings.db.damaged-*"))) == 1
    assert [segment.path for segment in site.segments()] == [path]
    assert site.check_files() == pytest.approx(4)
