"""What a demo run left behind: counted from files, databases and the broker's subscriber."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from edge_agent.core.media import CameraStatus
from edge_agent.core.time import Instant
from edge_agent.demo.board import Board
from edge_agent.demo.verdict import Outcome
from edge_agent.recording.playback import played_seconds
from edge_agent.sim.site import VirtualSite
from edge_agent.store.inventory import read_inventory
from edge_agent.store.journal import Journal
from edge_agent.store.outbox import lanes_total
from edge_agent.store.recordings import Recordings

_ALL = 100_000


def gather(folder: Path, site: VirtualSite, board: Board, up: Instant) -> Outcome:
    """The figures of the run that has just ended."""
    state, recordings = folder / "state", folder / "recordings"
    journal = Journal(state / "events.db")
    index = Recordings(state / "recordings.db")
    totals = index.totals()
    due = _due(state / "inventory.json", index.statuses())
    played, unplayable = _play(recordings)
    events = journal.recent(_ALL)
    stills = [event.still for event in events if event.still]
    opened = board.opened()
    return Outcome(
        wanted=len(site.cameras),
        found=tuple(camera.id for camera in read_inventory(state / "inventory.json")),
        due=due,
        segments={camera: total.segments for camera, total in totals.items()},
        recorded={camera: total.seconds for camera, total in totals.items()},
        played=played,
        unplayable=unplayable,
        analysed={camera: row.analysed for camera, row in board.cameras.items()},
        events=frozenset(event.id for event in events),
        arrived=frozenset(board.arrivals),
        kinds=Counter(arrival.rule for arrival in opened),
        stills=len(stills),
        missing_stills=tuple(s for s in stills if not (state / "stills" / s).is_file()),
        waiting=lanes_total(journal.outbox.backlog().values()).count,
        heartbeats=board.heartbeats,
        last_state=board.site_state,
        expected=site.expected(max(due.values(), default=0.0)),
        first_event=opened[0].at.since(up) if opened else None,
    )


def _due(inventory: Path, ended: Iterable[CameraStatus]) -> dict[str, float]:
    """Seconds that each camera should have recorded: from its place in the inventory until the
    recorder was told to stop, which is when its last status begins.
    """
    known = datetime.fromtimestamp(inventory.stat().st_mtime, UTC) if inventory.exists() else None
    return {one.camera: (one.since - known).total_seconds() for one in ended if known}


def _play(recordings: Path) -> tuple[dict[str, float], tuple[str, ...]]:
    """Seconds that really decode, per camera, and the files that do not."""
    played: dict[str, float] = {}
    broken = []
    for path in sorted(recordings.rglob("*.mp4")):
        try:
            camera = path.relative_to(recordings).parts[0]
            played[camera] = played.get(camera, 0.0) + played_seconds(path)
        except ValueError:
            broken.append(path.name)
    return played, tuple(broken)
