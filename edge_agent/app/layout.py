"""Where the parts of a site leave things for each other: the state folder's rooms by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_agent.config.schema import Config


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one site; `state` is `storage.state` of its configuration."""

    state: Path
    recordings: Path

    @classmethod
    def of(cls, config: Config) -> Layout:
        """The layout that this configuration asks for."""
        return cls(config.storage.state, config.storage.recordings)

    @property
    def run(self) -> Path:
        """Locks and sockets: worthless after a reboot."""
        return self.state / "run"

    @property
    def agent_lock(self) -> Path:
        """Held by the one agent of this state folder."""
        return self.run / "agent.lock"

    @property
    def recorder_lock(self) -> Path:
        """Held by the one recorder of this state folder."""
        return self.run / "recorder.lock"

    @property
    def key_frames(self) -> Path:
        """The socket on which the recorder hands out key frames."""
        return self.run / "keyframes.sock"

    @property
    def inventory(self) -> Path:
        """The cameras that discovery and onboarding found."""
        return self.state / "inventory.json"

    @property
    def recordings_index(self) -> Path:
        """The recorder's database."""
        return self.state / "recordings.db"

    @property
    def events(self) -> Path:
        """The agent's database: events and outbox."""
        return self.state / "events.db"

    @property
    def stills(self) -> Path:
        """Pictures of events."""
        return self.state / "stills"

    @property
    def detections(self) -> Path:
        """What the detector said, for `edge-agent replay`; may be removed at any time."""
        return self.state / "detections"

    @property
    def films(self) -> Path:
        """Joined films while they are looked at; may be removed at any time."""
        return self.state / "films"

    @property
    def floors(self) -> Path:
        """Who walked by, and the calibrations that this proposes."""
        return self.state / "floors"

    @property
    def identity(self) -> Path:
        """The key and certificate of this site, and whom it believes (mode 0700)."""
        return self.state / "identity"

    @property
    def web_token(self) -> Path:
        """What opens the pages of this box."""
        return self.state / "web.token"

    def make(self) -> None:
        """Create what is missing of the state, for our user and group only.

        The recordings folder is never made here: when its disk is not mounted, recording onto the
        system disk would be the greater harm.
        """
        for folder in (self.state, self.run, self.stills):
            folder.mkdir(parents=True, exist_ok=True, mode=0o770)
