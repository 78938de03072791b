"""The cache of clips: each encoded once, however many cameras and processes ask for it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, flock
from pathlib import Path
from threading import Event

from edge_agent.core.trouble import Trouble
from edge_agent.sim.clip import Clip, ClipForm, Picture, Progress, encode, load_clip

KEPT = 32  # clips in a cache (about 18 MB each); the longest unused make room for a new one


def make_clip(
    cache: Path,
    key: str,
    form: ClipForm,
    pictures: Callable[[], Iterator[Picture]],
    progress: Progress,
    stop: Event,
) -> Clip:
    """The clip of this key: from the cache, or encoded now (temporary folder, then renamed).

    Raises Trouble when the cache cannot be written, Cancelled when `stop` was set.
    """
    folder = cache / key
    clip = load_clip(folder)
    if clip is not None:
        with suppress(OSError):  # a cache of somebody else's that may only be read
            (folder / "clip.json").touch()
        progress(form.frames, form.frames)
        return clip
    try:
        with _alone(cache, key):
            if load_clip(folder) is None:
                _encode_into(cache, folder, form, pictures, progress, stop)
    except OSError as error:
        raise _not_writable(cache, error) from error
    clip = load_clip(folder)
    if clip is None:
        raise Trouble(
            "sim.clip_damaged",
            f"Đoạn phim vừa mã hóa trong {folder} bị hỏng: hãy chạy lại.",
            f"The clip just encoded in {folder} is damaged: run it again.",
        )
    progress(form.frames, form.frames)
    return clip


@contextmanager
def _alone(cache: Path, key: str) -> Iterator[None]:
    """One maker per clip at a time, of all threads and processes.

    The empty lock file stays: removing it would let two makers hold "the" lock.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f".{key}.lock").open("wb") as lock:
        flock(lock, LOCK_EX)
        yield


def _encode_into(
    cache: Path,
    folder: Path,
    form: ClipForm,
    pictures: Callable[[], Iterator[Picture]],
    progress: Progress,
    stop: Event,
) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name[:8]}-", dir=cache))
    try:
        encode(scratch, pictures(), form, progress, stop)
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
        _make_room(cache)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _make_room(cache: Path) -> None:
    """Remove the longest unused clips; a site that serves one keeps its mapped bytes."""
    used = {path.parent: path.stat().st_mtime for path in cache.glob("[!.]*/clip.json")}
    for folder in sorted(used, key=used.__getitem__)[:-KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


def _not_writable(cache: Path, error: OSError) -> Trouble:
    return Trouble(
        "sim.cache_not_writable",
        f"Không ghi được đoạn phim mô phỏng vào {cache}: {error.strerror}. Hãy giải phóng chỗ "
        "trống hoặc chọn thư mục khác.",
        f"Cannot write the virtual cameras' clips to {cache}: {error.strerror}. Free some "
        "space or choose another folder.",
    )
