"""The index of 16 cameras × 35 days × 60 s: range queries, a retention pass, a rebuild from files.

    python -m tests.bench.recording_index [--cameras 16] [--days 35] [--quick] [--folder DIR]

The files are sparse: header, last fragment and index are real, the video between is a hole. Whole
days have their signed manifest, as the recorder writes it; the rebuild is measured with them and,
to compare, without any. Prints a table and, as the last line, one JSON object; exits 1 when a
figure misses its target.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from edge_agent.config.schema import Recording
from edge_agent.core.ledger import Hold
from edge_agent.core.time import iso
from edge_agent.recording.days import DayBook
from edge_agent.recording.evidence.device_key import PublicKey, device_key
from edge_agent.recording.evidence.manifest import Entry, Manifest, chained
from edge_agent.recording.evidence.signing import write_signed
from edge_agent.recording.keeper import Keeper
from edge_agent.recording.names import segment_path
from edge_agent.recording.repair import repair
from edge_agent.runtime import logs
from edge_agent.runtime.memory import settle
from edge_agent.store.holds import Holds
from edge_agent.store.recordings import Recordings
from tests.unit.recording.clips import fragmented

MINUTE = timedelta(minutes=1)
SIZE = 15_000_000  # bytes of a minute of 2 Mbit/s
QUERY_MS, PASS_S, REBUILD_S = 20.0, 1.0, 60.0


@dataclass(frozen=True)
class Span:
    """What is recorded: cameras, from `first` on, `minutes` files each."""

    cameras: tuple[str, ...]
    first: datetime
    minutes: int

    @property
    def last(self) -> datetime:
        return self.first + self.minutes * MINUTE

    @property
    def rows(self) -> int:
        return len(self.cameras) * self.minutes


def template() -> tuple[bytes, bytes, int]:
    """A real clip of a minute in two parts: up to its last `mdat`, and its index; between them
    belongs a hole of so many bytes.
    """
    clip = bytearray(fragmented(60))
    at = mdat = 0
    while at < len(clip):
        length, kind = struct.unpack_from("!I4s", clip, at)
        if kind == b"mdat":
            mdat = at
        at += length
        if kind == b"mfra":
            index = bytes(clip[at - length : at])
    (length,) = struct.unpack_from("!I", clip, mdat)
    hole = SIZE - len(clip)
    struct.pack_into("!I", clip, mdat, length + hole)
    return bytes(clip[: mdat + length]), index, hole


def write_files(root: Path, span: Span) -> float:
    """The files; seconds that took."""
    head, index, hole = template()
    # header and last fragment stay where they are; what lies between them is never read
    began = perf_counter()
    start = head[:4096]
    tail_at = head.rfind(b"moof") - 4
    for camera in span.cameras:
        for minute in range(span.minutes):
            path = root / segment_path(camera, span.first + minute * MINUTE)
            if minute == 0 or minute % 720 == 0 or not path.parent.is_dir():
                path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o640)
            os.write(handle, start)
            os.pwrite(handle, head[tail_at:], tail_at)
            os.pwrite(handle, index, len(head) + hole)
            os.close(handle)
    return perf_counter() - began


def write_manifests(root: Path, state: Path, span: Span) -> PublicKey:
    """The signed manifest of every whole day, as the recorder leaves it; the key that signed. The
    hashes are made up, for nobody reads the files' bytes here.
    """
    key = device_key(state)
    run = "{camera}_2021-06-01T00:00:00.000Z"
    for camera in span.cameras:
        for day in range(span.minutes // 1440):
            first = span.first + day * 1440 * MINUTE
            paths = [segment_path(camera, first + minute * MINUTE) for minute in range(1440)]
            made = [
                Entry(
                    *(path.rpartition("/")[2], iso(first + minute * MINUTE), 60.0, SIZE),
                    *(sha256(path.encode()).hexdigest(), "written", "", run.format(camera=camera)),
                )
                for minute, path in enumerate(paths)
            ]
            name = f"{first:%Y-%m-%d}"
            entries = chained(camera, name, made)
            told = Manifest(camera, name, key.public.fingerprint, "bench", entries)
            write_signed(root / camera / name, told.to_bytes(), key)
    return key.public


def timed(what: Callable[[], object]) -> float:
    began = perf_counter()
    what()
    return perf_counter() - began


def queries(recordings: Recordings, span: Span, count: int) -> dict[str, list[float]]:
    """Milliseconds of each query of each kind, at random places."""
    dice = random.Random(1)
    book = DayBook(recordings, UTC)
    took: dict[str, list[float]] = {}
    day = timedelta(days=1)

    def note(kind: str, what: Callable[[], object]) -> None:
        took.setdefault(kind, []).append(1000 * timed(what))

    for _ in range(count):
        camera = dice.choice(span.cameras)
        start = span.first + dice.random() * (span.last - span.first - timedelta(days=1))
        for name, length in (("1 min", MINUTE), ("1 h", 60 * MINUTE), ("24 h", 1440 * MINUTE)):
            note(
                f"segments of {name}",
                lambda c=camera, s=start, n=length: recordings.segments(c, s, s + n),
            )
        note("coverage of 24 h", lambda c=camera, s=start: recordings.coverage(c, s, s + day))
        note("gaps of 24 h", lambda c=camera, s=start: recordings.gaps(c, s, s + day))
        note("oldest, newest", lambda c=camera: (recordings.oldest(c), recordings.newest(c)))
        whole: date = (start + timedelta(hours=12)).date()
        now = span.last
        note("ledger of a day", lambda c=camera, d=whole, n=now: book.days(c, d, d, n))
    return took


def retention_pass(root: Path, recordings: Recordings, span: Span) -> tuple[float, int]:
    """The hourly pass as it is every hour: an hour of every camera is past the ceiling, 500
    episodes are held. Seconds, files deleted.
    """
    holds = Holds(recordings.rows)
    days = (span.last - span.first) / timedelta(days=1)
    for number in range(500):
        begin = span.first + timedelta(days=days * (number + 30) / 540)
        holds.put(
            Hold(
                *(f"h{number}", span.cameras[number % len(span.cameras)], begin),
                *(begin + MINUTE, "bench", "bench", span.last),
            )
        )
    ceiling = max(1, round(days))
    settings = Recording.model_validate(
        {"floor_days": 1, "floor_override": "bench", "ceiling_days": ceiling, "min_free": "0B"}
    )
    keeper = Keeper(root, recordings, settings, UTC)
    now = span.first + timedelta(days=ceiling) + 60 * MINUTE
    gone = 0

    def hourly() -> None:
        nonlocal gone
        keeper.plausible(now)
        keeper.forget(now)
        gone = keeper.delete_past_ceiling(now)
        keeper.look_ahead(now)
        keeper.make_room(now)

    return timed(hourly), gone


def files_alone(database: Path, root: Path) -> float:
    """Seconds of a rebuild without any manifest: every file is opened and read."""
    recordings = Recordings(database)
    try:
        return timed(lambda: repair(root, recordings, set))
    finally:
        recordings.close()


def measure(folder: Path, span: Span, count: int) -> dict[str, object]:
    """Everything, in the order in which it can be measured."""
    root = folder / "recordings"
    root.mkdir()
    written = write_files(root, span)
    os.sync()  # footage of weeks is on the disk; its writing must not be timed with what follows
    alone = files_alone(folder / "alone.db", root)
    state = folder / "state"
    state.mkdir()
    key = write_manifests(root, state, span)
    os.sync()
    recordings = Recordings(folder / "recordings.db")
    try:
        rebuilt = timed(lambda: repair(root, recordings, set, public=key))
        indexed = sum(total.segments for total in recordings.totals().values())
        again = timed(lambda: repair(root, recordings, set))
        took = queries(recordings, span, count)
        span_ms = 1000 * timed(lambda: recordings.segments(span.cameras[0], span.first, span.last))
        passed, deleted = retention_pass(root, recordings, span)
    finally:
        recordings.close()
    worst = {kind: max(some) for kind, some in took.items()}
    return {
        "rows": span.rows,
        "indexed": indexed,
        "files_written_s": round(written, 1),
        "rebuild_s": round(rebuilt, 2),
        "rebuild_without_manifests_s": round(alone, 2),
        "start_check_s": round(again, 2),
        "query_ms_p50": {kind: round(statistics.median(some), 2) for kind, some in took.items()},
        "query_ms_max": {kind: round(most, 2) for kind, most in worst.items()},
        "whole_camera_ms": round(span_ms, 1),
        "retention_pass_s": round(passed, 3),
        "deleted": deleted,
        "database_mb": round((folder / "recordings.db").stat().st_size / 1e6, 1),
        "ok": indexed == span.rows
        and max(worst.values()) <= QUERY_MS
        and passed <= PASS_S
        and deleted > 0
        and rebuilt <= REBUILD_S,
    }


def show(found: dict[str, object]) -> None:
    table = Table(title=f"recording_index: {found['rows']:,} rows")
    for heading in ("figure", "p50", "worst", "target"):
        table.add_column(heading)
    medians, worst = found["query_ms_p50"], found["query_ms_max"]
    assert isinstance(medians, dict)
    assert isinstance(worst, dict)
    for kind, median in medians.items():
        table.add_row(kind, f"{median} ms", f"{worst[kind]} ms", f"≤ {QUERY_MS:g} ms")
    table.add_row("all files of one camera", "", f"{found['whole_camera_ms']} ms", "shown")
    table.add_row("retention pass", "", f"{found['retention_pass_s']} s", f"≤ {PASS_S:g} s")
    table.add_row("rebuild from files", "", f"{found['rebuild_s']} s", f"≤ {REBUILD_S:g} s")
    alone = f"{found['rebuild_without_manifests_s']} s"
    table.add_row("the same without a manifest", "", alone, "shown")
    table.add_row("check at start, nothing lost", "", f"{found['start_check_s']} s", "shown")
    table.add_row("database", "", f"{found['database_mb']} MB", "shown")
    Console().print(table)


def main(arguments: list[str]) -> int:
    """Measure and print; 0 when every figure is within its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--days", type=float, default=35)
    parser.add_argument("--quick", action="store_true", help="4 cameras, 2 days: for CI")
    parser.add_argument("--folder", type=Path, default=None, help="where the files may lie")
    wanted = parser.parse_args(arguments)
    cameras, days = (2, 2.0) if wanted.quick else (wanted.cameras, wanted.days)
    logs.configure(level="error")
    settle()  # as the commands do at their start
    span = Span(
        tuple(f"camera-{number:02d}" for number in range(cameras)),
        datetime(2021, 6, 1, tzinfo=UTC),
        round(days * 1440),
    )
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
        found = measure(Path(folder), span, 20 if wanted.quick else 100)
        show(found)
        print(json.dumps(found), flush=True)  # removing the files takes minutes
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
