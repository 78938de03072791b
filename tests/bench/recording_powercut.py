"""The power is cut at hundreds of instants: what is left is repaired, and the loss is told.

    python -m tests.bench.recording_powercut --instants 500 --seed 1

Two cameras are recorded on a clock that is simulated, with everything that the disk is asked kept
in a log. For each instant the image is built that a cut would leave (only what was synced is sure;
the rest is cut off, zeroed or garbage; the database as its write-ahead log stood), the recorder's
repair is run on it, every file is decoded and the ledger is read. Prints a table and, as last line,
JSON; exits 1 when a file is unreadable, the ledger has a hole, or more is lost than
sync interval + 1 GOP.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import Random

import av
from av.packet import Packet
from rich.console import Console
from rich.table import Table

from edge_agent.config.schema import Recording
from edge_agent.core.media import GapReason
from edge_agent.recording.camera_ledger import CameraLedger
from edge_agent.recording.camera_thread import Desk
from edge_agent.recording.files import Syncer
from edge_agent.recording.gaps import TOLERANCE, GapBook
from edge_agent.recording.index import IndexWriter
from edge_agent.recording.keyframes import KeyFrameServer
from edge_agent.recording.playback import played_seconds
from edge_agent.recording.recorder import Recorder
from edge_agent.recording.repair import close_interrupted, repair
from edge_agent.recording.segments import Shelf
from edge_agent.recording.session import Session
from edge_agent.recording.source import LiveStream
from edge_agent.recording.volume import Volume
from edge_agent.store.presence import Beat
from edge_agent.store.recordings import Recordings
from tests.fakes.clock import FakeClock
from tests.fakes.disk import RememberingDisk, after_power_cut
from tests.unit.recording.clips import clip

FPS, GOP, SYNC, SEGMENT = 25, 1.0, 2.0, 8.0
START = datetime(2021, 7, 28, 7, 0, tzinfo=UTC)
CAMERAS = ("gate", "yard")
ALWAYS = (START - timedelta(days=1), START + timedelta(days=1))
_WAL_FRAME = 24 + 4096
BOUND = SYNC + GOP + 2 / FPS


@dataclass(frozen=True, slots=True)
class Rows:
    """The database's files when its last transaction was committed, `steps` of the disk before."""

    steps: int
    database: bytes
    wal: bytes


