"""A disk that remembers every step, so that a test can build what a power cut would leave of it."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from edge_agent.recording.disk import Disk


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the disk was asked: `folder`, `create`, `write`, `sync`, `sync_folder`."""

    kind: str
    path: Path
    data: bytes = b""


class RememberingDisk(Disk):
    """The real disk below, and a log of its steps in their order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._paths: dict[int, Path] = {}

    def create(self, path: Path) -> int:
        handle = super().create(path)
        self._paths[handle] = path
        self.steps.append(Step("create", path))
        return handle

    def write(self, handle: int, data: memoryview) -> int:
        written = super().write(handle, data)
        self.steps.append(Step("write", self._paths[handle], bytes(data[:written])))
        return written

    def sync(self, handle: int) -> None:
        super().sync(handle)
        self.steps.append(Step("sync", self._paths[handle]))

    def close(self, handle: int) -> None:
        super().close(handle)
        del self._paths[handle]

    def make_folder(self, folder: Path) -> None:
        known = folder.exists()
        super().make_folder(folder)
        if not known:
            self.steps.append(Step("folder", folder))

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self.steps.append(Step("sync_folder", folder))


class BrokenDisk(Disk):
    """A disk whose files fail: `write_error` and `sync_error` are raised once they are set."""

    def __init__(self) -> None:
        self.write_error: OSError | None = None
        self.sync_error: OSError | None = None

    def write(self, handle: int, data: memoryview) -> int:
        if self.write_error is not None:
            raise self.write_error
        return super().write(handle, data)

    def sync(self, handle: int) -> None:
        if self.sync_error is not None:
            raise self.sync_error
        super().sync(handle)


def after_power_cut(steps: list[Step], root: Path, image: Path, chance: Random) -> None:
    """Build under `image` what a cut behind these steps may leave of `root`.

    What was synced is there. Bytes that were not are cut off, come in part, as zeroes, as garbage,
    or in blocks of all these; entries of folders that were not synced are there or not.
    """
    data: dict[Path, bytearray] = {}
    synced: dict[Path, int] = {}
    fresh: set[Path] = set()  # entries that their folder has not been synced with
    folders: list[Path] = []
    for step in steps:
        if step.kind == "folder":
            folders.append(step.path)
            fresh.add(step.path)
        elif step.kind == "create":
            data[step.path], synced[step.path] = bytearray(), 0
            fresh.add(step.path)
        elif step.kind == "write":
            data[step.path] += step.data
        elif step.kind == "sync":
            synced[step.path] = len(data[step.path])
        else:
            fresh -= {path for path in fresh if path.parent == step.path}
    gone = {path for path in sorted(fresh) if chance.random() < 0.5}
    image.mkdir(parents=True)
    for path in [*folders, *data]:
        if gone.isdisjoint([path, *path.parents]):
            place = image / path.relative_to(root)
            if path in data:
                place.write_bytes(_torn(bytes(data[path]), synced[path], chance))
            else:
                place.mkdir()


def _torn(data: bytes, synced: int, chance: Random) -> bytes:
    kept, rest = data[:synced], data[synced:]
    size = chance.randint(0, len(rest))
    kind = chance.choice(["cut", "part", "zeroes", "garbage", "blocks"])
    if kind == "cut" or not rest:
        return kept
    if kind == "part":
        return kept + rest[:size]
    if kind == "zeroes":
        return kept + bytes(size)
    if kind == "garbage":
        return kept + chance.randbytes(size)
    blocks = [rest[at : at + 4096] for at in range(0, len(rest), 4096)]
    forms = (lambda b: b, lambda b: bytes(len(b)), lambda b: chance.randbytes(len(b)))
    return kept + b"".join(chance.choice(forms)(block) for block in blocks)
