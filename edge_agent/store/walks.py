"""Walks and proposals, kept in the state folder: what a camera's floor is learnt from, and what was
learnt. Files of JSON, one a camera; bounded, replaced whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from edge_agent.core.geometry import Size
from edge_agent.core.perception import Walk
from edge_agent.core.time import from_iso, iso
from edge_agent.store.durable import replace_file

MOST = 300  # walks of a camera; the oldest go first
_MODE = 0o660
Kept = tuple[datetime, Walk]


def read_walks(folder: Path, camera: str) -> tuple[Kept, ...]:
    """The walks of a camera, oldest first; none for a file that is not there or is damaged (they
    come again by themselves).
    """
    try:
        lines = (folder / f"{camera}.walks.jsonl").read_text(encoding="utf-8").splitlines()
        return tuple(_walk(camera, json.loads(line)) for line in lines)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def write_walks(folder: Path, camera: str, walks: Sequence[Kept]) -> None:
    """Keep the newest `MOST` of these walks, and no others. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o770)
    lines = [
        json.dumps(
            {
                "at": iso(at),
                "size": [walk.size.width, walk.size.height],
                "steps": [[round(value, 2) for value in step] for step in walk.steps],
            },
            separators=(",", ":"),
        )
        for at, walk in walks[-MOST:]
    ]
    replace_file(folder / f"{camera}.walks.jsonl", "".join(f"{x}\n" for x in lines).encode(), _MODE)


def read_proposal(folder: Path, camera: str) -> dict[str, Any] | None:
    """The proposal of a camera as it was written; None where there is none that can be read."""
    try:
        found = json.loads((folder / f"{camera}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_proposal(folder: Path, camera: str, proposal: Mapping[str, Any]) -> None:
    """Keep a proposal in the place of the one before. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o770)
    content = json.dumps(proposal, ensure_ascii=False, indent=1) + "\n"
    replace_file(folder / f"{camera}.json", content.encode(), _MODE)


def _walk(camera: str, said: Mapping[str, Any]) -> Kept:
    width, height = said["size"]
    steps = tuple((float(t), float(x), float(y1), float(y2)) for t, x, y1, y2 in said["steps"])
    return from_iso(said["at"]), Walk(camera, Size(int(width), int(height)), steps)
