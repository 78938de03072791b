"""Footage with its proof: files, index, key and manifests of one camera, made without a camera."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.core.media import Segment
from edge_agent.recording.evidence.hashing import hash_file
from edge_agent.recording.evidence.keeper import ManifestKeeper, Place
from edge_agent.recording.names import segment_path
from edge_agent.store.evidence import Evidence, Finding
from edge_agent.store.recordings import Recordings
from tests.fakes.clock import FakeClock
from tests.unit.recording.clips import clip

START = datetime(2021, 7, 28, 7, 0, tzinfo=UTC)
DAY = "2021-07-28"


class Vault:
    """A site's recordings below `folder`; `close` it at the end."""

    def __init__(self, folder: Path) -> None:
        self.root, self.state = folder / "recordings", folder / "state"
        self.root.mkdir(parents=True)
        self.state.mkdir()
        self.recordings = Recordings(self.state / "recordings.db")
        self.evidence = Evidence(self.state / "recordings.db")
        self.clock = FakeClock(START + timedelta(hours=1))
        self.found: list[Finding] = []
        self.keeper = self.new_keeper()

    def new_keeper(self) -> ManifestKeeper:
        place = Place(self.root, self.state, "test")
        return ManifestKeeper(place, self.evidence, self.recordings, self.clock, self.found.append)

    def close(self) -> None:
        self.evidence.close()
        self.recordings.close()

    def put(
        self, at: float = 0, seconds: int = 4, camera: str = "yard", *, hashed: bool = True
    ) -> Segment:
        """A file that was recorded `at` seconds after START, indexed."""
        start = START + timedelta(seconds=at)
        path = segment_path(camera, start)
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(clip("mp4", seconds))
        digest = hash_file(self.root / path)
        sha256 = digest.sha256 if hashed else ""
        segment = Segment(camera, f"{camera}_1", path, start, float(seconds), digest.size, sha256)
        self.recordings.add_segment(segment)
        if hashed:
            self.keeper.sealed(path, digest)
        return segment

    def minute(self, camera: str = "yard") -> list[Segment]:
        """Three files of four seconds that follow each other, signed."""
        made = [self.put(at, camera=camera) for at in (0, 4, 8)]
        self.keeper.sign_due()
        return made

    def day(self, camera: str = "yard") -> Path:
        """The folder of the day."""
        return self.root / camera / DAY