@dataclass
class Story:
    """A recording in simulated time, and every step that a cut may fall behind."""

    folder: Path
    seconds: int
    disk: RememberingDisk = field(default_factory=RememberingDisk)
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))
    rows: list[Rows] = field(default_factory=list)
    fed: list[tuple[int, float]] = field(default_factory=list)  # steps so far, media seconds

    def __post_init__(self) -> None:
        self.root, self.state = self.folder / "recordings", self.folder / "state"
        self.root.mkdir(parents=True)
        self.state.mkdir()

    def record(self) -> Story:
        """Record all cameras side by side."""
        recordings = Recordings(self.state / "recordings.db")
        index, syncer = IndexWriter(recordings), Syncer(SYNC)
        shelf = Shelf(self.root, syncer, disk=self.disk)
        index.put(partial(Recordings.beat, beat=Beat(self.clock.now(), "before")))
        self._commit(index)
        feeds = [self._feed(name, shelf, index) for name in CAMERAS]
        for number in range(self.seconds * FPS):
            for feed in feeds:
                next(feed)
            self.clock.pass_time(1 / FPS)
            self.fed.append((len(self.disk.steps), (number + 1) / FPS))
            if number % int(SYNC * FPS) == int(SYNC * FPS) - 1:
                syncer.sync_all()
            if number % (3 * FPS) == 0:
                row = partial(Recordings.beat, beat=Beat(self.clock.now(), "before"))
                index.put(row)
            if index.waiting:
                self._commit(index)
        recordings.close()
        return self

    def _feed(self, name: str, shelf: Shelf, index: IndexWriter) -> Iterator[None]:
        data = clip("mpegts", self.seconds, codec="libx264")
        with av.open(BytesIO(data)) as container:
            stream = LiveStream(container, container.streams.video[0])
            told = CameraLedger(GapBook(name), index, self.clock)
            session = Session(name, stream, shelf, SEGMENT, told)
            packets: Iterator[Packet] = stream.packets()
            for packet in packets:
                session.take(packet, self.clock.now())
                yield

    def _commit(self, index: IndexWriter) -> None:
        index.drain()
        database = self.state / "recordings.db"
        wal = database.with_name("recordings.db-wal")
        self.rows.append(Rows(len(self.disk.steps), database.read_bytes(), wal.read_bytes()))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a cut cost: seconds by camera, files that do not play, seconds without explanation."""

    lost: tuple[float, ...]
    unreadable: int
    unexplained: float
    untrue: int  # gaps with another reason, rows that tell another length than the file


class Judge:
    """Builds images, repairs them, and reads what is there then."""

    def __init__(self, story: Story, folder: Path) -> None:
        self._story, self._folder = story, folder
        self._played: dict[bytes, float] = {}

    def cut(self, steps: int, chance: Random) -> Outcome:
        """The power goes behind so many steps of the disk."""
        image = self._folder / "image"
        shutil.rmtree(image, ignore_errors=True)
        (image / "state").mkdir(parents=True)
        taken = self._story.disk.steps[:steps]
        after_power_cut(taken, self._story.root, image / "recordings", chance)
        self._database(steps, image / "state", chance)
        recordings = Recordings(image / "state" / "recordings.db")
        try:
            return self._judged(image / "recordings", recordings, self._fed(steps))
        finally:
            recordings.close()

    def _fed(self, steps: int) -> float:
        return max((seconds for at, seconds in self._story.fed if at <= steps), default=0.0)

    def _database(self, steps: int, state: Path, chance: Random) -> None:
        """What was committed is there (synchronous=FULL); of the next transaction any part."""
        done = max(i for i, rows in enumerate(self._story.rows) if rows.steps <= steps or i == 0)
        rows = self._story.rows[done]
        wal = rows.wal
        if done + 1 < len(self._story.rows):
            following = self._story.rows[done + 1]
            if following.database == rows.database and following.wal.startswith(wal):
                more = following.wal[len(wal) :]
                # less than one frame of the log: what was never committed cannot be whole
                wal += more[: chance.randrange(min(len(more), _WAL_FRAME))] if more else b""
        (state / "recordings.db").write_bytes(rows.database)
        (state / "recordings.db-wal").write_bytes(wal)

    def _judged(self, root: Path, recordings: Recordings, fed: float) -> Outcome:
        repair(root, recordings, set, 2 * SYNC + 2)
        close_interrupted(recordings)
        clock = FakeClock(START + timedelta(seconds=fed + 30))
        index = IndexWriter(recordings)
        key_frames = KeyFrameServer(root / "keyframes.sock")
        volume = Volume(root, root.parent / "state", clock)
        shelf = Shelf(root, Syncer(SYNC))
        desk = Desk(Recording(), shelf, index, key_frames, clock, volume)
        recorder = Recorder(desk, recordings, lambda _name: None, "after")
        for name in CAMERAS:
            again = clock.now()
            recorder.opened_ledger(name).run_opened(f"{name}_2", again, "h264", GapReason.UNKNOWN)
        index.drain()
        played, unreadable, untrue = self._decode(root, recordings)
        spans = [self._unexplained(recordings, name, clock.now().wall) for name in CAMERAS]
        lost = tuple(max(0.0, fed - played.get(name, 0.0)) for name in CAMERAS)
        return Outcome(
            lost, unreadable, sum(one[0] for one in spans), untrue + sum(one[1] for one in spans)
        )

    def _decode(self, root: Path, recordings: Recordings) -> tuple[dict[str, float], int, int]:
        played: dict[str, float] = {}
        unreadable = untrue = 0
        for path in sorted(root.rglob("*.mp4")):
            segment = recordings.segment(path.relative_to(root).as_posix())
            key = sha256(path.read_bytes()).digest()
            try:
                if key not in self._played:
                    self._played[key] = played_seconds(path)
            except ValueError:
                unreadable += 1
                continue
            camera = path.parent.parent.name
            played[camera] = played.get(camera, 0.0) + self._played[key]
            untrue += segment is None or abs(segment.seconds - self._played[key]) > 0.1
        return played, unreadable, untrue

    def _unexplained(self, recordings: Recordings, name: str, now: datetime) -> tuple[float, int]:
        """Seconds from the camera's first moment to now that no file and no gap tells of."""
        gaps = recordings.gaps(name, *ALWAYS)
        untrue = sum(gap.end is None or gap.reason is not GapReason.POWER_LOSS for gap in gaps)
        spans = [(gap.start, gap.end or gap.start) for gap in gaps]
        spans += [
            (one.start, one.start + timedelta(seconds=one.seconds))
            for one in recordings.segments(name, *ALWAYS)
        ]
        if not spans:  # cut before the camera's very first row: nothing was promised yet
            return 0.0, untrue
        missing, reached = timedelta(), min(spans)[0]
        for start, end in [*sorted(spans), (now, now)]:
            if start - reached > TOLERANCE:
                missing += start - reached
            reached = max(reached, end)
        return missing.total_seconds(), untrue


def instants(story: Story, count: int, chance: Random) -> list[int]:
    """Behind which steps the power goes: half fall evenly on time, half on the busy moments."""
    last = len(story.disk.steps)
    early = [chance.choice(story.fed)[0] for _ in range(count // 2)]
    return early + [chance.randint(0, last) for _ in range(count - len(early))]


def run(count: int, seed: int, seconds: int, folder: Path) -> dict[str, float]:
    """All cuts; the figures by name."""
    chance = Random(seed)
    story = Story(folder / "story", seconds).record()
    judge = Judge(story, folder)
    outcomes = [judge.cut(steps, chance) for steps in instants(story, count, chance)]
    lost = sorted(second for outcome in outcomes for second in outcome.lost)
    return {
        "instants": count,
        "repaired": sum(not (one.unreadable or one.untrue) for one in outcomes),
        "lost_p50_s": round(lost[len(lost) // 2], 2),
        "lost_p95_s": round(lost[int(len(lost) * 0.95)], 2),
        "lost_max_s": round(lost[-1], 2),
        "bound_s": round(BOUND, 2),
        "unreadable": sum(one.unreadable for one in outcomes),
        "untrue": sum(one.untrue for one in outcomes),
        "unexplained_s": round(sum(one.unexplained for one in outcomes), 2),
    }


def passed(figures: dict[str, float]) -> bool:
    """Whether the promise held at every instant."""
    wrong = figures["unreadable"] or figures["untrue"] or figures["unexplained_s"]
    return not wrong and figures["lost_max_s"] <= figures["bound_s"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instants", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=40, help="of recording, simulated")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = run(given.instants, given.seed, given.seconds, Path(folder))
    table = Table("figure", "value", title="Power cuts: 2 cameras, 1 s GOP, sync every 2 s")
    for name, value in figures.items():
        table.add_row(name, f"{value:g}")
    Console().print(table)
    print(json.dumps({**figures, "seed": given.seed, "passed": passed(figures)}))
    return 0 if passed(figures) else 1


if __name__ == "__main__":
    from edge_agent.runtime import logs

    logs.configure("json", "error")
    sys.exit(main())
