"""Memory of a process that lives for months: what it used once goes back to the system."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path

_MAPPINGS = Path("/proc/self/maps")
_DONTNEED = 4  # MADV_DONTNEED
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # malloc.h
_HEAPS = 1  # of two, each keeps holes that the other could use: 16 MB with sixteen cameras
_SPARE = 4_000_000  # bytes that a heap may keep for what comes next


def settle(large: int = 128 * 1024) -> None:
    """At a program's start, after its imports.

    No collection looks again at what the imports left: it lives as long as the process. All threads
    take from one heap, and blocks from `large` bytes are the system's and go back to it
    (mallopt(3)), which costs time for each: it should be more than what is taken all the time.
    Left to itself, glibc takes ever larger blocks from a heap a thread, where one key frame holds
    what a hundred before it used. No effect on the heaps of another C library.
    """
    gc.freeze()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, _HEAPS)
        mallopt(_MMAP_THRESHOLD, large)
        mallopt(_TRIM_THRESHOLD, _SPARE)


def give_back() -> None:
    """Now and then: whole pages that lie free between what is used go back to the system.

    glibc by itself gives back only what is free at a heap's end (malloc_trim(3)); what compiling a
    network or a burst of key frames left in the middle would stay for months. Takes a millisecond
    or two, in which nothing else is taken from a heap. No effect with another C library.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def let_go(file: Path) -> None:
    """A file that is mapped here for reading and was read: its pages leave this process, and come
    back from the file should anybody read them again (madvise(2)). No effect on other systems.
    """
    advise = getattr(ctypes.CDLL(None), "madvise", None)
    if advise is None or not _MAPPINGS.exists():
        return
    for line in _MAPPINGS.read_text().splitlines():
        span, rights, _offset, _device, _inode, *name = line.split(maxsplit=5)
        if name == [str(file.resolve())] and rights.startswith("r--"):
            first, end = (int(address, 16) for address in span.split("-"))
            advise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), _DONTNEED)
