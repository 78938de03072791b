"""A real recorder on a real small disk that runs full: the choice, and what is told of it."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.core.ledger import Deletion, Why
from edge_agent.core.media import Segment
from edge_agent.recording.names import segment_path
from edge_agent.recording.volume import MARKER
from edge_agent.store.ledger import Ledger
from tests.integration.recording.camera import Camera
from tests.integration.recording.site import ALWAYS, Site, until

MEGABYTE = 2**20
UNSHARE = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--map-root-user", "-m")
TMPFS = 'mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@"'


@pytest.fixture
def camera() -> Iterator[Camera]:
    with Camera() as camera:
        yield camera


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.recordings.close()


def small_disk(site: Site) -> tuple[str, ...]:
    return (*UNSHARE, "sh", "-c", TMPFS, str(site.root))


def inside(site: Site, recorder: subprocess.Popen[bytes]) -> Path:
    return Path(f"/proc/{recorder.pid}/root{site.root}")


def two_days_ago(site: Site, root: Path, files: int) -> list[str]:
    """Footage inside the floor, a megabyte and a minute each."""
    paths = []
    for minute in range(files):
        start = datetime.now(UTC) - timedelta(days=2) + timedelta(minutes=minute)
        path = segment_path("yard", start)
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(bytes(MEGABYTE))
        site.recordings.add_segment(Segment("yard", "run", path, start, 60.0, MEGABYTE))
        paths.append(path)
    return paths


def fill(path: Path) -> None:
    with path.open("wb") as filler:
        while True:
            os.write(filler.fileno(), bytes(4096))


def deletions(site: Site) -> tuple[Deletion, ...]:
    return Ledger(site.recordings.rows).deletions("yard", *ALWAYS)


def told(site: Site) -> set[str]:
    return {one.type for one in Ledger(site.recordings.rows).untold()}


def test_delete_oldest_goes_on_recording_and_says_what_it_cost(site: Site, camera: Camera) -> None:
    site.expect(yard=camera.url)
    with site.recorder(small_disk(site), when_full="delete_oldest") as recorder:
        until(site.recording)
        root = inside(site, recorder)
        assert (root / MARKER).exists()
        old = two_days_ago(site, root, 14)
        with (root / "filler").open("wb") as filler:
            filler.write(bytes(7 * MEGABYTE))
        until(lambda: bool(deletions(site)))
        until(lambda: not (root / old[0]).exists())
        until(site.recording)
    assert {one.why for one in deletions(site)} == {Why.DISK_FULL}
    kept = site.recordings.paths()
    assert old[0] not in kept
    assert old[-1] in kept
    assert "vn.qcam.retention.deleted_early.v1" in told(site)
    assert "footage.deleted" in site.log.read_text()


def test_stop_recording_keeps_the_old_and_says_that_it_stopped(site: Site, camera: Camera) -> None:
    site.expect(yard=camera.url)
    with site.recorder(small_disk(site), when_full="stop_recording") as recorder:
        until(site.recording)
        root = inside(site, recorder)
        old = two_days_ago(site, root, 14)
        with pytest.raises(OSError, match="No space"):
            fill(root / "filler")
        until(lambda: site.status() == ("online", "disk_full"))
        until(lambda: "vn.qcam.disk.full.v1" in told(site))
        assert deletions(site) == ()
        (root / "filler").unlink()
        until(site.recording)
    assert set(old) <= site.recordings.paths()
    assert ("disk_full", True) in site.gaps()


def test_a_disk_that_is_not_there_is_not_replaced_by_its_mount_point(
    site: Site, camera: Camera
) -> None:
    site.expect(yard=camera.url)
    with site.recorder():
        until(site.recording)
    away = site.root.rename(site.root.with_name("away"))
    site.root.mkdir()
    with site.recorder():
        until(lambda: site.status() == ("online", "disk_missing"))
        until(lambda: "vn.qcam.disk.missing.v1" in told(site))
        assert list(site.root.iterdir()) == []
        site.root.rmdir()
        away.rename(site.root)
        until(site.recording)
        until(lambda: "vn.qcam.disk.ok.v1" in told(site))
    assert ("disk_missing", True) in site.gaps()
