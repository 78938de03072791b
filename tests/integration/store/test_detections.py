"""Kept detections: small, whole after a kill, swept."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection, Looked, Looks
from edge_agent.core.time import Instant
from edge_agent.store.detections import (
    SUFFIX,
    DetectionBook,
    bytes_kept,
    packed,
    read_detections,
    unpacked,
)

SIZE = Size(640, 360)
NOON = datetime(2021, 7, 28, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def looks(second: float, count: int = 5, camera: str = "gate", people: int = 2) -> Looks:
    """A second of frames from `second` past noon on."""
    return Looks(
        camera,
        SIZE,
        tuple(
            Looked(
                Instant(NOON + timedelta(seconds=second + n / 5), 100.0 + second + n / 5),
                tuple(
                    Detection(Box(10.125 + p, 20.0, 40.5 + p, 90.25), 0.8) for p in range(people)
                ),
            )
            for n in range(count)
        ),
    )


def kept(folder: Path) -> list[Looked]:
    return [frame for piece in read_detections(folder) for frame in piece.frames]


def test_what_is_kept_comes_back_to_an_eighth_of_a_pixel(tmp_path: Path) -> None:
    book = DetectionBook(tmp_path, WEEK, 10**9)
    for second in range(30):
        book.take(looks(second))
    assert len(kept(tmp_path)) > 100, "pieces are written as they fill"
    book.flush()
    frames = kept(tmp_path)
    assert len(frames) == 150
    assert [f.at for f in frames] == [f.at for s in range(30) for f in looks(s).frames]
    assert frames[0].detections[0].box == Box(10.125, 20.0, 40.5, 90.25)
    assert frames[0].detections[0].score == pytest.approx(0.8, abs=0.003)
    assert {piece.size for piece in read_detections(tmp_path)} == {SIZE}


def test_an_hour_is_a_file_and_a_camera_a_folder(tmp_path: Path) -> None:
    book = DetectionBook(tmp_path, WEEK, 10**9)
    for second, camera in [(0, "gate"), (3600, "gate"), (0, "yard")]:
        book.take(looks(second, camera=camera))
        book.flush()
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob(f"*{SUFFIX}"))
    assert names == ["gate/20210728T12.det", "gate/20210728T13.det", "yard/20210728T12.det"]
    assert set(bytes_kept(tmp_path)) == {"gate", "yard"}


def test_damage_costs_the_piece_that_it_hits() -> None:
    pieces = [packed(looks(second)) for second in (0, 10, 20)]
    torn = pieces[0] + pieces[1][:-7] + pieces[2]
    flipped = bytearray(b"".join(pieces))
    flipped[len(pieces[0]) + 30] ^= 0xFF
    for content in (torn, bytes(flipped), b"noise" + pieces[0] + b"EAD1" + pieces[2]):
        seconds = [piece.frames[0].at.mono for piece in unpacked(content, "gate")]
        assert seconds == [100.0, 120.0]
    assert list(unpacked(b"", "gate")) == []


def test_the_old_goes_and_then_what_is_too_much(tmp_path: Path) -> None:
    book = DetectionBook(tmp_path, timedelta(days=2), 10**9)
    for hour in range(0, 100, 10):
        book.take(looks(3600 * hour))
        book.flush()
    files = sorted(tmp_path.rglob(f"*{SUFFIX}"))
    now = NOON + timedelta(hours=91)
    assert book.sweep(None) == 0, "nothing for its age while the time is not known"
    assert book.sweep(now) == 5
    assert sorted(tmp_path.rglob(f"*{SUFFIX}")) == files[5:]
    budget = 2 * files[-1].stat().st_size
    assert DetectionBook(tmp_path, timedelta(days=2), budget).sweep(now) == 3
    assert DetectionBook(tmp_path, timedelta(days=2), 0).sweep(now) == 1
    assert sorted(tmp_path.rglob(f"*{SUFFIX}")) == files[-1:], "the newest hour stays"


WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from edge_agent.store.detections import DetectionBook
from tests.integration.store.test_detections import looks
book = DetectionBook(Path(sys.argv[1]), timedelta(days=7), 10**9)
for second in range(10**6):
    book.take(looks(second))
    if second == 100:
        print("going", flush=True)
"""


def test_killed_at_any_moment_it_can_be_read_and_gone_on_with(tmp_path: Path) -> None:
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "going\n"
        time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        before = len(kept(tmp_path))
        assert before >= 450
        book = DetectionBook(tmp_path, WEEK, 10**9)
        book.take(looks(50_000_000))
        book.flush()
        assert len(kept(tmp_path)) == before + 5


def test_a_busy_day_fits_its_budget(tmp_path: Path) -> None:
    """Four people all day at 5 frames a second: a week of it is less than a gigabyte."""
    book = DetectionBook(tmp_path, WEEK, 10**9)
    for second in range(600):
        book.take(looks(second, people=4))
    book.flush()
    assert bytes_kept(tmp_path)["gate"] / 600 * 86_400 * 7 < 1e9
