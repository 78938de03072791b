"""Room in memory: when the box runs short, vision gives way, so that recording need not.

Recording is the duty and needs a tenth of what looking takes. Below one limit nothing is analysed
and what was kept for stills is let go; above another one it goes on by itself. If that comes too
late, the kernel was told whom to end first: vision starts again, and the recorder never ends.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.logs import log

SHORT = 120_000_000  # bytes free below which vision gives way: a recorder's whole need
ENOUGH = 240_000_000  # bytes free from which it looks again
REASON = "vision.memory_short"
_FIRST_TO_GO = 600  # oom_score_adj: before the agent (200), long before the recorder (-500)


def free_memory() -> int:
    """Bytes that a process could still get, caches that can go included."""
    return int(psutil.virtual_memory().available)


class Room:
    """Whether there is room to look, asked every now and then; `free` reads the bytes."""

    def __init__(self, free: Callable[[], int] = free_memory) -> None:
        self._free = free
        self.short = False

    def look(self) -> bool:
        """Read anew; whether that changed the answer. A change is logged in words."""
        free = self._free()
        short = free < (ENOUGH if self.short else SHORT)
        changed, self.short = short != self.short, short
        if changed and short:
            trouble = _trouble(free)
            log.warning("memory.short", code=trouble.code, vi=trouble.vi, en=trouble.en)
        elif changed:
            log.info("memory.enough", free_mb=free // 1_000_000)
        return changed


def go_first(process: Path = Path("/proc/self")) -> None:
    """Tell the kernel to end this process before the others of the house when memory runs out."""
    try:
        (process / "oom_score_adj").write_text(str(_FIRST_TO_GO), encoding="ascii")
    except OSError as error:  # a container that forbids it: the units' own scores stay
        log.info("memory.no_score", error=error.strerror)


def _trouble(free: int) -> Trouble:
    megabytes = free // 1_000_000
    return Trouble(
        REASON,
        f"Máy chỉ còn {megabytes} MB bộ nhớ: tạm ngừng nhận diện, ghi hình vẫn chạy. Tắt chương "
        "trình khác hoặc thêm bộ nhớ; nhận diện tự chạy lại khi đủ chỗ.",
        f"Only {megabytes} MB of memory are left: looking pauses, recording goes on. Stop other "
        "programs or add memory; looking goes on by itself when there is room.",
    )
