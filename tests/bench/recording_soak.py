"""Eight cameras, a recorder, and trouble without end, from a seed: is every second accounted for?

    sudo python -m tests.bench.recording_soak --minutes 30 --seed 1 [--only KIND ...]

In a mount namespace of its own (a small tmpfs is the recordings disk) the recorder is killed, the
disk fills, turns read-only and vanishes, the wall clock steps by an hour, and cameras freeze, drop,
change their picture size, refuse the password, send wrong time stamps, garbage, a trickle, or no
key frames. Prints due, recorded and lost seconds by reason (of the time that really passed, by the
labels that the wall clock gave it) and, as last line, JSON; exits 1 when a second is unexplained
or a file does not play.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import av
import av.error
from rich.console import Console
from rich.table import Table

from edge_agent.core import media
from edge_agent.core.geometry import Size
from edge_agent.recording.playback import played_seconds
from edge_agent.runtime import logs
from edge_agent.store.inventory import write_inventory
from edge_agent.store.recordings import Recordings
from tests.bench.recording_site import Street, encode, street
from tests.bench.stepped_clock import step

CAMERAS, FPS = 8, 10
STEP = timedelta(seconds=2.5)
JOINT = timedelta(seconds=0.2)  # files follow each other within two pictures
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
INSIDE = "--inside-its-own-mounts"
HOUR = 3600.0


@dataclass
class House:
    """The disk, the recorder and the clock that the trouble falls upon."""

    folder: Path
    street: Street
    megabytes: int
    shift: float = 0.0
    kills: int = 0
    spoiled: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    child: subprocess.Popen[bytes] | None = None
    lived: list[tuple[datetime, datetime]] = field(default_factory=list)
    _began: datetime | None = None

    def __post_init__(self) -> None:
        self.keep, self.disk = self.folder / "keep", self.folder / "disk"
        self.state, self.root = self.folder / "state", self.folder / "disk" / "recordings"
        for folder in (self.keep, self.disk, self.state):
            folder.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={self.megabytes}m", "tmpfs", str(self.keep))
        (self.keep / "recordings").mkdir()
        _mount("--bind", str(self.keep), str(self.disk))
        self.clock = self.folder / "clock"
        self.set_clock(0.0)
        cameras = [
            media.Camera(
                one.name, one.name, "yard", "127.0.0.1", media.Identity(), media.Stream(one.url)
            )
            for one in self.street.cameras.values()
        ]
        write_inventory(self.state / "inventory.json", cameras)

    def set_clock(self, shift: float) -> None:
        """The recorder's wall clock is so many seconds ahead of the truth."""
        self.live_on()
        self.shift = shift
        # a run tells the old time until the next key frame
        self._began = self.wall() + STEP
        step(self.clock, shift)

    def live_on(self) -> None:
        """Note the time that has really passed under this setting of the clock."""
        if self._began is not None and self._began < self.wall():
            self.lived.append((self._began, self.wall()))

    def wall(self) -> datetime:
        """What the recorder's wall clock says."""
        return datetime.now(UTC) + timedelta(seconds=self.shift)

    def start(self) -> None:
        """Start the recorder."""
        config = {
            "site": {"id": "soak"},
            "storage": {"state": str(self.state), "recordings": str(self.root)},
            "recording": {"segment": "10s", "min_free": "0B", "when_full": "stop_recording"},
        }
        command = [sys.executable, "-m", "tests.bench.recording_child", json.dumps(config)]
        with (self.folder / "log").open("ab") as log:
            self.child = subprocess.Popen([*command, str(self.clock)], stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill -9."""
        assert self.child is not None
        self.child.kill()
        self.child.wait()
        self.kills += 1

    def stop(self) -> int:
        """End the recorder in order; its exit status."""
        assert self.child is not None
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(30)


class Trouble:
    """What goes wrong, one thing at a time, over the minutes."""

    KINDS = (
        "freeze", "drop", "resize", "refuse", "wrong_time", "spoil",
        "disk_full", "disk_read_only", "disk_gone", "clock_steps",
    )  # fmt: skip

    def __init__(self, house: House, chance: Random, only: Sequence[str] = KINDS) -> None:
        self._house, self._chance = house, chance
        self.done: Counter[str] = Counter()
        self._kinds: list[Callable[[], None]] = [getattr(self, name) for name in only]

    def go_on(self, seconds: float) -> None:
        """Trouble until the time is over; a kill between them, 50 and more in half an hour."""
        until, turn = time.monotonic() + seconds, 0
        order: list[Callable[[], None]] = []
        while time.monotonic() < until:
            order = order or self._chance.sample(self._kinds, len(self._kinds))
            kind = order.pop()
            kind()
            self.done[kind.__name__] += 1
            self._wait(3, 8)
            turn += 1
            if turn % 3 == 0:
                self._house.kill()
                self._wait(0, 2)
                self._house.start()
                self._wait(4, 10)

    def _wait(self, least: float, most: float) -> None:
        time.sleep(self._chance.uniform(least, most))

    def _victim(self) -> str:
        return self._chance.choice(sorted(self._house.street.cameras))

    def _fault(self, seconds: tuple[float, float], **switches: object) -> None:
        faults = self._house.street.cameras[self._victim()].faults
        faults.set(**switches)
        self._wait(*seconds)
        faults.set(**dict.fromkeys(switches, False))

    def freeze(self) -> None:
        self._fault((1.5, 4), freeze=True)
        self._fault((6, 8), freeze=True)

    def drop(self) -> None:
        name = self._victim()
        self._house.street.down(name)
        self._wait(1, 6)
        self._house.street.up(name)

    def resize(self) -> None:
        faults = self._house.street.cameras[self._victim()].faults
        faults.set(freeze=True)
        faults.set(other_size=not faults.now.other_size)
        time.sleep(0.3)
        faults.set(freeze=False)

    def refuse(self) -> None:
        name = self._victim()
        self._house.street.cameras[name].faults.set(wrong_password=True)
        self._house.street.down(name)
        self._house.street.up(name)
        self._wait(3, 6)
        self._house.street.cameras[name].faults.set(wrong_password=False)

    def wrong_time(self) -> None:
        faults = self._house.street.cameras[self._victim()].faults
        faults.set(pts_offset=float(self._chance.choice([-100, -5, 2, 4000])))

    def spoil(self) -> None:
        name, began = self._victim(), self._house.wall()
        fault = self._chance.choice(["garbage", "no_key_frames", "trickle"])
        faults = self._house.street.cameras[name].faults
        faults.set(**{fault: True})
        self._wait(4, 8)
        faults.set(**{fault: False})
        around = timedelta(seconds=15)
        self._house.spoiled.append((name, began - around, self._house.wall() + around))

    def disk_full(self) -> None:
        filler = self._house.keep / "filler"
        with suppress(OSError), filler.open("wb") as file:
            while True:
                os.write(file.fileno(), bytes(65536))
        self._wait(4, 8)
        filler.unlink()

    def disk_read_only(self) -> None:
        # a file system with files open for writing cannot be remounted
        self._house.kill()
        _mount("-o", "remount,bind,ro", str(self._house.disk))
        self._house.start()
        self._wait(4, 8)
        _mount("-o", "remount,bind,rw", str(self._house.disk))

    def disk_gone(self) -> None:
        subprocess.run(["umount", "-l", str(self._house.disk)], check=True)
        self._wait(4, 8)
        _mount("--bind", str(self._house.keep), str(self._house.disk))

    def clock_steps(self) -> None:
        self._house.set_clock(self._chance.choice([-HOUR, HOUR]) if not self._house.shift else 0.0)


@dataclass
class Account:
    """Seconds of all cameras, by label of the wall clock."""

    due: float = 0.0
    recorded: float = 0.0
    lost: Counter[str] = field(default_factory=Counter)
    unexplained: float = 0.0
    files: int = 0
    unreadable: list[str] = field(default_factory=list)


def account(house: House, recordings: Recordings) -> Account:
    """Read the ledger and every file."""
    found = Account()
    for name in sorted(house.street.cameras):
        _tally(found, recordings, name, house)
    for path in sorted(house.root.rglob("*.mp4")):
        found.files += 1
        try:
            _play(path, house, recordings)
        except (ValueError, av.error.FFmpegError) as error:
            found.unreadable.append(f"{path.name}: {error}")
    return found


def _tally(found: Account, recordings: Recordings, name: str, house: House) -> None:
    spans = [
        (one.start, one.start + timedelta(seconds=one.seconds), "")
        for one in recordings.segments(name, *ALWAYS)
    ]
    gaps = recordings.gaps(name, *ALWAYS)
    spans += [(one.start, one.end or one.start, one.reason.value) for one in gaps]
    # due from the first word of the camera; hours that a stepped clock left out were never lived
    first = recordings.runs(name)[0].opened
    lived = [(max(a, first) if n == 0 else a, b) for n, (a, b) in enumerate(house.lived)]
    edges = sorted({moment for span in [*spans, *lived] for moment in span[:2]})
    for start, end in pairwise(edges):
        if not any(a <= start and end <= b for a, b in lived):
            continue
        seconds = (end - start).total_seconds()
        # of gaps over each other, as a stepped clock makes them, the shortest knows best
        over = sorted((b - a, why) for a, b, why in spans if a <= start and end <= b)
        says = [why for _, why in over]
        found.due += seconds
        if "" in says:
            found.recorded += seconds
        elif says:
            found.lost[says[0]] += seconds
        elif end - start > JOINT:
            found.unexplained += seconds
            Console(stderr=True).print(f"unexplained: {name} {start} .. {end}")
        else:
            found.recorded += seconds


def _play(path: Path, house: House, recordings: Recordings) -> None:
    """Raises ValueError or FFmpegError when a file does not play."""
    segment = recordings.segment(path.relative_to(house.root).as_posix())
    if segment is None:
        raise ValueError("no row tells of it")
    end = segment.start + timedelta(seconds=segment.seconds)
    if any(n == segment.camera and a < end and segment.start < b for n, a, b in house.spoiled):
        # the camera itself sent pictures that nobody can decode: they are kept as they came
        with av.open(str(path)) as container:
            if not sum(1 for packet in container.demux(video=0) if packet.size):
                raise ValueError("no packets")
        return
    played_seconds(path)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def soak(minutes: float, seed: int, only: Sequence[str], folder: Path) -> dict[str, object]:
    """Run it all; the figures by name."""
    main = encode(folder / "main.h264", Size(160, 96), FPS, 6, 60)
    sub = encode(folder / "sub.h264", Size(96, 64), FPS, 6, 40)
    with street(CAMERAS, main, sub) as cameras:
        house = House(folder, cameras, 32 + round(8 * minutes))
        house.start()
        trouble = Trouble(house, Random(seed), only)
        time.sleep(4)
        trouble.go_on(minutes * 60 - 20)
        time.sleep(6)
        status = house.stop()
        house.start()  # what a disk that was away held is adopted now
        time.sleep(6)
        house.live_on()
        status = house.stop() or status
        recordings = Recordings(house.state / "recordings.db")
        found = account(house, recordings)
        recordings.close()
    log = (folder / "log").read_text(errors="replace")
    return {
        "minutes": minutes, "seed": seed, "kills": house.kills,
        "troubles": sum(trouble.done.values()),
        "due_s": round(found.due, 1), "recorded_s": round(found.recorded, 1),
        "lost_s": {why: round(seconds, 1) for why, seconds in sorted(found.lost.items())},
        "unexplained_s": round(found.unexplained, 2), "files": found.files,
        "unreadable": len(found.unreadable), "unreadable_files": found.unreadable[:5],
        "faults_of_our_own": log.count("attempt.failed"), "exit_status": status,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=Trouble.KINDS,
        default=Trouble.KINDS,
        help="these kinds of trouble; one may stand several times and comes so often",
    )
    parser.add_argument("--keep", type=Path, help="copy log and database here afterwards")
    parser.add_argument(INSIDE, action="store_true", dest="inside")
    given = parser.parse_args()
    if not given.inside:
        apart = ["--mount"] if os.geteuid() == 0 else ["--map-root-user", "--mount"]
        module = [sys.executable, "-m", "tests.bench.recording_soak", INSIDE, *sys.argv[1:]]
        return subprocess.run(["unshare", *apart, *module], check=False).returncode
    logs.configure("json", "error")
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        figures = soak(given.minutes, given.seed, given.only, folder)
        if given.keep:
            shutil.copytree(folder / "state", given.keep, dirs_exist_ok=True)
            shutil.copy(folder / "log", given.keep)
    finally:
        for place in ("disk", "keep"):
            subprocess.run(["umount", "-l", str(folder / place)], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
    table = Table("figure", "value", title=f"{CAMERAS} cameras under trouble")
    for name, value in figures.items():
        table.add_row(name, str(value))
    Console().print(table)
    good = not figures["unexplained_s"] and not figures["unreadable"]
    good = good and not figures["faults_of_our_own"] and not figures["exit_status"]
    print(json.dumps({**figures, "passed": bool(good)}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
