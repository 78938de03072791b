"""The inventory file: the cameras that this site has, from the agent to recorder and vision."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from edge_agent.core.media import Camera
from edge_agent.core.trouble import Trouble
from edge_agent.store.durable import replace_file

_MODE = 0o660
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")  # becomes a folder and a topic level


def write_inventory(path: Path, cameras: Sequence[Camera]) -> bool:
    """Replace the inventory at once (temporary file, fsync, rename, fsync of the folder).

    Cameras are ordered by id. The same content is not written again: readers watch the file's
    modification time. Returns whether it was written; raises OSError.
    """
    ordered = sorted(cameras, key=lambda camera: camera.id)
    document = {"version": 1, "cameras": [camera.to_dict() for camera in ordered]}
    content = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    if path.exists() and path.read_bytes() == content:
        return False
    replace_file(path, content, _MODE)
    return True


def read_inventory(path: Path) -> tuple[Camera, ...]:
    """The cameras of this site, ordered by id; none when nobody has written the file yet.

    Raises Trouble `inventory.damaged` when the file is not what `write_inventory` wrote.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _damaged(path, error.strerror or type(error).__name__) from error
    try:
        cameras = tuple(Camera.from_dict(entry) for entry in json.loads(content)["cameras"])
        wrong = [camera.id for camera in cameras if not _ID.fullmatch(camera.id)]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if wrong:
        raise _damaged(path, f"camera id {wrong[0]!r}")
    return cameras


def _damaged(path: Path, detail: str) -> Trouble:
    return Trouble(
        "inventory.damaged",
        f"Không đọc được danh sách camera {path.name} ({detail}). Chạy lại tác tử để dò camera; "
        "camera đang ghi vẫn tiếp tục ghi.",
        f"The camera inventory {path.name} cannot be read ({detail}). Start the agent again so "
        "that it discovers the cameras; those that are being recorded go on.",
    )
