"""A site for the recorder to work in: folders, inventory, a recorder process, and its answers."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.core import media
from edge_agent.recording.camera_ledger import FIRST_CONNECTION
from edge_agent.recording.playback import played_seconds
from edge_agent.store.inventory import write_inventory
from edge_agent.store.recordings import Recordings

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def until(what: Callable[[], bool], within: float = 20.0) -> None:
    """Wait for a condition; the deadline is the failure."""
    deadline = time.monotonic() + within
    while not what():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


class Site:
    """State and recordings folder below `folder`; the recorder runs as a child."""

    def __init__(self, folder: Path, password: str = "") -> None:
        self.folder, self.password = folder, password
        self.state, self.root = folder / "state", folder / "recordings"
        self.state.mkdir()
        self.root.mkdir()
        self.recordings = Recordings(self.state / "recordings.db")
        self.log = folder / "log"

    def expect(self, **urls: str) -> None:
        """Write the inventory: camera ids and the URLs of their main streams."""
        cameras = [
            media.Camera(
                name, name, "yard", "127.0.0.1", media.Identity(), media.Stream(urls[name])
            )
            for name in urls
        ]
        write_inventory(self.state / "inventory.json", cameras)

    @contextmanager
    def recorder(
        self, prefix: tuple[str, ...] = (), **settings: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A recorder process for the body; ended with TERM and its status checked, if it lives."""
        config = {
            "site": {"id": "test"},
            "storage": {"state": str(self.state), "recordings": str(self.root)},
            "recording": {"segment": "5s", "sync": "1s", "min_free": "0B", **settings},
        }
        module = [sys.executable, "-m", "tests.integration.recording.process"]
        with self.log.open("ab") as log:
            command = [*prefix, *module, json.dumps(config), self.password]
            child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield child
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                assert child.wait(15) == 0, self.log.read_text()
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()

    def status(self, camera: str = "yard") -> tuple[str, str]:
        """State and reason of a camera."""
        found = {one.camera: one for one in self.recordings.statuses()}
        return (found[camera].state.value, found[camera].reason) if camera in found else ("", "")

    def recording(self, camera: str = "yard") -> bool:
        """Whether the camera is being recorded now."""
        return self.status(camera)[0] == "recording"

    def gaps(self, camera: str = "yard") -> list[tuple[str, bool]]:
        """Reason of each gap and whether it is closed, oldest first; without that between a new
        camera's place in the inventory and its first picture.
        """
        known = self.recordings.gaps(camera, *ALWAYS)
        found = [gap for gap in known if gap.detail != FIRST_CONNECTION]
        return [(gap.reason.value, gap.end is not None) for gap in found]

    def segments(self, camera: str = "yard") -> tuple[media.Segment, ...]:
        """The indexed files of a camera, oldest first."""
        return self.recordings.segments(camera, *ALWAYS)

    def check_files(self) -> float:
        """Every file is indexed, every row has its file, everything decodes, and the index tells
        its length. Returns the seconds.
        """
        on_disk = {str(one.relative_to(self.root)) for one in self.root.rglob("*.mp4")}
        assert on_disk == self.recordings.paths()
        total = 0.0
        for name in self.recordings.totals():
            for segment in self.segments(name):
                seconds = played_seconds(self.root / segment.path)
                assert abs(seconds - segment.seconds) < 0.1, segment
                assert (self.root / segment.path).stat().st_size == segment.size
                total += seconds
        return total

    def check_ledger(self, camera: str = "yard") -> None:
        """From the first recorded moment to the last, every second is recorded or explained."""
        spans = [(s.start, s.start + timedelta(seconds=s.seconds)) for s in self.segments(camera)]
        spans += [(g.start, g.end) for g in self.recordings.gaps(camera, *ALWAYS) if g.end]
        reached = min(spans)[0]
        for start, end in sorted(spans):
            assert start - reached <= timedelta(seconds=0.1), (reached, start)
            reached = max(reached, end)
