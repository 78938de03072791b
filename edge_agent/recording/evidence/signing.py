"""A day's manifest and its signature on disk: read, judged, replaced as one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from edge_agent.recording.evidence.device_key import DeviceKey, PublicKey
from edge_agent.recording.evidence.manifest import NAME, PIECES, SIGNATURE, Manifest
from edge_agent.recording.evidence.paper import put_file

_NEXT = f".{SIGNATURE}.next"
_LONGEST = 64 * 2**20  # bytes of a manifest that is read at all: a day has some 700 kB


@dataclass(frozen=True, slots=True)
class Signed:
    """A manifest as it lies on disk; `manifest` is None when its bytes are none."""

    data: bytes
    signature: bytes
    manifest: Manifest | None

    def by(self, public: PublicKey) -> bool:
        """Whether this device signed these bytes."""
        return public.signed(self.data, self.signature)


def write_signed(folder: Path, data: bytes, key: DeviceKey) -> None:
    """Put manifest and signature in place. Raises OSError.

    The new signature lies beside before the manifest is replaced, so that after a power cut
    between the two `read_signed` still finds the one that fits.
    """
    signature = key.sign(data)
    put_file(folder / _NEXT, signature)
    put_file(folder / NAME, data)
    (folder / _NEXT).replace(folder / SIGNATURE)


def read_signed(folder: Path, public: PublicKey | None) -> Signed | None:
    """What lies in a day's folder; None when there is no manifest. Raises OSError."""
    try:
        with (folder / NAME).open("rb") as file:
            data = file.read(_LONGEST)
    except FileNotFoundError:
        return None
    signature = _read(folder / SIGNATURE)
    following = _read(folder / _NEXT)
    if public and not public.signed(data, signature) and public.signed(data, following):
        signature = following
    manifest = None
    with suppress(ValueError):
        manifest = Manifest.from_bytes(data)
    return Signed(data, signature, manifest)


def set_aside(folder: Path, signed: Signed) -> str:
    """Keep a manifest that is not ours under another name; returns that name. Raises OSError."""
    name = f"manifest.foreign-{sha256(signed.data).hexdigest()[:12]}.json"
    (folder / NAME).replace(folder / name)
    with suppress(FileNotFoundError):
        (folder / SIGNATURE).replace(folder / f"{name}.sig")
    return name


def remove_signed(folder: Path) -> None:
    """Nothing is left of this day: its manifest goes, and the folder when it is empty."""
    for name in (PIECES, SIGNATURE, _NEXT, NAME):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):  # somebody else's files stay, and so does their folder
        folder.rmdir()


def lines_of(folder: Path) -> Mapping[str, bytes]:
    """The lines of pieces of a day by their SHA-256; empty when they are gone."""
    try:
        lines = (folder / PIECES).read_bytes().splitlines()
    except OSError:
        return {}
    return {sha256(line).hexdigest(): line for line in lines}


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1024)
    except OSError:
        return b""
