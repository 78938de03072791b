"""What a power cut leaves is repaired and explained; a disk that fails is told in words."""

import errno
import os
from pathlib import Path

import pytest

from edge_agent.recording.disk import Disk
from edge_agent.recording.files import SegmentFile
from tests.bench import recording_powercut
from tests.fakes.disk import BrokenDisk, RememberingDisk


def test_after_a_cut_every_file_plays_and_the_ledger_is_true(tmp_path: Path) -> None:
    figures = recording_powercut.run(20, 3, 30, tmp_path)
    assert recording_powercut.passed(figures), figures
    assert figures["lost_p50_s"] > 0  # the images are not simply whole


@pytest.mark.parametrize("disk", [Disk(), RememberingDisk(), BrokenDisk()])
def test_every_disk_keeps_what_it_was_given(tmp_path: Path, disk: Disk) -> None:
    folder = tmp_path / "yard"
    disk.make_folder(folder)
    disk.make_folder(folder)
    handle = disk.create(folder / "a")
    with pytest.raises(FileExistsError):
        disk.create(folder / "a")
    assert disk.write(handle, memoryview(b"whole")) == 5
    disk.sync(handle)
    disk.sync_folder(folder)
    disk.close(handle)
    assert (folder / "a").read_bytes() == b"whole"


def test_the_file_is_synced_before_the_folders_that_name_it(tmp_path: Path) -> None:
    disk = RememberingDisk()
    folder = tmp_path / "yard" / "2021-07-28"
    folder.mkdir(parents=True)
    file = SegmentFile(folder / "a.mp4", disk)
    file.write(b"x")
    file.sync()
    file.write(b"y")
    file.close()
    told = [(step.kind, step.path.name) for step in disk.steps]
    assert told == [
        ("create", "a.mp4"),
        ("write", "a.mp4"),
        ("sync", "a.mp4"),
        ("sync_folder", "2021-07-28"),
        ("sync_folder", "yard"),
        ("sync_folder", tmp_path.name),
        ("write", "a.mp4"),
        ("sync", "a.mp4"),
    ]


class FullDevice(Disk):
    """Every file is /dev/full: the kernel itself says that no space is left."""

    def create(self, path: Path) -> int:
        return os.open("/dev/full", os.O_WRONLY | os.O_CLOEXEC)


def test_a_disk_without_space_is_told_by_its_own_error_and_nothing_is_raised_into_the_muxer(
    tmp_path: Path,
) -> None:
    file = SegmentFile(tmp_path / "a.mp4", FullDevice())
    assert file.write(b"lost") == 4
    with pytest.raises(OSError, match="No space left"):
        file.check()
    file.close()


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS])
def test_an_error_of_a_sync_is_kept_for_the_thread_that_writes(tmp_path: Path, number: int) -> None:
    disk = BrokenDisk()
    file = SegmentFile(tmp_path / "a.mp4", disk)
    disk.sync_error = OSError(number, os.strerror(number))
    file.sync()
    with pytest.raises(OSError, match=os.strerror(number)):
        file.check()
    file.close()
