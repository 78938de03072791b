"""Whatever ends a recorder, and whenever the wall clock is stepped: no second without its row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.core.time import Instant
from edge_agent.recording.beats import Pulse
from edge_agent.recording.index import IndexWriter
from edge_agent.recording.recorder import Recorder
from edge_agent.recording.repair import close_interrupted, explain_holes
from edge_agent.store.recordings import Recordings, Run
from tests.fakes.clock import FakeClock

START = datetime(2021, 7, 28, 7, 0, tzinfo=UTC)
ALWAYS = (START - timedelta(days=1), START + timedelta(days=1))
SECOND = timedelta(seconds=1)


@dataclass
class Life:
    """One camera's recorders, second by second, on a clock that is stepped: what the session would
    tell is told to the real ledger; `lived` is what really passed, by its labels.
    """

    recordings: Recordings
    chance: Random
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))
    lived: list[datetime] = field(default_factory=list)
    opened: Instant | None = None  # the run that is being written
    disk: list[Segment] = field(default_factory=list)
    silent: int = 0  # seconds that the camera has been silent in it
    ahead: float = 0.0
    stepped: float = 0.0

    def start(self) -> None:
        """A recorder begins: what it finds is as its predecessor left it."""
        close_interrupted(self.recordings)
        self.index, self.pulse = IndexWriter(self.recordings), Pulse("boot")
        desk: Any = SimpleNamespace(index=self.index, clock=self.clock)
        self.recorder = Recorder(desk, self.recordings, lambda _: None, "boot")
        self.ledger = self.recorder.opened_ledger("yard")
        self.recorder._ledgers["yard"] = self.ledger
        self.index.put(partial(Recordings.beat, beat=self.pulse.beat(self.clock.now())))
        explain_holes(self.recordings, ["yard"])

    def pass_second(self) -> None:
        """A second of the real time."""
        if self.opened is None or not self._stepped(self.clock.now()):
            # else: recorded by the old time, until the next key frame
            self.lived.append(self.clock.now().wall)
        now = self.clock.pass_time(1)
        if self.opened is not None and self.silent:
            self.silent += 1
            if self.silent > 5:
                self.close(now.plus(-self.silent))
                self.ledger.lost(GapReason.CAMERA_OFFLINE)
        elif self.opened is not None and self._stepped(now):
            self.close(self.opened.plus(now.since(self.opened)))
            self.open(now, GapReason.CLOCK_STEPPED)
        self.recorder.look_at_clock(now)
        beat = self.pulse.beat(now)
        if now.mono % 3 == 0 and not self.index.waiting:
            self.index.put(partial(Recordings.beat, beat=beat))
        if self.chance.random() < 0.6 or now.mono % 4 == 0:
            self.index.drain()

    def _stepped(self, now: Instant) -> bool:
        assert self.opened is not None
        label = self.opened.labelled(now.wall)
        return abs(label.mono - now.mono) > 2

    def open(self, now: Instant, reason: GapReason = GapReason.NETWORK) -> None:
        """The first picture of a run."""
        self.opened, self.silent = now, 0
        self.ledger.run_opened(f"yard_{now.mono}", now, "h264", reason)

    def close(self, end: Instant) -> None:
        """The run's file is complete."""
        assert self.opened is not None
        if end.mono > self.opened.mono:
            end = self.opened.plus(end.since(self.opened))
            self.disk.append(self._file(self.opened, end))
            self.ledger.segment_closed(self.disk[-1], end)
        self.ledger.run_closed(f"yard_{self.opened.mono}", end.wall, "stopped")
        self.opened, self.silent = None, 0

    def kill(self) -> None:
        """What the index has not written is gone; files are adopted, one up to its last second."""
        if self.opened is not None:
            known = self.clock.now().mono - self.opened.mono - self.silent - 1
            if known > 0:
                self.disk.append(self._file(self.opened, self.opened.plus(known)))
        self.recordings.add_segments(self.disk)
        self.opened, self.silent = None, 0
        for _ in range(self.chance.randrange(5)):
            self.pass_dead_second()
        self.start()

    def pass_dead_second(self) -> None:
        """A second without a recorder; the clock may be stepped in it too."""
        if self.chance.random() < 0.1:
            self.step()
        self.lived.append(self.clock.now().wall)
        self.clock.pass_time(1)

    def step(self) -> None:
        """The wall clock is an hour ahead or behind, or true again; not twice before anybody who
        could write it down has seen it.
        """
        if self.clock.now().mono - self.stepped < 15:
            return
        self.stepped = self.clock.now().mono
        ahead = self.chance.choice([-3600.0, 3600.0]) if not self.ahead else 0.0
        self.clock.step_wall(ahead - self.ahead)
        self.ahead = ahead

    def act(self) -> None:
        """Something happens."""
        kind = self.chance.random()
        if kind < 0.04:
            self.step()
        elif kind < 0.10:
            self.kill()
        elif kind < 0.30 and self.opened is None:
            self.open(self.clock.now())
        elif kind < 0.34 and self.opened is not None:
            self.silent = self.silent or 1
        elif kind < 0.38 and self.opened is None:
            self.ledger.lost(self.chance.choice([GapReason.NETWORK, GapReason.DISK_FULL]))

    def _file(self, start: Instant, end: Instant) -> Segment:
        return Segment("yard", "", f"yard/{start.mono}", start.wall, end.since(start), 1)

    def unexplained(self) -> list[str]:
        """Lived seconds that no row tells of, from the first row that the camera has."""
        rows: list[Segment | Gap] = [*self.recordings.segments("yard", *ALWAYS)]
        rows += self.recordings.gaps("yard", *ALWAYS)
        spans = [(one.start, one.end or ALWAYS[1]) for one in rows]
        first = next(n for n, label in enumerate(self.lived) if _inside(label, spans))
        return [str(one) for one in self.lived[first:] if not _inside(one, spans)]


def _inside(label: datetime, spans: list[tuple[datetime, datetime]]) -> bool:
    middle = label + SECOND / 2
    return any(start <= middle <= end for start, end in spans)


@pytest.fixture
def recordings(tmp_path: Path) -> Iterator[Recordings]:
    recordings = Recordings(tmp_path / "recordings.db")
    yield recordings
    recordings.close()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_every_second_has_its_row(recordings: Recordings, seed: int) -> None:
    life = Life(recordings, Random(seed))
    life.start()
    life.open(life.clock.now())
    life.index.drain()
    for _ in range(300):
        life.act()
        life.pass_second()
    life.kill()
    life.open(life.clock.pass_time(1))
    life.index.drain()
    explain_holes(recordings, ["yard"])
    assert life.unexplained() == []


def test_a_hole_whose_row_was_lost_with_the_recorder_is_written_when_it_is_found(
    recordings: Recordings,
) -> None:
    recordings.open_run(Run("yard_1", "yard", START))
    for begin in (0, 65):  # the gap between them was never written
        start = START + begin * SECOND
        recordings.add_segment(Segment("yard", "", f"yard/{begin}", start, 60.0, 1))
    assert explain_holes(recordings, ["yard"]) == 1
    (gap,) = recordings.gaps("yard", *ALWAYS)
    assert (gap.start, gap.end) == (START + 60 * SECOND, START + 65 * SECOND)
    assert gap.reason is GapReason.UNKNOWN
    assert "before it wrote" in gap.detail
    assert explain_holes(recordings, ["yard"]) == 0
