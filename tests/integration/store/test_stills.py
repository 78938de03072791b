"""Pictures are whole or not there."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from edge_agent.store.stills import save_still

WHEN = datetime(2021, 7, 28, 23, 59, tzinfo=UTC)


def test_a_still_lies_under_its_utc_day(tmp_path: Path) -> None:
    assert save_still(tmp_path, "e1.opened", WHEN, b"\xff\xd8x") == "2021-07-28/e1.opened.jpg"
    assert (tmp_path / "2021-07-28/e1.opened.jpg").read_bytes() == b"\xff\xd8x"
    hanoi = WHEN.astimezone(timezone(timedelta(hours=7)))
    assert save_still(tmp_path, "e2", hanoi, b"y") == "2021-07-28/e2.jpg"


def test_the_same_id_again_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        path = save_still(tmp_path, "e1", WHEN, content)
    assert (tmp_path / path).read_bytes() == b"second"
    assert [found.name for found in (tmp_path / "2021-07-28").iterdir()] == ["e1.jpg"]


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "nul\0"])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        save_still(tmp_path, name, WHEN, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_does_not_take_it_leaves_no_half_picture() -> None:
    full = Path("/dev/full")
    with pytest.raises(OSError, match=r".+"):
        save_still(full, "e1", WHEN, b"x")


def test_threads_saving_on_a_new_day_do_not_meet(tmp_path: Path) -> None:
    names = [f"e{number}" for number in range(16)]
    threads = [
        threading.Thread(target=save_still, args=(tmp_path, name, WHEN, name.encode()))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    saved = {path.stem: path.read_bytes() for path in tmp_path.rglob("*.jpg")}
    assert saved == {name: name.encode() for name in names}
